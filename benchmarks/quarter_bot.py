"""A bot that lives through bars as fast as it can, in this process, with its real parts."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

import numpy as np
import pandas as pd

from kaidan.bot.journal import Journal, journal_file
from kaidan.bot.journal.reader import read_journal
from kaidan.bot.sources.events import Told
from kaidan.bot.tick import Decided, Tick
from kaidan.market.bar import ONE_BAR, each_bar
from kaidan.market.known_macro import KnownMacro
from kaidan.monitoring.decisions import Decisions, read_decisions
from kaidan.monitoring.watch import watch
from kaidan.monitoring.watched import Watched
from kaidan.serving.ladder import Ladder
from kaidan.serving.live_ladder import LiveLadder
from kaidan.serving.pull import Pull, pull
from kaidan.settings import Settings

NAME = "quarter"


class QuarterBot:
    """Hears bars and looks at its registry and its journal when it is told to.

    Parameters
    ----------
    settings : Settings
    journal : Journal
    before : DataFrame of shape (n_bars, 5)
        The bars before the first that is heard.
    macro : DataFrame or None
        Of the whole time; a value counts from when it was known.
    """

    def __init__(
        self, settings: Settings, journal: Journal, before: pd.DataFrame, macro: pd.DataFrame | None
    ) -> None:
        self._settings = settings
        self._path = journal.path
        climb = settings.bot.ladder.climb_after_bars
        self.ladder = LiveLadder(Ladder.from_cache(settings), climb_after_bars=climb)
        self._tick = Tick(settings, self.ladder, journal)
        needed = before.iloc[-settings.levels.warmup_bars :]
        self._tick.load(np.array([(bar.time.timestamp(), *bar[1:]) for bar in each_bar(needed)]))
        self._tick.set_macro(KnownMacro.from_frame(macro))

    @classmethod
    @contextmanager
    def alive(
        cls, settings: Settings, before: pd.DataFrame, macro: pd.DataFrame | None
    ) -> Iterator[Self]:
        """A bot with a journal that is closed afterwards."""
        with Journal.open(journal_file(NAME), identity={"source": NAME}) as journal:
            yield cls(settings, journal, before, macro)

    def refresh(self) -> Pull:
        """Ask the registry what is live, and take it over."""
        pulled = pull(self._settings)
        self.ladder.refresh()
        return pulled

    def hear(self, bars: pd.DataFrame) -> list[Decided]:
        """Decide on bars, one after the other."""
        told = (Told(bar, bar.time + ONE_BAR, None) for bar in each_bar(bars))
        return [one for one in map(self._tick.hear, told) if isinstance(one, Decided)]

    def look(self) -> Watched:
        """What the bot's child does every few bars: look, keep, take back what fails."""
        with read_journal(self._path) as reader:
            return watch(reader, self._settings, takes_back=True)

    def decisions(self) -> Decisions:
        """All that it decided."""
        with read_journal(self._path) as reader:
            return read_decisions(reader, self._settings)
