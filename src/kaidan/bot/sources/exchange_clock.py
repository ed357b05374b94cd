"""What time it is for the exchange, when this machine's clock is wrong or was just set.

A clock that goes back three hours must not blind the bot for three hours, and one that goes forward
must not make it ask for bars that nobody has yet.
"""

from datetime import datetime, timedelta

_STEP_SECONDS = 30.0  # between two polls a clock does not drift so far: somebody set it
_TOLERANCE_SECONDS = 30.0  # the answer of a process that took some seconds to start


class ExchangeClock:
    """The wall clock, corrected by what the exchange says of the time.

    Attributes
    ----------
    stepped_seconds : float
        How far the wall clock was set since the exchange was last heard; 0 when it was not.
    ahead_seconds : float
        How far the wall clock is ahead of the exchange's, as far as is known.
    """

    def __init__(self) -> None:
        self.stepped_seconds = 0.0
        self.ahead_seconds = 0.0
        self._before: tuple[datetime, float] | None = None

    def read(self, now: datetime, monotonic: float) -> datetime:
        """Look at the clocks; the time for the exchange.

        Parameters
        ----------
        now : datetime with a zone, of the wall clock
        monotonic : float, in seconds
            Of a clock that nobody can set.
        """
        if self._before is not None:
            passed = (now - self._before[0]).total_seconds()
            step = passed - (monotonic - self._before[1])
            if abs(step) > _STEP_SECONDS:
                self.stepped_seconds += step
                self.ahead_seconds += step  # until the exchange says which of both was right
        self._before = (now, monotonic)
        return now - timedelta(seconds=self.ahead_seconds)

    def heard(self, ahead_seconds: float | None) -> None:
        """Take in an answer of the exchange.

        Parameters
        ----------
        ahead_seconds : float or None
            How far what `read` returned is ahead of the exchange's clock; None: it does not say,
            and the wall clock is believed.
        """
        if ahead_seconds is None:
            self.ahead_seconds = 0.0
        elif abs(ahead_seconds) > _TOLERANCE_SECONDS:
            self.ahead_seconds += ahead_seconds
        if abs(self.ahead_seconds) <= _TOLERANCE_SECONDS:
            self.ahead_seconds = 0.0
        self.stepped_seconds = 0.0

    @property
    def trouble(self) -> str | None:
        """What is wrong with the wall clock, in one line."""
        if self.stepped_seconds:
            return (
                f"this machine's clock went {_said(self.stepped_seconds)} at once (it was set, or "
                "the machine slept); the exchange is asked what time it is"
            )
        if self.ahead_seconds:
            where = "ahead of" if self.ahead_seconds > 0 else "behind"
            return (
                f"this machine's clock is {abs(self.ahead_seconds):.0f} s {where} the exchange's, "
                "which is gone by: set it"
            )
        return None


def _said(seconds: float) -> str:
    return f"{'forward' if seconds > 0 else 'back'} {abs(seconds):.0f} s"
