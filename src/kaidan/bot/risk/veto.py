"""A reason against opening a position; what is held may always be left."""

from typing import NamedTuple


class Veto(NamedTuple):
    """One reason, with the numbers that made it.

    Attributes
    ----------
    name : str
        To be counted and filtered by.
    text : str
        What was found and what was wanted.
    """

    name: str
    text: str

    def __str__(self) -> str:
        return f"{self.name}: {self.text}"
