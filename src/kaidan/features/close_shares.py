"""Recursive averages as shares of the close: what a member can compare between years."""

from kaidan.features.ohlcv import Array, Columns


def close_shares(recursive: Columns, close: Array) -> Columns:
    """Average true range in percent of the close, and the distance of the two exponential means.

    Parameters
    ----------
    recursive : dict of arrays of shape (n_bars,)
        With `atr_14`, `ema_20` and `ema_50`.
    close : array of shape (n_bars,)
    """
    return {
        "natr_14": 100.0 * recursive["atr_14"] / close,
        "ema_spread": (recursive["ema_20"] - recursive["ema_50"]) / close,
    }
