"""A journal of bars that a release's twin answered live, the first release in its shadow."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from kaidan.bot.journal import Entry, Journal, journal_file
from kaidan.bot.journal.reader import read_journal
from kaidan.bot.tick import Decided
from kaidan.registry.promotion import promote
from kaidan.registry.store import get_version
from kaidan.serving.ladder import Ladder
from kaidan.serving.live_ladder import LiveLadder
from kaidan.serving.prediction import Prediction, Probabilities
from kaidan.serving.pull import pull
from kaidan.settings import Settings
from kaidan.signal import Signal
from tests.bot.kit import bars_from, journal_in, tick_at, told
from tests.release import register_twin

LEVEL = 1
N_BARS = 400
WRONG = Prediction(Signal.SELL, 0.98, Probabilities(0.98, 0.01, 0.01), LEVEL)


def promote_twin(settings: Settings) -> None:
    """Version 2 of the level is the same model, promoted over version 1."""
    promote(get_version(LEVEL, register_twin(LEVEL)), settings)


def lived_through(settings: Settings, folder: Path) -> Path:
    """A journal of the bars after the warm-up, answered by what is live in the registry."""
    assert not pull(settings).failed
    ladder = LiveLadder(Ladder.from_cache(settings), climb_after_bars=1)
    with journal_in(folder) as journal:
        tick = tick_at(0, ladder, journal)
        for bar in bars_from(0, N_BARS):
            assert isinstance(tick.hear(told(bar)), Decided)
        return journal.path


def rewritten(path: Path, name: str, change: Callable[[Entry], Entry]) -> Path:
    """The same bars, of which something else was said, in a journal of the home."""
    new = journal_file(name)
    with read_journal(path) as reader, Journal.open(new, identity=reader.identity()) as journal:
        for entry in reader.entries():
            journal.write(change(entry), {"n": entry.bar.time.isoformat()})
    return new


def wrong(entry: Entry) -> Entry:
    """The live version is sure of what hardly ever comes."""
    return replace(entry, prediction=WRONG)
