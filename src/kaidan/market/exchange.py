"""Bars from an exchange through ccxt, with a local history that only grows."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from kaidan.errors import DataError, UsageError
from kaidan.market.bar import COLUMNS
from kaidan.market.bars import BAR_LENGTH, check_bars
from kaidan.market.candles import Candles, open_exchange
from kaidan.market.history import load_history, save_history

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Latest:
    """The newest bars of an exchange, as far as they could be had.

    Parameters
    ----------
    bars : DataFrame of shape (n_bars, 5)
        As `check_bars` returns it, from the local history; maybe empty.
    failure : str or None
        Why the history was not brought up to date.
    dropped : str or None
        Which candles were left out, and why.
    spread_share : float or None
        Best ask less best bid, over their middle.
    clock : datetime or None
        Now, by the exchange's clock; None when it does not say.
    """

    bars: pd.DataFrame
    failure: str | None
    dropped: str | None = None
    spread_share: float | None = None
    clock: datetime | None = None


def fetch_bars(
    name: str,
    *,
    home: Path,
    days: int,
    now: datetime,
    client: Any = None,
    pause_seconds: float = 1.0,
    on_page: Callable[[float], None] | None = None,
) -> pd.DataFrame:
    """Fetch the closed bars of the last `days` days, as far as the exchange has them.

    What is fetched is kept in `home`/bars/EXCHANGE/SYMBOL.parquet after every page, so that an
    interruption loses nothing. Slots that are missing there are asked for; a slot that the
    exchange has no candle for stays missing, and so does one whose candle cannot be true.

    Parameters
    ----------
    name : str
        EXCHANGE/BASE_QUOTE as in `bitbank/BTC_JPY`; BTC/JPY is the same symbol.
    home : Path
    days : int, before `now`
    now : datetime with a zone
    client : ccxt exchange, optional
        Default: ccxt's own for EXCHANGE.
    pause_seconds : float
        Wait before the second attempt; doubled before the third.
    on_page : function of the share done (0 to 1), optional
        Called after each page.

    Raises
    ------
    UsageError
        Unknown exchange or symbol.
    DataError
        No network, or an answer that is not candles.
    """
    market = _Market(name, home)
    candles = market.candles(client, pause_seconds)
    end = _slot(now)
    start = end - pd.Timedelta(days=days)
    market.complete(candles, start, end, on_page=on_page)
    if candles.dropped is not None:
        _log.warning("%s", candles.dropped)
    bars = market.stored(start)
    bars = bars[bars.index < end]
    if bars.empty:
        raise DataError(f"exchange:{name}: no closed bars in {days} days; ask for more days")
    return bars


def fetch_latest(
    name: str,
    *,
    home: Path,
    since: datetime,
    again: int,
    now: datetime,
    client: Any = None,
    pause_seconds: float = 1.0,
) -> Latest:
    """Fetch the closed bars from `since` on; what fails is told beside what there is.

    Which candles have closed is decided by the exchange's clock, where it tells it: the candles
    are cut by that one, and this machine's may be off.

    Parameters
    ----------
    name, home, client, pause_seconds
        As for `fetch_bars`.
    since : datetime with a zone
    again : int, in bars
        As many of the newest slots are asked for even if they are stored: candles are revised.
    now : datetime with a zone

    Raises
    ------
    UsageError
        Unknown exchange or symbol.
    DataError
        The local history cannot be read.
    """
    market = _Market(name, home)
    start = _slot(since)
    candles: Candles | None = None
    failure: str | None = None
    try:
        candles = market.candles(client, pause_seconds)
        market.complete(candles, start, _slot(candles.clock or now), again=again)
    except DataError as error:
        failure = str(error)
    bars = market.stored(start)
    if candles is None:
        return Latest(bars, failure)
    spread_share = None if failure else candles.spread_share()
    bars = bars[bars.index < _slot(candles.clock or now)]
    return Latest(bars, failure, candles.dropped, spread_share, candles.clock)


def stored_bars(name: str, *, home: Path, since: datetime) -> pd.DataFrame:
    """Bars of the local history from `since` on, without asking anybody; maybe none.

    Raises
    ------
    UsageError
        `name` has another shape than EXCHANGE/BASE_QUOTE.
    DataError
        The local history cannot be read.
    """
    return _Market(name, home).stored(_slot(since))


class _Market:
    """One symbol of one exchange, and the local history of it."""

    def __init__(self, name: str, home: Path) -> None:
        self._exchange, _, symbol = name.partition("/")
        self._symbol = symbol.replace("_", "/").upper()
        self._source = f"exchange:{name}"
        currencies = self._symbol.split("/")
        if not self._exchange or len(currencies) != 2 or not all(currencies):
            raise UsageError(
                f"{self._source}: want exchange:NAME/BASE_QUOTE, as in bitbank/BTC_JPY"
            )
        self._path = home / "bars" / self._exchange / f"{self._symbol.replace('/', '_')}.parquet"

    def candles(self, client: Any, pause_seconds: float) -> Candles:
        client = client or open_exchange(self._exchange)
        return Candles(client, self._symbol, self._source, pause_seconds=pause_seconds)

    def stored(self, start: pd.Timestamp) -> pd.DataFrame:
        bars = self._load()
        if bars is None:
            no_times = pd.DatetimeIndex([], dtype="datetime64[ns, UTC]", name="timestamp")
            return pd.DataFrame(index=no_times, columns=list(COLUMNS), dtype="float64")
        return bars[bars.index >= start]

    def complete(
        self,
        candles: Candles,
        start: pd.Timestamp,
        end: pd.Timestamp,
        *,
        again: int = 0,
        on_page: Callable[[float], None] | None = None,
    ) -> None:
        """Ask for what is missing from `start` to `end`, and for the last `again` slots anyway."""
        history = self._load()
        slots = pd.date_range(start, end, freq=BAR_LENGTH, inclusive="left")
        known = slots.isin(history.index if history is not None else [])
        wanted = slots[~known | (slots >= end - again * BAR_LENGTH)]
        while not wanted.empty:
            page = candles.fetch(wanted[0], end)
            if page.empty:
                reached = wanted[0].floor("D") + pd.Timedelta(days=1)
            else:
                history = page if history is None else page.combine_first(history)
                save_history(history, self._path)
                reached = page.index[-1] + BAR_LENGTH
            if on_page is not None:
                on_page(min(1.0, (reached - start) / (end - start)))
            wanted = wanted[wanted >= reached]

    def _load(self) -> pd.DataFrame | None:
        stored = load_history(self._path)
        if stored is None:
            return None
        # Whatever is stored had closed: a clock that went back does not undo it.
        ever = datetime.max.replace(tzinfo=UTC)
        return check_bars(stored, source=str(self._path), now=ever)


def _slot(time: datetime) -> pd.Timestamp:
    return pd.Timestamp(time).tz_convert("UTC").floor(BAR_LENGTH)
