from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from realloc.errors import InputError
from realloc.models import PortfolioModel
from realloc.plugins.importers.allocation.allocation_csv import AllocationCSVImporter
from realloc.testing.conformance import AllocationImporterConformance

HEADER = "Symbol,Target Weight\n"
SAMPLE = HEADER + "AAPL,0.6\nGOOG,40%\n"


class TestConformance(AllocationImporterConformance):
    plugin = AllocationCSVImporter
    entry_point = "allocation_csv"
    sample = SAMPLE.encode()
    expected = PortfolioModel("CSV Import", {"AAPL": 0.6, "GOOG": 0.4})

    def make(self) -> AllocationCSVImporter:
        return AllocationCSVImporter()


def model(folder: Path, text: str) -> PortfolioModel:
    (folder / "model.csv").write_text(text, encoding="utf-8")
    return AllocationCSVImporter().import_allocations(folder / "model.csv")


def faults(folder: Path, text: str) -> list[tuple[str, str]]:
    with pytest.raises(InputError) as caught:
        model(folder, text)
    place = str(folder / "model.csv")
    return [(issue.where.removeprefix(place), issue.message) for issue in caught.value.issues]


def test_the_model_has_the_weights_as_they_are_and_the_name_asked_for(tmp_path: Path) -> None:
    assert model(tmp_path, SAMPLE).targets == {"AAPL": 0.6, "GOOG": 0.4}
    assert model(tmp_path, SAMPLE).name == "CSV Import"
    named = AllocationCSVImporter().import_allocations(str(tmp_path / "model.csv"), model_name="Mine")
    assert named.name == "Mine"
    assert AllocationCSVImporter().supported_extensions == [".csv"]


def test_the_weights_come_as_a_dictionary_where_asked(tmp_path: Path) -> None:
    (tmp_path / "model.csv").write_text(SAMPLE)
    found = AllocationCSVImporter().import_allocations(tmp_path / "model.csv", return_dict=True)
    assert found == {"AAPL": 0.6, "GOOG": 0.4}


@pytest.mark.parametrize("weight", ["abc", "", "nan", "0,6", "1e99"])
def test_a_weight_that_is_no_number_is_named(tmp_path: Path, weight: str) -> None:
    found = faults(tmp_path, HEADER + f'AAPL,"{weight}"\n')
    assert [place for place, _ in found] == [":2:Target Weight"]
    assert found[0][1].startswith("Invalid weight for AAPL: ")


def test_a_negative_weight_is_named(tmp_path: Path) -> None:
    assert faults(tmp_path, HEADER + "AAPL,1.5\nGOOG,-0.5\n") == [
        (":3:Target Weight", "Negative weight not allowed for GOOG")
    ]


@pytest.mark.parametrize(
    ("first", "fits"), [("0.59", True), ("0.61", True), ("0.589", False), ("0.611", False)]
)
def test_the_weights_add_up_to_one_within_a_hundredth(tmp_path: Path, first: str, fits: bool) -> None:
    text = HEADER + f"AAPL,{first}\nGOOG,0.4\n"
    if fits:
        assert model(tmp_path, text).targets == {"AAPL": float(first), "GOOG": 0.4}
    else:
        found = faults(tmp_path, text)
        assert [place for place, _ in found] == [":Target Weight"]
        assert "must sum to 1 within 0.01" in found[0][1]


def test_percentages_without_their_sign_are_told_how_to_be_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"but sum to 100 .write percentages with their sign, 60%"):
        model(tmp_path, HEADER + "AAPL,60\nGOOG,40\n")


def test_a_symbol_that_is_there_twice_is_a_fault(tmp_path: Path) -> None:
    assert faults(tmp_path, HEADER + "AAPL,0.5\nAAPL,0.5\n") == [(":3:Symbol", "AAPL is there twice")]


def test_an_empty_symbol_and_a_table_without_rows_are_faults(tmp_path: Path) -> None:
    assert faults(tmp_path, HEADER + ",1\n") == [(":2:Symbol", "missing Symbol")]
    assert "but sum to 0" in faults(tmp_path, HEADER)[0][1]


def test_missing_columns_are_named(tmp_path: Path) -> None:
    assert faults(tmp_path, "Symbol\nAAPL\n") == [(":1", "Missing required columns: Target Weight")]


@given(cents=st.lists(st.integers(0, 400), min_size=1, max_size=8))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_hundredths_are_taken_exactly_where_they_add_up(tmp_path: Path, cents: list[int]) -> None:
    rows = "".join(f"S{n},{cent}%\n" for n, cent in enumerate(cents))
    if 99 <= sum(cents) <= 101:
        assert model(tmp_path, HEADER + rows).targets == {f"S{n}": cent / 100 for n, cent in enumerate(cents)}
    else:
        assert "must sum to 1" in faults(tmp_path, HEADER + rows)[0][1]


cells = st.sampled_from(["AAPL", "GOOG", "0.5", "1", "50%", "-1", "Total", "", '"', "CASH", "0,5"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.lists(cells, max_size=3), max_size=4), separator=st.sampled_from([",", ";", "\t"]))
def test_any_table_ends_in_a_model_or_in_an_input_error(
    tmp_path: Path, rows: list[list[str]], separator: str
) -> None:
    text = "\n".join(separator.join(row) for row in [["Symbol", "Target Weight"], *rows])
    try:
        read = model(tmp_path, text)
    except InputError:
        return
    TestConformance().check(read)
