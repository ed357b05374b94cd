"""Which week a retraining is of: that of its last bar, so that asking again means the same one."""

import pandas as pd

from kaidan.market.bar import ONE_BAR

ZONE = "Asia/Tokyo"
_SUNDAY, _HOUR = 6, 18  # the retraining of the week is due then


def week_of(last_bar: pd.Timestamp) -> str:
    """The Sunday, in Tokyo, at whose 18:00 the week began in which a bar closed.

    Parameters
    ----------
    last_bar : Timestamp with a zone
        Open time.

    Examples
    --------
    >>> week_of(pd.Timestamp("2026-11-22 08:45", tz="UTC"))  # closes on Sunday, 18:00 in Tokyo
    '2026-11-22'
    >>> week_of(pd.Timestamp("2026-11-22 08:30", tz="UTC"))
    '2026-11-15'
    """
    # By the wall clock: Tokyo knows no summer time.
    local = (last_bar + ONE_BAR).tz_convert(ZONE).tz_localize(None) - pd.Timedelta(hours=_HOUR)
    return f"{local - pd.Timedelta(days=(local.weekday() - _SUNDAY) % 7):%Y-%m-%d}"
