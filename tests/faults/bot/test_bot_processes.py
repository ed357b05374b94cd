"""`kaidan bot` as it is run: it stops at once when it is told to, whatever hangs."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from kaidan.bot.journal import journal_file
from kaidan.bot.journal.reader import read_journal
from kaidan.market.sample import sample_bars
from tests.bot.sources.kit import serving
from tests.faults.bot.stage import NAME, Market, health


@pytest.fixture
def today(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Market]:
    """An exchange whose clock is everybody's, with the sample's prices."""
    bars = sample_bars().iloc[-3_700:]
    shift = datetime.now(UTC) - bars.index[-1].to_pydatetime()
    market = Market(bars.set_axis((bars.index + shift).floor("15min")), datetime.now(UTC))
    market.stored(home)
    market.fault = market.hang
    with serving(market, lambda: datetime.now(UTC)) as url:
        monkeypatch.setenv("KAIDAN_EXCHANGE_URL", url)
        yield market
        market.released.set()


def wait_for(seen: Callable[[], bool], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < end
        time.sleep(0.05)


def answers(port: int, status: int) -> bool:
    try:
        return health(port)[0] == status
    except OSError:
        return False


def test_a_bot_whose_exchange_hangs_says_so_and_stops_within_two_seconds(
    today: Market, config: Path, free_port: int, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "kaidan", "bot", "--source", NAME, "--paper", "--cached"]
    with (tmp_path / "log").open("wb") as log:
        bot = subprocess.Popen(
            [*command, "--macro=none", "--name=stage", "--config", str(config)],
            stdout=log,
            stderr=log,
            env=os.environ,
        )
    try:
        wait_for(lambda: today.n_candle_requests > 0)
        assert answers(free_port, 503)
        report = health(free_port)[1]
        assert (report["live"], report["ready"]) == (True, False)
        assert "nothing is decided yet" in report["not_ready"]

        # It hangs still, and is asked by a process of its own.
        children = psutil.Process(bot.pid).children(recursive=True)
        assert children
        before = time.monotonic()
        bot.send_signal(signal.SIGTERM)
        assert bot.wait(10) == 0
        assert time.monotonic() - before < 2
        _, alive = psutil.wait_procs(children, timeout=2)
        assert not alive
    finally:
        bot.kill()
        bot.wait()
    with read_journal(journal_file("stage")) as reader:
        assert [note.kind for note in reader.notes()] == ["begin", "end"]
