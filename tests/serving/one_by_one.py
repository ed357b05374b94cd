"""Many bars asked one after the other, to be held against all of them at once."""

import pandas as pd

from kaidan.serving.ladder import Ladder


def frame_of(ladder: Ladder, features: pd.DataFrame) -> pd.DataFrame:
    """What `predict` says of each row, in the form of `predict_frame`."""
    said = [ladder.predict(row) for _, row in features.iterrows()]
    return pd.DataFrame(
        {
            "signal": [answer.signal.name for answer in said],
            "confidence": [answer.confidence for answer in said],
            "p_sell": [answer.probabilities.sell for answer in said],
            "p_hold": [answer.probabilities.hold for answer in said],
            "p_buy": [answer.probabilities.buy for answer in said],
            "level": pd.array([answer.level for answer in said], dtype="Int64"),
            "attempts": ["; ".join(str(a) for a in answer.attempts) for answer in said],
        },
        index=features.index,
    )
