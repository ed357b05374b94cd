"""What the models say about one bar: one answer, or several made into one."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from kaidan.errors import UsageError
from kaidan.serving.prediction import Prediction, Probabilities
from kaidan.signal import N_CLASSES, Signal
from kaidan.trading.policy import Side

_DIRECTIONS = {Signal.SELL: Side.SHORT, Signal.HOLD: Side.FLAT, Signal.BUY: Side.LONG}
_SUM_TOLERANCE = 1e-3
_DUMMY = Probabilities(sell=0.0, hold=1.0, buy=0.0)


@dataclass(frozen=True)
class MlView:
    """The models' side of a decision.

    Attributes
    ----------
    signal : Signal
        HOLD when all abstain.
    confidence : float, 0 to 1
        Mean probability of the signal; 0 when all abstain.
    probabilities : Probabilities or None
        Mean over those who answer; None when all abstain.
    reasons : tuple of str
        What was said, for a person.
    """

    signal: Signal
    confidence: float
    probabilities: Probabilities | None
    reasons: tuple[str, ...]

    @property
    def abstains(self) -> bool:
        """Whether no model spoke: the view then weighs nothing."""
        return self.probabilities is None

    @property
    def direction(self) -> Side:
        """The side that the signal is for; FLAT for HOLD."""
        return _DIRECTIONS[self.signal]

    @property
    def edge(self) -> float:
        """p_buy - p_sell, in [-1, 1]."""
        chances = self.probabilities
        return 0.0 if chances is None else chances.buy - chances.sell

    def __str__(self) -> str:
        return "; ".join(self.reasons)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for the journal."""
        chances = self.probabilities
        return {
            "signal": self.signal.name,
            "confidence": self.confidence,
            "probabilities": None if chances is None else chances._asdict(),
            "edge": self.edge,
            "abstains": self.abstains,
            "reasons": list(self.reasons),
        }


def view_of_prediction(prediction: Prediction) -> MlView:
    """View of the ladder's answer; the dummy abstains.

    Raises
    ------
    UsageError
        Its probabilities are no distribution.
    """
    if prediction.level is None or prediction.confidence == 0:
        return _together([], n_abstained=1)
    return _together([(prediction.signal, _checked(prediction.probabilities))], n_abstained=0)


def view_of_arrays(predictions: ArrayLike, probabilities: ArrayLike) -> MlView:
    """See `IntegratedRiskManager.evaluate_ml_signals`."""
    said = np.atleast_1d(np.asarray(predictions, dtype=object)).ravel()
    rows = _rows(probabilities)
    if rows.shape != (len(said), N_CLASSES):
        raise UsageError(
            f"evaluate_ml_signals: got {len(said)} predictions and probabilities of shape "
            f"{rows.shape}, want ({len(said)}, {N_CLASSES}): pass SELL, HOLD, BUY of each"
        )
    spoken = []
    for one, row in zip(said, map(Probabilities._make, rows.tolist()), strict=True):
        signal = _signal(one)
        if not _abstains(row):
            spoken.append((signal, _checked(row)))
    return _together(spoken, n_abstained=len(said) - len(spoken))


def _together(answers: Sequence[tuple[Signal, Probabilities]], *, n_abstained: int) -> MlView:
    if not answers:
        return MlView(Signal.HOLD, 0.0, None, ("no model answers",))
    n = len(answers)
    columns = zip(*(row for _, row in answers), strict=True)
    mean = Probabilities._make(sum(column) / n for column in columns)
    signal = _majority(answers)
    reasons = [
        f"{signal.name} {mean[signal]:.2f} "
        f"(sell {mean.sell:.2f}, hold {mean.hold:.2f}, buy {mean.buy:.2f})"
    ]
    if _DIRECTIONS[signal] * (mean.buy - mean.sell) < 0:
        reasons.append(f"the other side is likelier than {signal.name}")
    if n > 1 or n_abstained:
        reasons.append(f"{n} of {n + n_abstained} answer")
    return MlView(signal, mean[signal], mean, tuple(reasons))


def _majority(answers: Sequence[tuple[Signal, Probabilities]]) -> Signal:
    """The signal with most confidence behind it; a tie is HOLD."""
    weights = {signal: sum(p[signal] for s, p in answers if s is signal) for signal in Signal}
    most = max(weights.values())
    surest = [signal for signal in Signal if weights[signal] >= most - 1e-12]
    return surest[0] if len(surest) == 1 else Signal.HOLD


def _rows(probabilities: ArrayLike) -> np.ndarray[Any, np.dtype[np.float64]]:
    try:
        rows = np.asarray(probabilities, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"evaluate_ml_signals: got probabilities {probabilities!r:.60}, want numbers of shape "
            f"(n, {N_CLASSES}): pass SELL, HOLD, BUY of each prediction"
        ) from error
    if rows.size == 0:
        return rows.reshape(0, N_CLASSES)
    return np.atleast_2d(rows)


def _abstains(row: Probabilities) -> bool:
    # Only the dummy is ever certain: calibrated probabilities are above 0.
    return row == _DUMMY or not any(row) or all(map(math.isnan, row))


def _checked(row: Probabilities) -> Probabilities:
    if not (min(row) >= 0 and abs(sum(row) - 1) <= _SUM_TOLERANCE):
        raise UsageError(
            f"answer: got probabilities {tuple(row)}, want three from 0 to 1 that add "
            "up to 1: pass SELL, HOLD, BUY, or zeros where a model abstains"
        )
    return row


def _signal(value: Any) -> Signal:
    try:
        return Signal[value] if isinstance(value, str) else Signal(value)
    except (KeyError, ValueError) as error:
        raise UsageError(
            f"evaluate_ml_signals: got prediction {value!r}, want SELL, HOLD or BUY (0, 1, 2): "
            "pass Signal values"
        ) from error
