"""Decisions as a journal would give them, of which a test says who answered what."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kaidan.market.bar import COLUMNS
from kaidan.monitoring.decisions import Decisions


def made_decisions(
    said: NDArray[np.float64],
    shadow: NDArray[np.float64],
    labels: NDArray[np.float64],
    *,
    level: int = 3,
    version: int = 2,
    before: int = 1,
) -> Decisions:
    """A level's version that answers every bar, with the one before in its shadow."""
    n = len(said)
    times = pd.date_range("2026-11-01", periods=n, freq="15min", tz="UTC", name="timestamp")
    known = labels.copy()
    known[-16:] = np.nan
    return Decisions(
        bars=pd.DataFrame(np.ones((n, len(COLUMNS))), times, list(COLUMNS)),
        level=np.full(n, level),
        version=np.full(n, version),
        said=said.argmax(axis=1),
        confidence=said.max(axis=1),
        probabilities=said,
        shadow_version=np.full(n, before),
        shadow_probabilities=shadow,
        attempts=((),) * n,
        features=pd.DataFrame(index=times),
        equity_share=np.ones(n),
        labels=known,
    )
