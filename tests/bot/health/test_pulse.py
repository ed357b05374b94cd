"""Health is about the moment of asking."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from kaidan.bot.health.pulse import Pulse

NOW = datetime(2024, 6, 1, 12, 1, tzinfo=UTC)


def healthy() -> Pulse:
    pulse = Pulse(max_silence_seconds=60)
    pulse.set(
        n_bars=3000,
        warmup_bars=2976,
        closed_at=NOW - timedelta(minutes=1),
        decided_at=NOW,
        level=1,
        signal="BUY",
        confidence=0.5,
        versions={1: 4},
        model_created={1: NOW - timedelta(days=3)},
        confirmed_at=NOW - timedelta(seconds=30),
    )
    return pulse


def test_a_bot_that_decided_on_the_newest_bar_is_live_and_ready():
    report = healthy().report(NOW)
    assert report["live"]
    assert report["ready"]
    assert report["not_ready"] == []
    assert report["data_age_seconds"] == 60
    assert report["model_age_seconds"] == {1: 3 * 86_400}
    assert report["registry_age_seconds"] == 30


def test_a_bot_that_has_just_begun_is_live_and_not_ready():
    report = Pulse(max_silence_seconds=60).report(NOW)
    assert report["live"]
    assert not report["ready"]
    assert report["not_ready"] == [
        "warming up: 0 of 1 bars",
        "no level is loaded",
        "nothing is decided yet",
    ]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"closed_at": NOW - timedelta(minutes=31)}, "the newest bar closed 1860 s ago"),
        ({"level": None}, "no level could answer the newest bar"),
        ({"versions": {}}, "no level is loaded"),
        ({"n_bars": 12}, "warming up: 12 of 2976 bars"),
    ],
)
def test_what_is_missing_is_told(changes, why):
    pulse = healthy()
    pulse.set(**changes)
    report = pulse.report(NOW)
    assert report["live"]
    assert not report["ready"]
    assert report["not_ready"] == [why]


def test_a_loop_that_hangs_is_not_live_until_it_beats_again():
    pulse = Pulse(max_silence_seconds=0.05)
    time.sleep(0.1)
    assert not pulse.report(NOW)["live"]
    assert "no life" in pulse.report(NOW)["not_live"][0]
    pulse.beat()
    assert pulse.report(NOW)["live"]
