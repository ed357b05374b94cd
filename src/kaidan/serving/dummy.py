"""The foot of the ladder: HOLD by name, with no confidence at all."""

from kaidan.serving.prediction import Attempt, Prediction, Probabilities
from kaidan.signal import Signal


class DummyModel:
    """Answers when no level can.

    Examples
    --------
    >>> answer = DummyModel().predict()
    >>> answer.signal.name, answer.confidence, answer.level
    ('HOLD', 0.0, None)
    """

    def predict(self, features: object = None, *, attempts: tuple[Attempt, ...] = ()) -> Prediction:
        """HOLD with confidence 0, whatever the features are."""
        return Prediction(
            signal=Signal.HOLD,
            confidence=0.0,
            probabilities=Probabilities(sell=0.0, hold=1.0, buy=0.0),
            level=None,
            attempts=attempts,
        )
