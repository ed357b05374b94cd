"""Down at once, up only after a while: a level that comes and goes must not flap."""

from collections.abc import Iterable, Mapping
from itertools import takewhile


class Climb:
    """Which of the levels that can answer a bar may.

    A level that was out answers again on the last of `after_bars` bars in a row on which it could
    have. Waiting is for climbing: a level below the one that answers never waits, and where only
    levels that wait can answer, the one that could for longest does.

    Parameters
    ----------
    after_bars : int
        1: no waiting.

    Examples
    --------
    >>> climb = Climb(after_bars=2)
    >>> [climb.step({1: able, 2: True}.items()) for able in (True, False, True, True)]
    [1, 2, 2, 1]
    """

    def __init__(self, after_bars: int) -> None:
        self._after_bars = after_bars
        self._waiting: dict[int, int] = {}

    def step(self, asked: Iterable[tuple[int, bool]]) -> int | None:
        """Choose who answers one bar.

        Parameters
        ----------
        asked : iterable of (level, whether it can answer)
            From the highest level down; not read beyond the level that is chosen.

        Returns
        -------
        int or None
            None: nobody may.
        """
        waiting: dict[int, int] = {}
        chosen = None
        for level, able in asked:
            could = self._waiting.get(level, self._after_bars) + 1 if able else 0
            if could >= self._after_bars:
                chosen = level
                break
            waiting[level] = could
        self._waiting = waiting
        if chosen is None and any(waiting.values()):
            return max(waiting, key=waiting.__getitem__)
        return chosen

    def above(self, chosen: int | None) -> list[int]:
        """Levels above the one that answered; all, if nobody did."""
        return list(takewhile(lambda level: level != chosen, self._waiting))

    def reason(self, level: int) -> str:
        """Why a level that can answer does not."""
        return f"could answer for {self._waiting[level]} of {self._after_bars} bars: waits"

    def state(self) -> dict[str, int]:
        """Plain JSON, for `restore`."""
        return {str(level): bars for level, bars in self._waiting.items()}

    def restore(self, state: Mapping[str, int]) -> None:
        """Go on from what `state` gave."""
        self._waiting = {int(level): int(bars) for level, bars in state.items()}
