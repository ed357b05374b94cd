"""Bars from an exchange through ccxt, with a local history that only grows."""

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from kaidan.errors import DataError
from kaidan.market.bar import BAR_MINUTES, COLUMNS
from kaidan.market.bars import BAR_LENGTH, check_bars
from kaidan.market.history import load_history, save_history

_ATTEMPTS = 3
_TIMEOUT_MS = 10_000


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
    exchange has no candle for stays missing.

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
    DataError
        Unknown exchange or symbol, no network, or an answer that is not candles.
    """
    exchange, _, symbol = name.partition("/")
    symbol = symbol.replace("_", "/").upper()
    if not exchange or symbol.count("/") != 1:
        raise DataError(f"exchange:{name}: want exchange:NAME/BASE_QUOTE, as in bitbank/BTC_JPY")
    pages = _Pages(client or _open(exchange), symbol, name, pause_seconds)
    path = home / "bars" / exchange / f"{symbol.replace('/', '_')}.parquet"
    stored = load_history(path)
    history = None if stored is None else check_bars(stored, source=str(path), now=now)

    end = pd.Timestamp(now).tz_convert("UTC").floor(BAR_LENGTH)
    start = end - pd.Timedelta(days=days)
    cursor = _first_missing(history, start, end)
    while cursor is not None:
        page = pages.fetch(cursor, end)
        if page.empty:
            reached = cursor.floor("D") + pd.Timedelta(days=1)
        else:
            history = page if history is None else page.combine_first(history)
            save_history(history, path)
            reached = page.index[-1] + BAR_LENGTH
        if on_page is not None:
            on_page(min(1.0, (reached - start) / (end - start)))
        cursor = _first_missing(history, reached, end)
    if history is None or history.loc[start:].empty:
        raise DataError(f"exchange:{name}: no closed bars in {days} days; ask for more days")
    return check_bars(history.loc[start:], source=f"exchange:{name}", now=now)


class _Pages:
    """One symbol's candles; knows what can go wrong on the way to them."""

    def __init__(self, client: Any, symbol: str, name: str, pause_seconds: float) -> None:
        self._client = client
        self._symbol = symbol
        self._source = f"exchange:{name}"
        self._pause_seconds = pause_seconds
        markets = self._ask(client.load_markets)
        if symbol not in markets:
            known = ", ".join(sorted(markets)[:5])
            raise DataError(f"{self._source}: unknown symbol {symbol}; want one of {known}, ...")
        if f"{BAR_MINUTES}m" not in (client.timeframes or {}):
            raise DataError(f"{self._source}: has no {BAR_MINUTES}-minute candles; use another")

    def fetch(self, since: pd.Timestamp, end: pd.Timestamp) -> pd.DataFrame:
        """Fetch the bars that open at or after `since` and close by `end`; maybe none."""
        rows = self._ask(
            self._client.fetch_ohlcv,
            self._symbol,
            f"{BAR_MINUTES}m",
            since=int(since.timestamp() * 1000),
        )
        page = pd.DataFrame(rows, columns=["timestamp", *COLUMNS])
        opened = pd.to_datetime(page["timestamp"], unit="ms", utc=True)
        page = page[(opened >= since) & (opened + BAR_LENGTH <= end)]
        page = page.drop_duplicates("timestamp", keep="last").sort_values("timestamp")
        if page.empty:
            return page
        return check_bars(page, source=self._source, now=end.to_pydatetime())

    def _ask(self, call: Callable[..., Any], *args: Any, **options: Any) -> Any:
        # All of ccxt's errors: bitbank's "too many requests" comes as the same class as its others.
        from ccxt import BaseError

        for attempt in range(_ATTEMPTS):
            if attempt:
                time.sleep(self._pause_seconds * 2 ** (attempt - 1))
            try:
                answer = call(*args, **options)
            except BaseError as error:
                failure = error
            else:
                self._refuse_page()
                return answer
        reason = f"{type(failure).__name__}: {' '.join(str(failure).split())[:120]}"
        raise DataError(
            f"{self._source}: no candles in {_ATTEMPTS} attempts ({reason}); "
            "check the network and the name, or try later"
        ) from failure

    def _refuse_page(self) -> None:
        """Ccxt reads a web page (a maintenance notice, a login) as an answer without candles."""
        text = (self._client.last_http_response or "").lstrip()
        if text[:1] not in {"{", "["}:
            raise DataError(f"{self._source}: the answer is not JSON but {text[:40]!r}; try later")


def _open(exchange: str) -> Any:
    import ccxt  # 1.6 s and 56 MB: only who asks an exchange pays for it

    if exchange not in ccxt.exchanges:
        raise DataError(
            f"exchange:{exchange}: unknown exchange; want a ccxt name such as bitbank or binance"
        )
    return getattr(ccxt, exchange)({"timeout": _TIMEOUT_MS, "enableRateLimit": True})


def _first_missing(
    history: pd.DataFrame | None, start: pd.Timestamp, end: pd.Timestamp
) -> pd.Timestamp | None:
    slots = pd.date_range(start, end, freq=BAR_LENGTH, inclusive="left")
    missing = slots if history is None else slots[~slots.isin(history.index)]
    return None if missing.empty else missing[0]
