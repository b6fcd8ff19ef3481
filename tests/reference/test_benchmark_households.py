"""The households and the yardstick of the benchmarks."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from benchmarks import peers
from benchmarks.households import SIZES, Size, batch, document, household
from benchmarks.optimal import main, percentile
from benchmarks.plain_lp import plain_programme, solve_plain
from realloc.checking import check
from realloc.household import Household
from realloc.testing.strategies import households
from tests.reference.evaluate import cents_matter
from tests.reference.exact_milp import exact_milp

COUNTS = {"S": (2, 6, 10), "M": (6, 30, 192), "L": (10, 120, 1470), "XL": (1, 500, 3000)}


@pytest.mark.parametrize("size", SIZES)
def test_drawn_household_is_sound_and_of_its_size(size: Size) -> None:
    drawn = household(size, 11)
    lots = [lot for account in drawn.accounts for lot in account.lots]
    assert (len(drawn.accounts), len(drawn.prices), len(lots)) == COUNTS[size]
    assert not [issue for issue in check(drawn) if issue.severity == "error"]


@pytest.mark.parametrize("size", ["M", "L", "XL"])
def test_drawn_lots_have_gains_and_losses_and_reinvested_fractions(size: Size) -> None:
    drawn = household(size, 11)
    lots = [lot for account in drawn.accounts for lot in account.lots]
    losses = sum(lot.cost_per_share > drawn.prices[lot.symbol] for lot in lots) / len(lots)
    fractions = sum(lot.shares != int(lot.shares) for lot in lots) / len(lots)
    assert 0.1 < losses < 0.4
    assert 0.08 < fractions < 0.18


def test_a_seed_names_one_household_and_its_variants_differ_in_policy_alone() -> None:
    assert document("M", 3) == document("M", 3)
    assert document("M", 3) != document("M", 4)
    base, cap = document("M", 3), document("M", 3, "cap")
    assert cap["policy"]["max_orders"] == 10
    assert {key: base[key] for key in base if key != "policy"} == {
        key: cap[key] for key in cap if key != "policy"
    }


def test_a_batch_is_sound_and_varied() -> None:
    drawn = [Household.from_dict(item) for item in batch(5, seed=2)]
    assert not [issue for item in drawn for issue in check(item) if issue.severity == "error"]
    assert len({len(item.prices) for item in drawn}) > 1


@settings(
    max_examples=60,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(households("tiny"))
def test_plain_relaxation_is_never_above_the_exact_optimum(drawn: Household) -> None:
    relaxed = solve_plain(plain_programme(drawn))
    if relaxed is None:
        assert any(account.cash + account.cash_flow < account.cash_reserve for account in drawn.accounts)
    else:
        assert relaxed.bound <= exact_milp(drawn).answer.objective + cents_matter(drawn)


def test_plain_integer_programme_finds_the_exact_optimum_of_a_small_household() -> None:
    drawn = household("S", 5)
    solved = solve_plain(plain_programme(drawn, whole=True), seconds=60.0)
    assert solved is not None
    gap = 1e-4 * abs(solved.objective) + float(cents_matter(drawn))  # HiGHS's default relative gap
    assert solved.objective == pytest.approx(float(exact_milp(drawn).answer.objective), abs=gap)


def test_percentile_is_the_least_value_that_enough_values_do_not_exceed() -> None:
    values = [float(n) for n in range(1, 101)]
    assert [percentile(values, part) for part in (0.5, 0.9, 0.99, 1.0)] == [50.0, 90.0, 99.0, 100.0]
    assert percentile([7.0], 0.99) == 7.0


def test_the_command_explains_its_columns(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])
    assert stopped.value.code == 0
    assert "ratio" in capsys.readouterr().out


def test_the_command_prints_a_row_for_each_size(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--size", "S", "--seeds", "3", "--repeats", "1", "--milp", "5"]) == 0
    header, row = capsys.readouterr().out.splitlines()
    assert header.split()[0] == "size"
    assert row.split()[:3] == ["S", "base", "1"]


def test_the_least_drift_of_the_peers_table_is_that_of_a_household_worked_out_by_hand() -> None:
    # 1,000 dollars in S, which may not be sold, and 1,000 in cash for T at 300 each: of 1,600 wanted in T 900 can
    # be had, so that S is 600 over its target of 400, T 700 under and cash 100 over: half of 1,400 in 2,000
    subject = Household.from_dict(
        {
            "as_of": "2026-06-30",
            "prices": {"S": 100, "T": {"price": 300, "spread_bps": 10}},
            "accounts": [{"account_number": "A", "cash": 1000, "positions": {"S": 10}, "no_sell": ["S"]}],
            "model": {"name": "m", "targets": {"S": 0.2, "T": 0.8}},
        }
    )
    assert peers.least_drift(subject) == pytest.approx(0.35, abs=1e-5)
    near = peers.near(subject, 0.36)
    assert near.drift == pytest.approx(0.35, abs=1e-3)
    assert (near.orders, near.broken) == (1, 0)


def test_the_peers_command_prints_what_the_default_rebalancer_breaks(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert peers.main(["--size", "M", "--seeds", "3"]) == 0
    rows = {line.split()[0]: line.split()[1:] for line in capsys.readouterr().out.splitlines()[2:6]}
    assert [rows[name][-1] for name in ("near", "policy")] == ["0", "0"]
    assert int(rows["default"][-1]) > 0
