"""What happened is told to people, to the journal, to the metrics and to the health page."""

import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kaidan.bot.alerts.listener import Nobody
from kaidan.bot.health.metrics import Metrics
from kaidan.bot.health.pulse import Pulse
from kaidan.bot.herald import Herald
from kaidan.bot.journal import Journal
from kaidan.bot.keeper import Kept
from kaidan.bot.risk import Veto
from kaidan.bot.sources.events import Trouble
from kaidan.serving.prediction import Attempt
from kaidan.serving.rung import Rung
from kaidan.serving.steps import Refresh, Steps
from kaidan.trading.policy import Side
from tests.bot.journal.kit import bar_time
from tests.bot.kit import SETTINGS, Heard, answer_of, constant_ladder, decision, journal_in
from tests.bot.risk.kit import trade

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
STALE = Attempt(1, "stale: usd_jpy")
ALL_WELL = Kept(Refresh({}, {}, {}, None), {})


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with journal_in(tmp_path) as journal:
        yield journal


@pytest.fixture
def people() -> Heard:
    return Heard()


@pytest.fixture
def pulse() -> Pulse:
    return Pulse(120.0)


@pytest.fixture
def metrics(pulse: Pulse) -> Metrics:
    return Metrics(pulse)


@pytest.fixture
def herald(journal, people, pulse, metrics) -> Herald:
    return Herald(SETTINGS, journal, people, pulse, metrics, each_bar=True)


@pytest.fixture(scope="module")
def old_steps(tmp_path_factory: pytest.TempPathFactory) -> Steps:
    """Three levels made on 2026-01-01, too long ago."""
    return constant_ladder(tmp_path_factory.mktemp("constants")).steps


@pytest.fixture
def steps(old_steps: Steps) -> Steps:
    """The same, made an hour ago."""
    made = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    live = {
        level: Rung(level, rung.runtime, replace(rung.entry, created_at=made))
        for level, rung in old_steps.live.items()
    }
    return Steps(live, confirmed_at=made)


def notes(journal: Journal) -> list[tuple[str, str]]:
    return [(note.kind, note.text) for note in journal.notes()]


