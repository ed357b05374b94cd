"""When to ask again somebody who failed: soon at first, then ever less often."""


class Retries:
    """Waits that double from `first_seconds` to `last_seconds`.

    Parameters
    ----------
    first_seconds, last_seconds : float
    """

    def __init__(self, first_seconds: float, last_seconds: float) -> None:
        self._first = first_seconds
        self._last = last_seconds
        self._wait = first_seconds

    def after_failure(self) -> float:
        """Seconds to wait now."""
        wait = self._wait
        self._wait = min(2 * wait, self._last)
        return wait

    def after_success(self) -> None:
        """Begin again with the shortest wait."""
        self._wait = self._first
