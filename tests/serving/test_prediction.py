"""An answer explains itself, the dummy's too."""

from kaidan.serving.dummy import DummyModel
from kaidan.serving.prediction import Attempt, Prediction, Probabilities
from kaidan.signal import Signal

ANSWER = Prediction(
    Signal.BUY, 0.5, Probabilities(0.2, 0.3, 0.5), 2, (Attempt(1, "missing: usd_jpy"),)
)


def test_an_answer_says_who_spoke_and_why_nobody_above() -> None:
    assert str(ANSWER) == "BUY with confidence 0.500 from level 2\n  level 1: missing: usd_jpy"


def test_an_answer_is_plain_values_for_a_journal() -> None:
    assert ANSWER.to_dict() == {
        "signal": "BUY",
        "confidence": 0.5,
        "probabilities": {"sell": 0.2, "hold": 0.3, "buy": 0.5},
        "level": 2,
        "attempts": [{"level": 1, "reason": "missing: usd_jpy"}],
    }


def test_the_dummy_says_hold_by_name_and_is_sure_of_nothing() -> None:
    answer = DummyModel().predict(attempts=(Attempt(3, "gone"),))
    assert (answer.signal, answer.confidence, answer.level) == (Signal.HOLD, 0.0, None)
    assert sum(answer.probabilities) == 1
    assert str(answer).startswith("HOLD with confidence 0.000 from dummy\n  level 3: gone")
