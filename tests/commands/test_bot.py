"""`kaidan bot`, as a user types it, and as a service manager stops it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path

import pytest

from kaidan.bot.journal import JournalError
from kaidan.bot.journal.reader import read_journal
from kaidan.market.bar import ONE_BAR
from kaidan.market.sample import sample_bars
from kaidan.settings import load_settings
from tests.bot.kit import errands_in_process
from tests.release import Done, filled_home, kaidan

N_DECIDED = 124
# What the bot's own process must do without: each of these alone would double its size.
HEAVY = (
    *("pandas", "pyarrow", "scipy", "sklearn", "talib", "pandera", "matplotlib"),
    *("mlflow", "lightgbm", "xgboost", "ccxt", "apprise", "onnx", "imblearn", "optuna"),
)


@pytest.fixture(scope="module")
def filled(release, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose cache holds the release."""
    return filled_home(release, load_settings(release.config), tmp_path_factory.mktemp("filled"))


@pytest.fixture(scope="module")
def bars(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """3,100 bars."""
    path = tmp_path_factory.mktemp("bars") / "btc.parquet"
    sample_bars().iloc[-load_settings().levels.warmup_bars - N_DECIDED :].to_parquet(path)
    return path


@pytest.fixture
def home(filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that home, in use, with errands that take no time."""
    home = tmp_path / "home"
    shutil.copytree(filled, home)
    monkeypatch.setenv("KAIDAN_HOME", str(home))
    errands_in_process(monkeypatch)
    return home


def bot(release, source: str, *more: str) -> Done:
    return kaidan("bot", "--source", source, "--cached", "--config", str(release.config), *more)


def one_line(done: Done, code: int) -> str:
    """The last line: those before it are the log's."""
    assert (done.code, done.out) == (code, "")
    *log, line = done.err.splitlines()
    assert all(json.loads(said)["severity"] for said in log)
    assert line.startswith("kaidan: ")
    return line


def test_one_decision_on_the_sample_by_what_is_live_in_the_registry(
    store: Path, release, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{store}")
    done = kaidan(
        *("bot", "--source", "replay:sample", "--once", "--json"),
        *("--config", str(release.config)),
    )
    assert done.code == 0, done.err
    said = done.json
    assert (said["n_decided"], said["n_before"]) == (1, 0)
    assert said["answered_by"] == {"level 1": 1}
    assert Path(said["journal"]).name == "replay-sample.sqlite"
    log = [json.loads(line)["text"] for line in done.err.splitlines()]
    assert "asking the registry what is live" in log
    assert any(text.startswith("swap: level 1: version 1 instead of none") for text in log)


def test_a_replay_decides_every_bar_and_kaidan_journal_shows_it(
    home: Path, bars: Path, release
) -> None:
    interrupt = signal.getsignal(signal.SIGINT)
    done = bot(release, f"replay:{bars}")
    assert done.code == 0, done.err
    assert signal.getsignal(signal.SIGINT) is interrupt
    said = done.out.splitlines()
    assert said[0].startswith("124 bars decided: 2025-12-30 17:00 to 2025-12-31 23:45 UTC")
    assert said[1] == "  answered by  level 2 124"  # no macro values were given
    path = home / "journal" / "replay-btc.sqlite"
    assert f"  journal      {path} (kaidan journal)" in said
    shown = kaidan("journal", "--name", "replay-btc", "--json", "--last", "500").json
    assert len(shown["entries"]) == N_DECIDED
    times = [one["bar"]["time"] for one in shown["entries"]]
    assert (times, times[-1]) == (sorted(set(times)), "2025-12-31T23:45:00+00:00")


def test_a_second_run_has_nothing_to_do_until_it_begins_anew(
    home: Path, bars: Path, release
) -> None:
    source = f"replay:{bars}"
    assert bot(release, source, "--json").json["n_decided"] == N_DECIDED
    again = bot(release, source)
    assert again.code == 0
    assert again.out.startswith("no new bar was decided on, after 124 that it held (journal ")
    anew = bot(release, source, "--restart", "--json").json
    assert (anew["n_before"], anew["n_decided"]) == (0, N_DECIDED)
    assert (home / "journal" / "replay-btc.sqlite.1").exists()


def test_other_bars_under_the_same_name_are_refused(home: Path, bars: Path, release) -> None:
    assert bot(release, f"replay:{bars}", "--once").code == 0
    sample_bars().iloc[-3_200:].to_parquet(home / "btc.parquet")
    line = one_line(bot(release, f"replay:{home / 'btc.parquet'}"), 1)
    assert "was begun with data " in line
    assert "begin a new one with --restart" in line
    assert bot(release, f"replay:{home / 'btc.parquet'}", "--name", "btc-2", "--once").code == 0


@pytest.mark.parametrize(
    ("source", "more", "code", "said"),
    [
        ("sample", [], 2, "--source got 'sample', wanted replay:FILE, replay:sample or exch"),
        ("replay:", [], 2, "--source got 'replay:', wanted replay:FILE"),
        ("exchange:bitbank/BTC_JPY", [], 2, "without --paper: kaidan places no live orders"),
        ("replay:no.csv", [], 1, "no.csv: cannot be read (No such file or directory)"),
        ("replay:sample", ["--macro", "no.csv"], 1, "no.csv: cannot be read"),
        ("replay:sample", ["--name", "../x"], 2, "--name got '../x', wanted at most 64"),
        ("exchange:nowhere/BTC_JPY", ["--paper", "--no-health"], 2, "nowhere"),
    ],
)
def test_wrong_use_is_one_line(
    home: Path, release, source: str, more: list[str], code: int, said: str
) -> None:
    assert said in one_line(bot(release, source, *more), code)


def test_a_file_too_short_is_one_line(home: Path, release) -> None:
    sample_bars(5).to_parquet(home / "short.parquet")
    line = one_line(bot(release, f"replay:{home / 'short.parquet'}"), 1)
    assert "got 480 bars, need more than 2976 (warm-up): pass a longer file" in line


@contextmanager
def process(home: Path, release, *command: str) -> Iterator[subprocess.Popen[str]]:
    """A bot in a process of its own, which is gone afterwards."""
    options = ("bot", "--cached", "--config", str(release.config))
    with subprocess.Popen(
        [sys.executable, *command[:2], *options, *command[2:]],
        env=os.environ | {"KAIDAN_HOME": str(home)},
        cwd=home,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        try:
            yield running
        finally:
            running.kill()


def test_a_bot_that_is_told_to_stop_ends_well_and_its_journal_is_whole(
    filled: Path, release, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    shutil.copytree(filled, home)
    path, until = home / "journal" / "replay-sample.sqlite", time.monotonic() + 60
    command = ("-m", "kaidan", "--source", "replay:sample", "--json")
    with process(home, release, *command) as running:
        while time.monotonic() < until and not _holds(path, 40):
            time.sleep(0.05)
        running.send_signal(signal.SIGTERM)
        out, err = running.communicate(timeout=30)
    assert running.returncode == 0, err
    n_decided = json.loads(out)["n_decided"]
    assert n_decided >= 40
    with read_journal(path) as journal:
        times = [entry.bar.time for entry in journal.entries()]
        *_, end = journal.notes()
        assert journal.state() is not None
    assert len(times) == n_decided
    assert all(after - before == ONE_BAR for before, after in pairwise(times))
    assert end.text == "replay-sample stops, as it was asked to"
    assert json.loads(err.splitlines()[-1])["text"] == f"end: {end.text}"


def _holds(path: Path, n_bars: int) -> bool:
    with suppress(JournalError), read_journal(path) as journal:
        return journal.n_bars() >= n_bars
    return False  # not there yet


def test_the_bots_own_process_stays_small(filled: Path, bars: Path, release, tmp_path) -> None:
    home = tmp_path / "home"
    shutil.copytree(filled, home)
    script = tmp_path / "own.py"
    script.write_text(
        "import sys\n"
        "from kaidan.cli import main\n"
        "try:\n"
        "    main(sys.argv[1:])\n"
        "finally:\n"
        f"    print('heavy:', sorted(set({HEAVY!r}) & set(sys.modules)))\n"
    )
    with process(home, release, "-P", str(script), "--source", f"replay:{bars}") as running:
        out, err = running.communicate(timeout=60)
    assert running.returncode == 0, err
    assert out.startswith("124 bars decided")
    assert out.splitlines()[-1] == "heavy: []"
