import json
import subprocess
import sys

import pytest

from kaidan.bot.errands.macro import answer
from kaidan.bot.errands.outside import OutsideError, ask
from kaidan.errors import DataError, UsageError
from kaidan.market.known_macro import KnownMacro
from kaidan.market.sample import sample_macro

TIMES = ["--now", "1704867600", "--max-age", "3600"]


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    monkeypatch.setenv("KAIDAN_HOME", str(tmp_path / "home"))


def test_a_file_comes_as_what_was_known_when(tmp_path):
    macro = sample_macro(30)
    macro.to_parquet(tmp_path / "macro.parquet")
    said = answer([str(tmp_path / "macro.parquet"), *TIMES])
    assert said["known"] == KnownMacro.from_frame(macro).to_dict()
    assert said["failures"] == {}


def test_nothing_at_all_is_none_with_the_reasons(monkeypatch):
    monkeypatch.setenv("KAIDAN_CHART_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("KAIDAN_FEAR_GREED_URL", "http://127.0.0.1:1")
    said = answer(["live", *TIMES])
    assert said["known"] is None
    assert len(said["failures"]) == 4


def test_a_missing_file_and_an_unknown_scheme_are_refused():
    with pytest.raises(DataError, match=r"absent\.csv: no such file"):
        answer(["absent.csv", *TIMES])
    with pytest.raises(UsageError, match="unknown kind of source"):
        answer(["s3://bucket/macro.csv", *TIMES])


def test_the_process_answers_json_and_fails_with_one_line():
    said = json.loads(
        ask("kaidan.bot.errands.macro", arguments=["sample", *TIMES], timeout_seconds=30)
    )
    assert KnownMacro.from_dict(said["known"])["usd_jpy"].values.size > 100
    with pytest.raises(OutsideError, match=r"exit code 1\): absent\.csv: no such file"):
        ask("kaidan.bot.errands.macro", arguments=["absent.csv", *TIMES], timeout_seconds=30)


def test_asked_in_a_wrong_way_it_says_how():
    command = [sys.executable, "-m", "kaidan.bot.errands.macro", "live"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "--now, --max-age" in done.stderr
