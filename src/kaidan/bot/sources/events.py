"""What a source tells the bot's loop. A failure is told like a bar; it is not raised."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from kaidan.market.bar import Bar


@dataclass(frozen=True)
class Loaded:
    """The history that comes before the first bar; told once, first of all.

    Parameters
    ----------
    history : float64 array of shape (n_bars, 6)
        Open time in epoch seconds, open, high, low, close, volume; oldest first.
    data_sha256 : str or None
        Hash of a whole file; an exchange has none, as its history goes on.
    gaps : str
        What is not whole in it, for the log.
    """

    history: NDArray[np.float64]
    data_sha256: str | None
    gaps: str


@dataclass(frozen=True)
class Told:
    """One closed bar: a new one, or an earlier one that the exchange has revised or filled in.

    Parameters
    ----------
    bar : Bar
    told_at : datetime with a zone
        When the bar came to be known; of a file, when it closed.
    spread_share : float or None
        Best ask less best bid, over their middle, when the bar came to be known.
    """

    bar: Bar
    told_at: datetime
    spread_share: float | None


@dataclass(frozen=True)
class Trouble:
    """Something goes wrong; told when it begins, and again when it is over.

    Parameters
    ----------
    kind : str
        One trouble of a kind at a time.
    text : str
    since : datetime with a zone
    until : datetime with a zone, or None
        None: it begins.
    """

    kind: str
    text: str
    since: datetime
    until: datetime | None = None

    @property
    def over(self) -> bool:
        """Whether this tells the end."""
        return self.until is not None


Event = Loaded | Told | Trouble
