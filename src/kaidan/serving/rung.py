"""One level of the ladder, open: what it says of a row, or why it says nothing."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kaidan.artifact.runtime import Runtime, RuntimeRefusal
from kaidan.serving.cache import Entry
from kaidan.serving.prediction import Attempt, Prediction, Probabilities
from kaidan.serving.row_fault import row_fault
from kaidan.signal import Signal


class Said(NamedTuple):
    """What a model says of one row."""

    signal: Signal
    confidence: float
    probabilities: Probabilities

    def as_answer(self, level: int, attempts: tuple[Attempt, ...]) -> Prediction:
        """The decision of the ladder, when this level is the one that answers."""
        return Prediction(*self, level=level, attempts=attempts)


@dataclass(frozen=True)
class Rung:
    """A level that can be asked.

    Attributes
    ----------
    level : int
    runtime : Runtime
    entry : Entry or None
        The version that it is, if a registry knows it.
    """

    level: int
    runtime: Runtime
    entry: Entry | None = None

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(self.runtime.features)

    @cached_property
    def _pick(self) -> Callable[[Mapping[str, Any]], Any]:
        return itemgetter(*self.runtime.features)

    @property
    def version(self) -> int | None:
        """Number of the registered version, if a registry knows it."""
        return None if self.entry is None else self.entry.version

    def ask(self, row: Mapping[str, Any], stale: Collection[str]) -> Said | str:
        """Ask the model.

        Parameters
        ----------
        row : mapping of feature name to value
            In any order; more than the level needs is fine.
        stale : collection of str
            Features whose value is too old.

        Returns
        -------
        Said or str
            A text says why there is no answer.
        """
        values = self._values(row)
        if stale and not self._names.isdisjoint(stale):
            return self._fault(row, values, stale)
        try:
            answer = self.runtime.predict(values)
        except RuntimeRefusal as error:
            return self._fault(row, values, stale) or str(error)
        classes, confidence = self.runtime.decide(answer)
        return Said(
            Signal[self.runtime.classes[classes[0]]],
            float(confidence[0]),
            Probabilities(*answer[0].tolist()),
        )

    def _values(self, row: Mapping[str, Any]) -> NDArray[np.float32]:
        """As the model sees it, shape (1, n_features): what is no number is NaN."""
        # What is beyond single precision is infinite, and refused as such.
        with np.errstate(over="ignore"):
            try:
                values = np.array(self._pick(row), dtype=np.float32)
            except (KeyError, TypeError, ValueError):
                names = self.runtime.features
                values = np.array([_number(row.get(name)) for name in names], dtype=np.float32)
        return values.reshape(1, -1)

    def _fault(
        self, row: Mapping[str, Any], values: NDArray[np.float32], stale: Collection[str]
    ) -> str:
        names = self.runtime.features
        missing = [name for name in names if name not in row]
        return row_fault(names, missing, np.isfinite(values[0]), stale)


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return np.nan