def sample(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def test_a_level_that_steps_down_is_a_warning_and_a_note_once(herald, people, journal) -> None:
    for n, level in enumerate((1, 2, 2)):
        herald.decided(decision(n, answer_of(level, *[STALE] * (level > 1))))
    said = "level 2 answers (level 1: stale: usd_jpy)"
    assert people.of("level") == [("warning", said)]
    assert notes(journal) == [("level", said)]


def test_the_dummy_is_critical_and_the_climb_settles_it(herald, people, journal) -> None:
    for n, level in enumerate((1, 3, None, 2, 1)):
        herald.decided(decision(n, answer_of(level)))
    assert [severity for severity, _ in people.of("level")] == [
        *("warning", "critical", "warning", "over")
    ]
    assert [text for _, text in notes(journal)] == [
        *("level 3 answers", "the dummy answers", "level 2 answers", "level 1 answers")
    ]


def test_a_start_on_a_lower_level_is_told_though_nothing_changed(herald, people, journal) -> None:
    herald.decided(decision(0, answer_of(2)))
    assert people.of("level") == [("warning", "level 2 answers")]
    assert notes(journal) == []


@pytest.mark.parametrize(
    ("veto", "severity"),
    [("drawdown_pause", "critical"), ("equity_gone", "critical"), ("loss_pause", "warning")],
)
def test_a_pause_is_told_until_it_is_over(
    herald, people, journal, pulse, metrics, veto: str, severity: str
) -> None:
    herald.decided(decision(0, vetoes=(Veto(veto, "because"),)))
    assert pulse.facts.troubles == {veto: "because"}
    assert sample(metrics, "kaidan_trouble", what=veto) == 1.0
    herald.decided(decision(1, vetoes=(Veto(veto, "because"),)))
    herald.decided(decision(2))
    herald.decided(decision(3))
    # Told on each bar: whoever delivers it repeats it now and then.
    told = (severity, f"{veto}: because")
    assert people.of(veto) == [told, told, ("over", f"{veto} is over")]
    assert notes(journal) == [
        ("trouble", f"{veto}: because"),
        ("trouble over", f"{veto} is over"),
    ]
    assert pulse.facts.troubles == {}
    assert sample(metrics, "kaidan_trouble", what=veto) == 0.0


def test_an_everyday_veto_alarms_nobody(herald, people, metrics) -> None:
    herald.decided(decision(0, vetoes=(Veto("no_edge", "too little"),)))
    assert people.said == []
    assert sample(metrics, "kaidan_vetoes_total", veto="no_edge") == 1.0


@pytest.mark.parametrize(
    ("kind", "severity"),
    [
        ("exchange", "critical"),
        ("bar", "critical"),
        ("macro", "warning"),
        ("macro usd_jpy", "warning"),
        ("clock", "warning"),
        ("refused bar", "warning"),
    ],
)
def test_a_trouble_is_told_with_its_beginning_and_its_end(
    herald, people, journal, pulse, kind: str, severity: str
) -> None:
    herald.trouble(Trouble(kind, "down", NOON))
    assert pulse.facts.troubles == {kind: "down"}
    herald.trouble(Trouble(kind, "down", NOON, until=NOON + timedelta(minutes=30)))
    over = f"{kind} is well again after 30 min"
    assert people.of(kind) == [(severity, f"{kind}: down"), ("over", over)]
    assert notes(journal) == [("trouble", f"{kind}: down"), ("trouble over", over)]
    assert pulse.facts.troubles == {}


def test_a_swap_is_an_info_a_note_and_a_number(herald, people, journal, metrics, steps) -> None:
    refresh = Refresh({2: (1, 2), 3: (4, None)}, {}, {}, None)
    herald.kept(Kept(refresh, {}), steps)
    assert people.of("swap 2") == [("info", "level 2: version 2 instead of 1")]
    assert people.of("swap 3") == [("info", "level 3: version none instead of 4")]
    assert [kind for kind, _ in notes(journal)] == ["swap", "swap"]
    assert sample(metrics, "kaidan_model_swaps_total", level="2") == 1.0
    assert sample(metrics, "kaidan_refreshes_total", outcome="done") == 1.0


def test_a_registry_that_is_down_is_noted_once_and_told_when_it_is_back(
    herald, people, journal, pulse, metrics, steps
) -> None:
    for _ in range(3):
        herald.kept(Kept(ALL_WELL.refresh, {"registry": "no answer"}), steps)
    assert pulse.facts.troubles == {"registry": "no answer"}
    herald.kept(ALL_WELL, steps)
    assert people.of("registry")[-2:] == [
        ("warning", "registry: no answer"),
        ("over", "registry is well again"),
    ]
    assert notes(journal) == [
        ("trouble", "registry: no answer"),
        ("trouble over", "registry is well again"),
    ]
    assert sample(metrics, "kaidan_refreshes_total", outcome="failed") == 3.0
    assert pulse.facts.troubles == {}


def test_a_level_that_cannot_be_brought_is_a_trouble_of_its_own(herald, people, steps) -> None:
    herald.trouble(Trouble("exchange", "429", NOON))
    herald.kept(Kept(ALL_WELL.refresh, {"level 2": "hash is wrong"}), steps)
    herald.kept(Kept(ALL_WELL.refresh, {"level 3": "hash is wrong"}), steps)
    assert [severity for severity, _ in people.of("level 2")] == ["warning", "over"]
    assert people.of("level 3") == [("warning", "level 3: hash is wrong")]
    assert [severity for severity, _ in people.of("exchange")] == ["critical"]


def test_an_old_model_is_a_warning_until_a_younger_one_is_there(
    herald, people, pulse, old_steps, steps
) -> None:
    herald.loaded(old_steps)
    for level in (1, 2, 3):
        ((severity, text),) = people.of(f"model age {level}")
        assert severity == "warning"
        pattern = rf"level {level}: its version is \d+ days old, more than 15 days; train"
        assert re.match(pattern, text)
    herald.loaded(steps)
    assert people.of("model age 1")[1:] == [("over", "level 1 has a younger version")]
    assert pulse.facts.versions == {1: 2, 2: 2, 3: 2}
    assert pulse.facts.confirmed_at == datetime.fromisoformat(steps.confirmed_at)
    assert set(pulse.facts.model_created) == {1, 2, 3}


def test_a_closed_position_is_told_and_counted(herald, people, metrics) -> None:
    lost = trade(-0.0123)
    herald.decided(decision(0, trades=(lost,), equity_share=0.9877))
    key = f"trade {lost.entry_time.isoformat()}"
    text = "LONG closed by stop: -1.23% of the equity, which is 0.9877 of its start"
    assert people.of(key) == [("info", text)]
    assert sample(metrics, "kaidan_trades_total", reason="stop") == 1.0


def test_numbers_and_health_are_those_of_the_last_decision(herald, metrics, pulse) -> None:
    herald.decided(decision(0, equity_share=1.25, side=Side.SHORT))
    last = decision(1, answer_of(2, STALE), side=Side.SHORT)
    herald.decided(last)
    herald.again("duplicate")
    told = {
        "kaidan_level": 2.0,
        "kaidan_confidence": 0.7,
        "kaidan_equity_share": 1.0,
        "kaidan_position_share": -0.3,
        "kaidan_tick_seconds_count": 2.0,
    }
    assert {name: sample(metrics, name) for name in told} == pytest.approx(told)
    assert sample(metrics, "kaidan_drawdown_share") == pytest.approx(0.2)
    assert sample(metrics, "kaidan_probability", signal="BUY") == pytest.approx(0.7)
    assert sample(metrics, "kaidan_bars_total", arrival="new") == 2.0
    assert sample(metrics, "kaidan_bars_total", arrival="duplicate") == 1.0
    assert sample(metrics, "kaidan_decisions_total", level="2", signal="BUY") == 1.0
    assert sample(metrics, "kaidan_attempts_total", level="1", reason="stale_input") == 1.0
    facts = pulse.facts
    assert (facts.level, facts.signal, facts.confidence) == (2, "BUY", pytest.approx(0.7))
    assert facts.closed_at == bar_time(2)
    assert facts.decided_at == last.entry.decided_at


def test_begin_and_end_are_noted_and_told(herald, people, journal) -> None:
    herald.began("on paper")
    herald.ended("asked to stop", failed=False)
    herald.ended("no disk", failed=True)
    assert notes(journal) == [("begin", "on paper"), ("end", "asked to stop"), ("end", "no disk")]
    assert people.of("begin") == [("info", "on paper")]
    assert people.of("end") == [
        ("info", "asked to stop"),
        ("critical", "no disk"),
    ]


def test_what_was_told_before_a_restart_is_over_when_it_is(
    journal, pulse, metrics, old_steps
) -> None:
    people = Heard("end", "exchange", "bar", "registry", "level 2", "macro usd_jpy", "loss_pause")
    herald = Herald(SETTINGS, journal, people, pulse, metrics, each_bar=True)
    herald.trouble(Trouble("bar", "none yet", NOON))
    for happens in (
        lambda: herald.began("on paper"),
        lambda: herald.decided(decision(0, answer_of(1))),
        lambda: herald.kept(Kept(None, {"level 2": "no copy"}), old_steps),
        herald.macro_told,
    ):
        happens()
    over = {key for severity, key, _ in people.said if severity == "over"}
    assert over == {"end", "exchange", "registry", "macro usd_jpy", "loss_pause"}


def test_people_hear_of_the_end_although_the_journal_is_what_failed(
    herald, people, journal
) -> None:
    journal.close()
    herald.ended("bot stops: no room on the disk", failed=True)
    assert people.of("end") == [("critical", "bot stops: no room on the disk")]


def test_a_replay_logs_what_changes_and_not_every_bar(
    journal, people, pulse, metrics, caplog
) -> None:
    replayed = Herald(SETTINGS, journal, people, pulse, metrics, each_bar=False)
    with caplog.at_level(logging.INFO, logger="kaidan"):
        replayed.decided(decision(0))
        replayed.decided(decision(1, answer_of(2)))
    assert caplog.messages == ["level: level 2 answers"]


def test_a_live_bot_logs_every_bar_with_its_numbers(herald, caplog) -> None:
    with caplog.at_level(logging.INFO, logger="kaidan"):
        herald.decided(decision(0))
    (record,) = caplog.records
    assert record.getMessage().startswith(
        "bar of 2026-11-01 00:00: BUY with confidence 0.700 from level 1, score"
    )
    assert (record.signal, record.level, record.tick_us) == ("BUY", 1, 700)


def test_nobody_hears_of_a_replay(journal, pulse, metrics) -> None:
    herald = Herald(SETTINGS, journal, Nobody(), pulse, metrics, each_bar=False)
    herald.began("on paper")
    herald.decided(decision(0, answer_of(None)))
    assert [kind for kind, _ in notes(journal)] == ["begin"]
