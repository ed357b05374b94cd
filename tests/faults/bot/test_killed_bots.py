"""kill -9 anywhere in a replay, a hundred times: the journal is that of a bot left alone."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from bisect import bisect
from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kaidan.bot.journal import journal_file
from kaidan.bot.journal.entry import Entry
from kaidan.bot.journal.reader import JournalReader, read_journal
from kaidan.market.sample import sample_bars, sample_macro
from kaidan.settings import load_settings
from tests.faults.bot.lively import easily_moved, lively_home
from tests.faults.processes import ROOT
from tests.kit import write_config

N_KILLS, N_BARS = 100, 400
SOME_TIME = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What `lives` is told."""
    settings = easily_moved(load_settings())
    monkeypatch.setenv("KAIDAN_HOME", str(lively_home(tmp_path / "home", settings)))
    bars, macro = tmp_path / "bars.parquet", tmp_path / "macro.parquet"
    sample_bars().iloc[-settings.levels.warmup_bars - N_BARS :].to_parquet(bars)
    sample_macro().reset_index().to_parquet(macro)
    told = {
        "bars": str(bars),
        "macro": str(macro),
        "config": str(write_config(tmp_path / "config", settings)),
        "seed": 1,
        "kills": N_KILLS,
    }
    (tmp_path / "said.json").write_text(json.dumps(told), encoding="utf-8")
    return tmp_path / "said.json"


def timeless(reader: JournalReader) -> list[Entry]:
    """All that was decided, but for when and how fast."""
    return [replace(one, decided_at=SOME_TIME, latency_us=0.0) for one in reader.entries()]


def integrity(path: Path) -> str:
    with closing(sqlite3.connect(path)) as db:
        return db.execute("PRAGMA integrity_check").fetchone()[0]


def test_a_bot_killed_at_a_hundred_points_decides_each_bar_once_and_loses_nothing(said) -> None:
    lives = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.bot.lives", str(said)],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"},
        text=True,
    )
    killed = journal_file("killed")
    exits: Counter[int] = Counter()
    with lives.stdout as lines:
        for number, line in enumerate(lines):
            exits[json.loads(line)["exit"]] += 1
            if number % 10 == 9:
                assert integrity(killed) == "ok"
    assert lives.wait() == 0
    assert exits == {-signal.SIGKILL: N_KILLS, 0: 1}

    with read_journal(journal_file("whole")) as whole, read_journal(killed) as often:
        expected = timeless(whole)
        assert len([one for one in expected if one.fills]) > 80
        assert len([one for one in expected if one.trades]) > 50
        assert timeless(often) == expected
        assert often.state() == whole.state()
        # Some lives died before they began, and most of the others came to something.
        begun = [note.at for note in often.notes() if note.kind == "begin"]
        decided = [one.decided_at for one in often.entries()]
        assert 70 < len(begun) <= N_KILLS + 1
        assert len({bisect(decided, at) for at in begun}) > 50
    assert integrity(killed) == "ok"
