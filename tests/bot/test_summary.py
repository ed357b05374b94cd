"""What a run came to, in numbers and in words."""

from pathlib import Path

import pytest

from kaidan.bot.risk import Veto
from kaidan.bot.summary import Summary
from tests.bot.journal.kit import bar_time
from tests.bot.kit import answer_of, decision
from tests.bot.risk.kit import trade


@pytest.fixture
def summary() -> Summary:
    """Four bars: a rise, a fall by a fifth, a veto, and the dummy."""
    summary = Summary(journal=Path("bot.sqlite"), n_before=0)
    summary.add(decision(0, equity_share=1.25))
    summary.add(decision(1, trades=(trade(-0.2),)))
    summary.add(decision(2, answer_of(2), vetoes=(Veto("jump", "moved +9 %"),)))
    summary.add(decision(3, answer_of(None), equity_share=1.1))
    return summary


def test_decisions_are_counted(summary) -> None:
    said = summary.to_dict()
    assert (said["n_before"], said["n_decided"], said["n_trades"]) == (0, 4, 1)
    assert (said["from"], said["until"]) == (bar_time(0).isoformat(), bar_time(3).isoformat())
    assert said["answered_by"] == {"level 1": 2, "level 2": 1, "dummy": 1}
    assert said["signals"] == {"BUY": 3, "HOLD": 1}
    assert said["vetoes"] == {"jump": 1}
    assert said["n_entries"] == 3
    assert said["tick_us"] == {"p50": 700.0, "p99": 700.0, "max": 700.0}


def test_a_drawdown_is_measured_from_the_highest_equity(summary) -> None:
    assert summary.equity_share == 1.1
    assert summary.drawdown_share == pytest.approx(0.2)


def test_for_a_person_it_is_a_few_lines(summary) -> None:
    assert str(summary).splitlines() == [
        "4 bars decided: 2026-11-01 00:00 to 2026-11-01 00:45 UTC",
        "  answered by  level 1 2, level 2 1, dummy 1",
        "  answers      BUY 3, HOLD 1",
        "  positions    3 asked for, 1 closed; equity 1.1000 of the start, largest drawdown 20.0%",
        "  vetoes       jump 1",
        "  a tick       700 us, 99 of 100 below 700 us",
        "  journal      bot.sqlite (kaidan journal)",
    ]


def test_versions_that_have_learnt_from_these_bars_are_told(summary) -> None:
    summary.learnt = ("level 1 version 2: 2026-10-01 to 2026-12-01",)
    assert str(summary).splitlines()[-2:] == [
        "  results on bars that a model has learnt from say nothing about it:",
        "    level 1 version 2: 2026-10-01 to 2026-12-01",
    ]
    assert summary.to_dict()["learnt"] == ["level 1 version 2: 2026-10-01 to 2026-12-01"]


def test_bars_of_earlier_runs_are_told(summary) -> None:
    summary.n_before = 1_200
    assert str(summary).startswith("4 bars decided, after 1,200 that it held: 2026-11-01")


@pytest.mark.parametrize(
    ("n_before", "said"),
    [
        (0, "no bar was decided on (journal x.sqlite)"),
        (
            700,
            "no new bar was decided on, after 700 that it held (journal x.sqlite); begin anew "
            "with --restart",
        ),
    ],
)
def test_where_nothing_was_decided_it_says_so(n_before: int, said: str) -> None:
    summary = Summary(journal=Path("x.sqlite"), n_before=n_before)
    assert str(summary) == said
    assert summary.to_dict()["tick_us"] == {}
    assert summary.to_dict()["from"] is None
