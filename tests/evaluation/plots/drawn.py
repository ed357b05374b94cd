"""Answers to draw, and the picture that a figure becomes."""

from io import BytesIO

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from kaidan.evaluation.report import ENSEMBLE, Judged


def answers(
    n: int, start: str = "2025-01-01", classes: tuple[int, ...] = (0, 1, 2), seed: int = 0
) -> Judged:
    """`n` bars on which everybody guesses among `classes`, and only these come true."""
    rng = np.random.default_rng(seed)
    probabilities = {}
    for source in (ENSEMBLE, "prior", "volatility_prior"):
        probabilities[source] = np.zeros((n, 3))
        probabilities[source][:, classes] = rng.dirichlet(np.full(len(classes), 5.0), n)
    return Judged(
        times=pd.date_range(start, periods=n, freq="15min", tz="UTC"),
        y=rng.choice(classes, n),
        probabilities=probabilities,
        verdicts=probabilities[ENSEMBLE].argmax(axis=1),
    )


def png(figure: Figure) -> bytes:
    picture = BytesIO()
    figure.savefig(picture, format="png")
    return picture.getvalue()
