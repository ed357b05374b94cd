"""One answer of the bot, explained by the version that gave it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from kaidan.errors import RegistryError
from kaidan.evaluation.explanation import Explanation
from kaidan.registry.native import explain, fetch_native
from kaidan.registry.reference import fetch_reference
from kaidan.registry.store import Version

# The graph answers in single precision; what is further off was answered by something else.
_TOLERANCE = 1e-4


@dataclass(frozen=True)
class Moved:
    """What one feature did to one answer.

    Attributes
    ----------
    name : str
    value : float
    lower, upper : float in [0, 1]
        Between which shares of the training rows, sorted by this feature, the value lies.
    adds : tuple of float, shape (3,)
        To the probabilities of SELL, HOLD and BUY.
    """

    name: str
    value: float
    lower: float
    upper: float
    adds: tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class Explained:
    """One answer.

    Attributes
    ----------
    version : Version
    base, answered : tuple of float, shape (3,)
        The vote of members that all have their mean scores, and the vote on this row.
    moved : tuple of Moved
        In the order of the model's inputs; base plus all that they add is the answer.
    """

    version: Version
    base: tuple[float, ...]
    answered: tuple[float, ...]
    moved: tuple[Moved, ...]


def explain_answer(
    version: Version, row: pd.Series, probabilities: Sequence[float], model_sha256: str | None
) -> Explained:
    """Say what each feature added to an answer that was given.

    Parameters
    ----------
    version : Version
    row : Series of shape (n_features,)
        By feature; has the version's inputs.
    probabilities : sequence of float, shape (3,)
        What was answered.
    model_sha256 : str or None
        The model that answered.

    Raises
    ------
    RegistryError
        The version in this store is another model, has no native members, or these do not say
        what was answered.
    """
    name = f"{version.name} version {version.number}"
    if version.tag("model_sha256") != model_sha256:
        raise RegistryError(
            f"{name} is model {version.tag('model_sha256')[:12]} in this store, the bot asked "
            f"{(model_sha256 or 'none')[:12]}: set MLFLOW_TRACKING_URI to the bot's store"
        )
    native = fetch_native(version)
    found = explain(native, row.to_frame().T)
    off = float(np.abs(found.base + found.values[0].sum(axis=0) - probabilities).max())
    if not off <= _TOLERANCE:
        raise RegistryError(
            f"{name} says otherwise than the journal, by {off:.2g}: the row is of other features "
            "than it was trained on; give --config the settings that the bot runs with"
        )
    return Explained(
        version,
        tuple(found.base.tolist()),
        tuple(found.answered[0].tolist()),
        _moved(found, row, fetch_reference(version)["features"]),
    )


def _moved(found: Explanation, row: pd.Series, reference: dict[str, Any]) -> tuple[Moved, ...]:
    return tuple(
        Moved(name, float(row[name]), *_place(float(row[name]), reference[name]), tuple(adds))
        for name, adds in zip(found.names, found.values[0].tolist(), strict=True)
    )


def _place(value: float, known: dict[str, Any]) -> tuple[float, float]:
    """Shares of the training rows below the value's interval, and up to its end."""
    upto = np.concatenate([[0.0], np.cumsum(known["shares"][:-1]), [1.0]])
    # As the members see it and as the reference was counted.
    place = int(np.searchsorted(known["edges"], value, side="left"))
    return float(upto[place]), float(upto[place + 1])
