"""The subcommands on real files: what each says, its exit status, and what it writes."""

from __future__ import annotations

import csv
import io
import json
import logging
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from realloc.cli import planning_commands, work
from realloc.cli.changes import changed, parse_change
from realloc.cli.main import main
from realloc.cli.places import portfolio_path
from realloc.documents import load_household, schema
from realloc.errors import ExportError, InputError
from realloc.household import Household
from realloc.policy import Policy

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    shutil.copy(ROOT / "examples" / "household.json", "h.json")
    yield
    log = logging.getLogger("realloc")
    log.setLevel(logging.NOTSET)
    log.handlers.clear()


def document(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    main([*words, "--format", "json"])
    return json.loads(capsys.readouterr().out)


# two dollars of S for each of T, wanted the other way round: 3 of 4 dollars off by a quarter
SMALL = {
    "as_of": "2026-11-20",
    "prices": {"S": 10.0, "T": 10.0},
    "accounts": [
        {
            "account_number": "1",
            "label": "IRA",
            "cash": 0,
            "positions": {"S": 75, "T": 25},
            "kind": "tax_exempt",
        }
    ],
    "model": {"name": "x", "targets": {"S": 0.5, "T": 0.5}},
}


def save(name: str, **changes: Any) -> str:
    Path(name).write_text(json.dumps(SMALL | changes))
    return name


def test_drift_states_classes_symbols_and_accounts(capsys: pytest.CaptureFixture[str]) -> None:
    # 75 and 25 of 100 dollars each way off by a quarter: drift is half of 0.25 + 0.25
    said = document(capsys, "drift", save("s.json"))
    assert (said["value"], said["drift"]) == (1000.0, 0.25)
    classes = {each["name"]: each for each in said["classes"]}
    assert (classes["S"]["off"], classes["S"]["value"], classes["S"]["outside"]) == (0.25, 750.0, True)
    assert (classes["CASH"]["off"], classes["CASH"]["outside"]) == (0.0, False)
    assert [(each["name"], each["weight"]) for each in said["symbols"]] == [("S", 0.75), ("T", 0.25)]
    assert said["accounts"][0]["value"] == 1000.0
    assert main(["drift", "s.json"]) == 0
    assert "Drift 25.0%: 2 of 3 outside their band." in capsys.readouterr().out


def test_a_household_inside_its_bands_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drift", save("s.json"), "--set", "model.targets.S=3", "--set", "model.targets.T=1"]) == 0
    assert "every class is inside its band" in capsys.readouterr().out


def test_every_field_of_the_policy_can_be_set() -> None:
    household = load_household("h.json")

    def leaves(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
        if isinstance(value, dict) and value:
            for key, inner in value.items():
                yield from leaves(inner, (*path, key))
        elif not isinstance(value, dict):
            yield ".".join(path), value

    stated = list(leaves(household.policy.to_dict(), ("policy",)))
    assert len(stated) > 10
    for key, value in stated:
        text = "none" if value is None else json.dumps(value)
        assert changed(household, [parse_change(f"{key}={text}", "--set")]).policy == household.policy, key
    empty = {"location", "location_preference", "location_from_returns", "after_tax_weights"}
    assert Policy().to_dict().keys() <= {key.split(".")[1] for key, _ in stated} | empty


def test_a_household_without_names_can_be_changed_too() -> None:
    """A label and a model's name may be absent; a change must not need them."""
    document: dict[str, Any] = json.loads(json.dumps(SMALL))
    del document["accounts"][0]["label"], document["model"]["name"]
    household = Household.from_dict(document)
    assert Household.from_dict(household.to_dict()) == household
    assert changed(household, [parse_change("max_orders=3", "--set")]).policy.max_orders == 3


def test_a_change_meets_only_what_is_said() -> None:
    """Rates that nobody stated do not stand in the way of a person that they are worked out from."""
    said = ["tax.filing_status=single", "tax.ordinary_income=100000", "tax.year=2026"]
    tax = changed(Household.from_dict(SMALL), [parse_change(each, "--set") for each in said]).policy.tax
    assert tax.filing is not None
    assert tax.filing.ordinary_income == 100_000
    whole = 'policy.tax={filing_status="single", ordinary_income=100000, year=2026}'
    assert changed(load_household("h.json"), [parse_change(whole, "--set")]).policy.tax.filing == tax.filing


@pytest.mark.parametrize(
    ("option", "key", "value"),
    [
        (["--max-orders", "1"], "max_orders", 1),
        (["--max-tax", "12.5"], "max_tax", 12.5),
        (["--max-drift", "0.2"], "max_drift", 0.2),
        (["--min-trade", "99"], "min_trade_value", 99.0),
        (["--set", "policy.max_orders=4"], "max_orders", 4),
        (["--set", "max_orders=4"], "max_orders", 4),
        (["--max-orders", "none"], "max_orders", None),
    ],
)
def test_an_option_is_a_key_of_the_policy(
    option: list[str], key: str, value: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned: list[Household] = []
    decide = work.decide

    def watch(household: Household, *words: Any, **more: Any) -> Any:
        planned.append(household)
        return decide(household, *words, **more)

    monkeypatch.setattr(planning_commands, "decide", watch)
    main(["rebalance", save("s.json"), *option])
    assert getattr(planned[0].policy, key) == value


def test_a_change_reaches_accounts_prices_and_dotted_symbols() -> None:
    household = changed(
        load_household("h.json"),
        [
            parse_change("accounts[joint brokerage].cash_flow=-10000", "--set"),
            parse_change('prices."BRK.B"=480', "--set"),
            parse_change("prices.VTI.spread_bps=2", "--set"),
            parse_change("policy.wash_sales.identical=[['VTI', 'ITOT']]", "--set"),
        ],
    )
    assert household.accounts[0].cash_flow == -10000
    assert household.prices["BRK.B"] == 480
    assert household.spreads_bps["VTI"] == 2
    assert household.policy.wash_sales.identical == (("VTI", "ITOT"),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x", "expected KEY=VALUE"),
        ("=1", "expected KEY=VALUE"),
        (
            "policy.tax.long_rate=0.1",
            "--set policy.tax.long_rate=0.1: unknown key 'long_rate' (did you mean 'long_term_rate'?)",
        ),
        ("max_ordres=1", "did you mean 'max_orders'?"),
        ("max_orders=many", "expected a number, found the text 'many'"),
        ("accounts[nobody].cash=1", "no account 'nobody'"),
        ("accounts.cash=1", "accounts[NUMBER].KEY"),
        ("policy.max_orders.x=1", "--set policy.max_orders.x=1"),
    ],
)
def test_a_change_that_cannot_be_made_is_said_with_its_option(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        changed(load_household("h.json"), [parse_change(text, "--set")])
    assert message in str(caught.value)


def test_the_page_of_a_plan_says_the_reasons_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rebalance", save("s.json")]) == 0
    assert "Order 1: " not in capsys.readouterr().out
    assert main(["rebalance", "s.json", "--why"]) == 0
    out = capsys.readouterr().out
    assert "Order 1: Trims S (75.0%, target 50.0%)" in out
    assert out.startswith("Worth trading: 2 orders in 1 account")


def test_nothing_to_do_is_said_and_is_status_1(capsys: pytest.CaptureFixture[str]) -> None:
    settled = [SMALL["accounts"][0] | {"positions": {"S": 50, "T": 50}}]  # type: ignore[index]  # a list
    assert main(["rebalance", save("s.json", accounts=settled)]) == 1
    assert capsys.readouterr().out.startswith("Not worth trading:")


def test_a_rebalancer_that_stops_early_is_status_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # ten T are wanted; one account can pay for six of them, the other for four: two rounds
    accounts = [
        {"account_number": n, "cash": cash, "positions": {}, "kind": "tax_exempt"}
        for n, cash in (("1", 60), ("2", 40))
    ]
    words = ["rebalance", save("s.json", accounts=accounts, model={"name": "x", "targets": {"T": 1}})]
    for rounds, status, bought in ((1, 1, [6]), (2, 0, [6, 4])):
        monkeypatch.setattr(planning_commands, "ROUNDS", rounds)
        assert main([*words, "--rebalancer", "default", "--format", "json"]) == status
        assert [trade["shares"] for trade in json.loads(capsys.readouterr().out)["trades"]] == bought


def test_what_if_puts_plans_side_by_side(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["rebalance", save("s.json"), "--what-if", "max_orders=0", "--what-if", "prices.T=-1"]
    with pytest.raises(InputError, match=r"--what-if prices\.T=-1: expected more than 0"):
        main(words)
    said = document(capsys, *words[:4])
    assert [(case["name"], case["orders"]) for case in said["cases"]] == [
        ("as it is", 2),
        ("max_orders=0", 0),
    ]
    assert [len(plan["trades"]) for plan in said["plans"]] == [2, 0]
    assert said["plans"][0] == document(capsys, "rebalance", "s.json")


def test_explain_finds_symbols_accounts_classes_orders_and_holdings(
    capsys: pytest.CaptureFixture[str],
) -> None:
    kinds = {
        "vti": ("symbol", "VTI"),
        "ann ira": ("account", "IRA-2207"),
        "JNT-4410": ("account", "JNT-4410"),
        "bonds": ("class", "bonds"),
        "2": ("order", "2"),
        "#2": ("order", "2"),
        "JNT-4410/VTI": ("holding", "JNT-4410/VTI"),
    }
    plan = document(capsys, "rebalance", "h.json")
    for target, (kind, name) in kinds.items():
        said = document(capsys, "explain", target, "h.json")
        assert (said["kind"], said["name"]) == (kind, name)
        for order in said["orders"]:
            assert order in plan["trades"]
    assert said["orders"][0]["lots"]
    with pytest.raises(InputError, match=r"VTT: .*did you mean 'VTI'"):
        main(["explain", "VTT", "h.json"])


def test_compare_judges_every_case_by_the_portfolio_s_own_policy(capsys: pytest.CaptureFixture[str]) -> None:
    words = [
        "compare",
        "h.json",
        "--attempt",
        "max_orders=3,drift.outside_band=0.9",
        "--attempt",
        "wash_sales.avoid=false",
    ]
    said = document(capsys, *words, "--quiet")
    cases = {case["name"]: case for case in said["cases"]}
    assert list(cases)[:3] == ["do nothing", "optimal", "default"]
    best = cases["optimal"]
    for case in cases.values():
        if not case["refused"]:
            assert case["cost"] >= best["cost"] - 0.005
            assert case["gap"] == pytest.approx(case["cost"] - said["bound"])
    assert cases["max_orders=3,drift.outside_band=0.9"]["orders"] <= 3


def test_a_saved_plan_is_exported_with_its_lots_and_refused_for_another_portfolio(
    capsys: pytest.CaptureFixture[str],
) -> None:
    plan = document(capsys, "rebalance", "h.json")
    Path("plan.json").write_text(json.dumps(plan))
    assert main(["export", "json", "again.json", "h.json", "--plan", "plan.json"]) == 0
    assert json.loads(Path("again.json").read_text())["trades"] == plan["trades"]
    assert "Wrote 8 orders to again.json." in capsys.readouterr().out
    with pytest.raises(InputError, match=r"plan\.json: the plan does not fit h\.json as it is now"):
        main(["export", "csv", "x.csv", "h.json", "--plan", "plan.json", "--set", "prices.VTI.price=300"])
    assert not Path("x.csv").exists()
    plan["trades"][0]["shares"] = "many"
    Path("plan.json").write_text(json.dumps(plan))
    with pytest.raises(InputError, match=r"plan\.json: trades\[0\]\.shares: expected a number"):
        main(["export", "csv", "x.csv", "h.json", "--plan", "plan.json"])
    with pytest.raises(InputError, match="missing 'certificate'"):
        main(["export", "csv", "x.csv", "h.json", "--plan", "h.json"])


def test_export_writes_what_rebalance_decides(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "csv", "orders.csv", "h.json"]) == 0
    assert main(["rebalance", "h.json", "--exporter", "csv", "--export-path", "same.csv"]) == 0
    assert Path("orders.csv").read_text() == Path("same.csv").read_text()
    assert capsys.readouterr().out.rstrip().endswith("Wrote 8 orders to same.csv.")
    with pytest.raises(ExportError, match="does not exist"):
        main(["export", "csv", "nowhere/orders.csv", "h.json"])


def test_audit_names_the_rule_that_each_trade_breaks(capsys: pytest.CaptureFixture[str]) -> None:
    # VNQ is not on the menu of the 401(k) (BUY-1), 91.27 dollars are below the smallest order of 250 (QTY-3), and
    # the account has no cash, which is the account's fault and not one trade's; ten BND are 738.80 dollars
    Path("t.csv").write_text("Account,Symbol,Shares\n401K-77319,VNQ,1\nIRA-2207,BND,-10\n")
    broken = []
    for words in ([], ["--min-trade", "0"]):
        assert main(["audit", "t.csv", "h.json", "--format", "csv", *words]) == 1
        rows = csv.DictReader(io.StringIO(capsys.readouterr().out))
        broken.append([row["rules_broken"] for row in rows])
    assert broken == [["BUY-1 QTY-3", ""], ["BUY-1", ""]]
    assert main(["audit", "t.csv", "h.json"]) == 1
    assert capsys.readouterr().out.startswith("3 rules broken, by 1 of 2 trades.")
    Path("ok.csv").write_text("account_number,symbol,shares\nIRA-2207,BND,-10\n")
    assert main(["audit", "ok.csv", "h.json"]) == 0
    Path("bad.csv").write_text("Account,Symbol,Shares\nIRA-2207,BND,ten\n")
    with pytest.raises(InputError, match=r"bad\.csv:2"):
        main(["audit", "bad.csv", "h.json"])


def test_audit_of_a_plan_document_reads_its_lots(capsys: pytest.CaptureFixture[str]) -> None:
    Path("plan.json").write_text(json.dumps(document(capsys, "rebalance", "h.json")))
    said = document(capsys, "audit", "plan.json", "h.json")
    assert said["ok"]
    assert said["findings"] == []


def test_a_report_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "r.html", "h.json"]) == 0
    assert "Wrote r.html." in capsys.readouterr().out
    page = Path("r.html").read_text()
    assert page.startswith("<!")
    assert "401K-77319" not in page  # the last four characters alone
    assert main(["report", "r.html", "h.json", "--full-numbers"]) == 0
    assert "401K-77319" in Path("r.html").read_text()
    with pytest.raises(ExportError, match="does not exist"):
        main(["report", "nowhere/r.html", "h.json"])


@pytest.mark.parametrize("words", [["r.pdf"], ["R.PDF"], ["report", "--pdf"]])
def test_a_report_is_a_pdf_by_its_name_or_by_an_option(
    words: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    monkeypatch.setattr(
        "realloc.report.write_pdf", lambda _household, _plan, path, **_: written.append(str(path))
    )
    assert main(["report", words[0], "h.json", *words[1:]]) == 0
    assert written == [words[0]]
    assert capsys.readouterr().out == f"Wrote {words[0]}.\n"


def test_the_demo_needs_no_file_and_is_the_example(capsys: pytest.CaptureFixture[str]) -> None:
    Path("h.json").unlink()
    assert main(["demo"]) == 0
    assert capsys.readouterr().out.startswith("Worth trading: 8 orders")
    assert main(["demo", "--save", "mine.json"]) == 0
    assert Path("mine.json").read_text() == (ROOT / "examples" / "household.json").read_text()
    with pytest.raises(ExportError, match="exists already"):
        main(["demo", "--save", "mine.json"])


@pytest.mark.parametrize("name", ["household", "plan", "portfolio"])
def test_schemas_are_printed(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    said = document(capsys, "schema", name)
    Draft202012Validator.check_schema(said)
    if name != "portfolio":
        assert said == schema(name)  # type: ignore[arg-type]  # one of the two


def test_the_schema_of_the_portfolio_file_takes_the_shipped_one_and_refuses_a_typo(
    capsys: pytest.CaptureFixture[str],
) -> None:
    import tomllib  # noqa: PLC0415

    validator = Draft202012Validator(document(capsys, "schema", "portfolio"))
    text = (ROOT / "examples" / "portfolio" / "portfolio.toml").read_text()
    read = json.loads(json.dumps(tomllib.loads(text), default=str))
    validator.validate(read)
    read["accounts"][0]["imprt"] = "x"
    assert not validator.is_valid(read)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_knows_commands_and_options(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    for word in ("rebalance", "what-if", "max-orders"):
        assert word in script


def test_plugins_is_list_plugins(capsys: pytest.CaptureFixture[str]) -> None:
    said = document(capsys, "plugins")
    assert {"optimal", "csv", "fidelity_positions"} <= {plugin["name"] for plugin in said["plugins"]}


def test_the_portfolio_is_the_nearest_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "portfolio.toml").write_text("")
    assert portfolio_path(None) == Path("portfolio.toml")
    monkeypatch.chdir(inner)
    assert portfolio_path(None) == tmp_path / "portfolio.toml"
    (tmp_path / "a" / "portfolio.toml").write_text("")
    assert portfolio_path(None) == tmp_path / "a" / "portfolio.toml"
    assert portfolio_path(tmp_path) == tmp_path / "portfolio.toml"
    assert portfolio_path(Path("x.json")) == Path("x.json")
    with pytest.raises(
        InputError, match=r"x\.csv: a portfolio is a \.toml or \.json file .*realloc init x\.csv"
    ):
        portfolio_path(Path("x.csv"))


def test_of_each_kind_of_warning_the_first_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    accounts = "".join(
        f"[[accounts]]\naccount_number = '{n}'\nkind = 'taxable'\npositions = {{ S = 75, T = 25 }}\n"
        for n in (1, 2)
    )
    Path("portfolio.toml").write_text(
        f"as_of = 2026-11-20\n{accounts}[model]\nname = 'x'\ntargets = {{ S = 0.5, T = 0.5 }}\n"
        "[prices]\nS = 10.0\nT = 10.0\n"
    )
    assert main(["drift"]) == 0
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert "S has no lots" in line
    assert "and 3 more like it: 'realloc check' lists them" in line


def test_a_household_document_in_toml_is_a_portfolio_as_well(capsys: pytest.CaptureFixture[str]) -> None:
    Path("h.toml").write_text(
        "as_of = 2026-11-20\n[prices]\nS = 10.0\nT = 10.0\n"
        "[[accounts]]\naccount_number = '1'\nkind = 'tax_exempt'\npositions = { S = 75, T = 25 }\n"
        "[model]\nname = 'x'\ntargets = { S = 0.5, T = 0.5 }\n"
    )
    as_toml, as_json = document(capsys, "rebalance", "h.toml"), document(capsys, "rebalance", save("s.json"))
    assert [trade["shares"] for trade in as_toml["trades"]] == [
        trade["shares"] for trade in as_json["trades"]
    ]
    assert as_toml["household"] == as_json["household"]


HEAVY = (
    "numpy",
    "highspy",
    "pandas",
    "pyarrow",
    "openpyxl",
    "yfinance",
    "ofxtools",
    "beancount",
    "tomlkit",
    "jinja2",
)


def loaded(*words: str) -> set[str]:
    """Return the modules that a fresh process has loaded after the program ran with these words."""
    code = (
        "import sys, io, contextlib, json\n"
        f"sys.argv = {['realloc', *words]!r}\n"
        "from realloc.cli.main import command\n"
        "with contextlib.redirect_stdout(io.StringIO()):\n    assert command() in (0, 1)\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    return set(json.loads(done.stdout))


def test_the_program_s_help_loads_no_command_and_no_screen() -> None:
    modules = loaded("--help")
    assert modules.isdisjoint(
        [*HEAVY, "cyclopts", "rich", "realloc.cli.portfolio_commands", "realloc.optimizer.search"]
    )


def test_drift_loads_neither_solver_nor_extras() -> None:
    assert loaded("drift", "h.json").isdisjoint(HEAVY)


def test_the_help_of_a_command_loads_neither_solver_nor_tables() -> None:
    assert loaded("rebalance", "--help").isdisjoint([*HEAVY, "rich.table"])
