"""The ladder's answers to many bars at once: a model is asked for all of its rows in one call."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kaidan.artifact.runtime import RuntimeRefusal
from kaidan.serving.dummy import DummyModel
from kaidan.serving.row_fault import row_fault
from kaidan.serving.rung import Rung
from kaidan.signal import CLASS_NAMES


@dataclass(frozen=True)
class Asked:
    """What one level says of many rows.

    Attributes
    ----------
    faults : ndarray of str, shape (n_rows,)
        Why a row is not answered; empty where it is, and only there the rest counts.
    classes : ndarray of int, shape (n_rows,)
    confidence : ndarray of float, shape (n_rows,)
    probabilities : ndarray of float, shape (n_rows, 3)
    """

    faults: NDArray[np.object_]
    classes: NDArray[np.intp]
    confidence: NDArray[np.float64]
    probabilities: NDArray[np.float64]

    @property
    def able(self) -> NDArray[np.bool_]:
        """Rows that are answered."""
        return np.asarray(self.faults == "", dtype=np.bool_)


def ask_rows(step: Rung | str, features: pd.DataFrame) -> Asked:
    """Ask one level for many rows.

    Parameters
    ----------
    step : Rung or str
    features : DataFrame of shape (n_rows, n_features)
    """
    n = len(features)
    asked = Asked(
        _faults(step, features), np.zeros(n, dtype=np.intp), np.zeros(n), np.zeros((n, 3))
    )
    able = np.flatnonzero(asked.able)
    if isinstance(step, str) or not len(able):
        return asked
    runtime = step.runtime
    try:
        answer = runtime.predict(features.iloc[able][list(runtime.features)].to_numpy())
    except RuntimeRefusal as error:
        asked.faults[able] = str(error)
        return asked
    asked.classes[able], asked.confidence[able] = runtime.decide(answer)
    asked.probabilities[able] = answer
    return asked


class Answers:
    """Answers by bar, while they are collected; the dummy's where there is none.

    Parameters
    ----------
    index : Index of shape (n_bars,)
    """

    def __init__(self, index: pd.Index) -> None:
        n, foot = len(index), DummyModel().predict()
        self._index = index
        self._classes = np.full(n, int(foot.signal))
        self._confidence = np.full(n, foot.confidence)
        self._probabilities = np.tile(np.array(foot.probabilities), (n, 1))
        self._levels = np.zeros(n, dtype=np.int64)
        self._attempts: list[list[str]] = [[] for _ in range(n)]

    @property
    def unanswered(self) -> NDArray[np.intp]:
        """Positions of the bars that nobody has answered yet."""
        return np.flatnonzero(self._levels == 0)

    def answer(
        self, bars: NDArray[np.intp], level: int, asked: Asked, rows: NDArray[np.intp]
    ) -> None:
        """Let a level answer `bars` with `rows` of what it was asked, one for each."""
        self._classes[bars] = asked.classes[rows]
        self._confidence[bars] = asked.confidence[rows]
        self._probabilities[bars] = asked.probabilities[rows]
        self._levels[bars] = level

    def attempt(self, bar: int, level: int, reason: str) -> None:
        """Write down why a level does not answer a bar."""
        self._attempts[bar].append(f"level {level}: {reason}")

    def frame(self) -> pd.DataFrame:
        """All bars, as `Ladder.predict_frame` gives them."""
        levels = pd.Series(self._levels, index=self._index, dtype="Int64")
        return pd.DataFrame(
            {
                "signal": np.array(CLASS_NAMES)[self._classes],
                "confidence": self._confidence,
                "p_sell": self._probabilities[:, 0],
                "p_hold": self._probabilities[:, 1],
                "p_buy": self._probabilities[:, 2],
                "level": levels.replace(0, pd.NA),
                "attempts": ["; ".join(reasons) for reasons in self._attempts],
            },
            index=self._index,
        )


def _faults(step: Rung | str, features: pd.DataFrame) -> NDArray[np.object_]:
    """Why each row cannot be answered; an empty text where it can."""
    if isinstance(step, str):
        return np.full(len(features), step, dtype=object)
    if not len(features):
        return np.empty(0, dtype=object)
    names = step.runtime.features
    missing = {name for name in names if name not in features.columns}
    finite = np.ones((len(features), len(names)), dtype=np.bool_)
    present = [place for place, name in enumerate(names) if name not in missing]
    with np.errstate(over="ignore"):
        values = np.array(features[[names[place] for place in present]], dtype=np.float32)
    finite[:, present] = np.isfinite(values)
    patterns, kind = np.unique(finite, axis=0, return_inverse=True)
    texts = [row_fault(names, missing, pattern, ()) for pattern in patterns]
    return np.array(texts, dtype=object)[kind]
