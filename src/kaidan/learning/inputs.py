"""Which columns the members may split on; asked for by training and by tuning."""

from collections.abc import Iterable
from typing import Literal

from kaidan.features.catalogue import CATALOGUE


def input_names(columns: Iterable[str], inputs: Literal["stationary", "all"]) -> tuple[str, ...]:
    """All columns, or those that are not known to move with the price, in the order given."""
    return tuple(
        name
        for name in columns
        if inputs == "all" or name not in CATALOGUE or CATALOGUE[name].stationary
    )
