"""A fortnight of `benchmarks/quarter.py`: all that goes wrong in a quarter of a bot's life."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WEEKS, BARS_MISSING = 2, 40


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> dict:
    figure = tmp_path_factory.mktemp("quarter") / "quarter.png"
    command = [sys.executable, ROOT / "benchmarks" / "quarter.py", "--quick", "--figure", figure]
    small = ["--weeks", str(WEEKS), "--train-days", "40"]
    done = subprocess.run([*command, *small], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {**json.loads(done.stdout), "figure": figure}


def test_every_bar_is_answered_by_a_level_whatever_goes_wrong(lived) -> None:
    bars = lived["bars"]
    assert bars["decided"] == WEEKS * 7 * 96 - BARS_MISSING
    assert bars["by_level"]["0"] == 0
    assert lived["exchange_silent"]["bars_missing"] == BARS_MISSING
    assert lived["registry_down"]["looks_that_failed"] == 2
    assert set(lived["registry_down"]["levels_meanwhile"]) == {"1"}


def test_a_bad_release_is_taken_back_and_no_good_one(lived) -> None:
    bad = lived["bad_release"]
    assert bad["taken_back"]
    assert bad["bars_until_then"] < 7 * 96
    assert bad["nats_lost"] > 0
    assert lived["false_alarms"]["rolled_back_wrongly"] == 0


def test_a_retraining_without_the_registry_fails_and_moves_nothing(lived) -> None:
    assert lived["retrainings"] == {"tried": 2, "by_exit_code": {"0": 1, "1": 1}}


def test_drift_tells_of_the_break_and_of_nothing_before_it(lived) -> None:
    assert lived["regime_break"]["told_after_bars"] <= 2 * 96
    assert lived["false_alarms"]["drift_alarms_before_the_break"] <= 1


def test_the_figure_is_drawn(lived) -> None:
    assert lived["figure"].read_bytes().startswith(b"\x89PNG")
