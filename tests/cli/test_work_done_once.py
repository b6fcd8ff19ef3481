"""A command does once what it needs once: plans, audits, and nothing before a name is known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from realloc import audit, engine
from realloc.cli.main import main
from realloc.errors import InputError
from realloc.optimizer import search
from realloc.plugins.rebalancers import optimal_rebalancer

HOUSEHOLD = str(Path(__file__).parents[2] / "examples" / "household.json")


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count engine runs, problems built and audits."""
    counts: Counter[str] = Counter()

    def counted(module: Any, name: str, what: str) -> None:
        function: Callable[..., Any] = getattr(module, name)

        def call(*arguments: Any, **named: Any) -> Any:
            counts[what] += 1
            return function(*arguments, **named)

        monkeypatch.setattr(module, name, call)

    counted(optimal_rebalancer, "rebalance", "plans")
    counted(engine, "require_sound", "checks")
    counted(search, "build", "problems")
    counted(audit, "_audit", "audits")
    return counts


@pytest.mark.parametrize("command", ["rebalance", "explain", "export"])
def test_a_command_that_plans_plans_and_audits_once(
    command: str, calls: Counter[str], tmp_path: Path
) -> None:
    words = {
        "rebalance": ["rebalance", HOUSEHOLD],
        "explain": ["explain", "VTI", HOUSEHOLD],
        "export": ["export", "csv", str(tmp_path / "orders.csv"), HOUSEHOLD],
    }
    assert main(words[command]) == 0
    assert calls == {"plans": 1, "checks": 1, "problems": 1, "audits": 1}


def test_how_far_fewer_orders_get_is_planned_only_where_it_is_asked_for(
    calls: Counter[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rebalance", HOUSEHOLD]) == 0
    assert "of the way" not in capsys.readouterr().out
    assert main(["rebalance", HOUSEHOLD, "--fewer"]) == 0
    assert "3 orders get you 91% of the way of all 8" in capsys.readouterr().out
    assert calls["problems"] > 2


def test_a_name_that_nothing_has_is_told_before_anything_is_planned(calls: Counter[str]) -> None:
    with pytest.raises(InputError, match=r"VTJ: no symbol.*did you mean 'VTI'"):
        main(["explain", "VTJ", HOUSEHOLD])
    assert not calls
