"""One symbol's candles at one exchange, through ccxt: all that can go wrong on the way to them."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import numpy as np
import pandas as pd

from kaidan.errors import DataError, UsageError
from kaidan.market.bar import BAR_MINUTES, COLUMNS
from kaidan.market.bars import BAR_LENGTH

_ATTEMPTS = 3
_TIMEOUT_MS = 10_000
# Ccxt's own, and what it stumbles over when an answer has a form that it does not expect.
_STUMBLES = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def open_exchange(exchange: str, *, address: str | None = None) -> Any:
    """Ccxt's client for `exchange`; at `address` instead of the exchange's own, if given.

    Raises
    ------
    UsageError
        Ccxt knows no such exchange.
    """
    import ccxt  # 1.6 s and 56 MB: only who asks an exchange pays for it

    if exchange not in ccxt.exchanges:
        raise UsageError(
            f"exchange:{exchange}: unknown exchange; want a ccxt name such as bitbank or binance"
        )
    client = getattr(ccxt, exchange)({"timeout": _TIMEOUT_MS, "enableRateLimit": True})
    if address is not None:
        client.urls["api"] = _all_at(client.urls["api"], address)
    return client


class Candles:
    """Asks for the candles of one symbol.

    Parameters
    ----------
    client : ccxt exchange
    symbol : str, BASE/QUOTE
    source : str
        What to call it in a message.
    pause_seconds : float
        Wait before the second attempt; doubled before the third.

    Attributes
    ----------
    dropped : str or None
        Which candles were left out since the start, and why.

    Raises
    ------
    UsageError
        The exchange has no such symbol, or no 15-minute candles.
    DataError
        It does not answer, or with something else.
    """

    def __init__(self, client: Any, symbol: str, source: str, *, pause_seconds: float) -> None:
        self._client = client
        self._symbol = symbol
        self._source = source
        self._pause_seconds = pause_seconds
        self._ahead: float | None = None
        self.dropped: str | None = None
        markets = self._ask(client.load_markets)
        if symbol not in markets:
            known = ", ".join(sorted(markets)[:5])
            raise UsageError(f"{source}: unknown symbol {symbol}; want one of {known}, ...")
        if f"{BAR_MINUTES}m" not in (client.timeframes or {}):
            raise UsageError(f"{source}: has no {BAR_MINUTES}-minute candles; use another")

    @property
    def clock(self) -> datetime | None:
        """Now, by the exchange's clock as its answers told it; None when they do not."""
        if self._ahead is None:
            return None
        return datetime.fromtimestamp(self._ahead + time.monotonic(), UTC)

    def fetch(self, since: pd.Timestamp, end: pd.Timestamp) -> pd.DataFrame:
        """Fetch the bars that open at or after `since` and close by `end`; maybe none.

        A candle that cannot be true is left out and told in `dropped`: a missing bar is better
        than a page of them, or an invented one.
        """
        rows = self._ask(
            self._client.fetch_ohlcv,
            self._symbol,
            f"{BAR_MINUTES}m",
            since=int(since.timestamp() * 1000),
        )
        try:
            page = pd.DataFrame(rows, columns=["timestamp", *COLUMNS])
        except (ValueError, TypeError) as error:
            raise DataError(f"{self._source}: the candles have another form: try later") from error
        page = page.apply(pd.to_numeric, errors="coerce").astype("float64")
        opened = pd.to_datetime(page["timestamp"], unit="ms", utc=True, errors="coerce")
        page = self._sieve(page, opened).loc[(opened >= since) & (opened + BAR_LENGTH <= end)]
        page = page.drop_duplicates("timestamp", keep="last").sort_values("timestamp")
        times = pd.DatetimeIndex(
            pd.to_datetime(page["timestamp"], unit="ms", utc=True), name="timestamp"
        )
        bars: pd.DataFrame = page[list(COLUMNS)].set_axis(times.as_unit("ns"))
        step = bars.index.diff().min()
        # Of few candles, those around an outage are far apart, too, but never all of them.
        if len(bars) > 2 and step != BAR_LENGTH:
            raise DataError(
                f"{self._source}: the candles are {step / pd.Timedelta(minutes=1):g} minutes "
                f"apart; want {BAR_MINUTES}: use another exchange"
            )
        return bars

    def spread_share(self) -> float | None:
        """Best ask less best bid, over their middle; None when it cannot be had just now."""
        from ccxt import BaseError

        try:
            ticker = self._client.fetch_ticker(self._symbol)
            bid, ask = float(ticker["bid"]), float(ticker["ask"])
        except (BaseError, *_STUMBLES):
            return None  # an answer without it is worth more than none
        share = 2 * (ask - bid) / (ask + bid) if bid > 0 and ask > 0 else np.nan
        return float(share) if 0 <= share < np.inf else None

    def _sieve(self, page: pd.DataFrame, opened: pd.Series) -> pd.DataFrame:
        prices = page[["open", "high", "low", "close"]]
        sound: pd.Series = (
            opened.notna()
            & (opened == opened.dt.floor(BAR_LENGTH))
            & np.isfinite(page[list(COLUMNS)]).all(axis=1)
            & (prices > 0).all(axis=1)
            & (page["volume"] >= 0)
            & (prices.max(axis=1) == page["high"])
            & (prices.min(axis=1) == page["low"])
        )
        if not sound.all():
            first = page[~sound].iloc[0]
            when = pd.Timestamp(opened[~sound].iloc[0])
            said = ", ".join(f"{name} {first[name]:.10g}" for name in COLUMNS)
            at = "no time" if pd.isna(when) else when.isoformat()
            count = int((~sound).sum())
            self.dropped = f"{self._source}: {count} impossible candles left out ({at}: {said})"
        return page.loc[sound]

    def _ask(self, call: Callable[..., Any], *args: Any, **options: Any) -> Any:
        # All of ccxt's errors: bitbank's "too many requests" comes as the same class as its others.
        from ccxt import BaseError

        for attempt in range(_ATTEMPTS):
            if attempt:
                time.sleep(self._pause_seconds * 2 ** (attempt - 1))
            try:
                answer = call(*args, **options)
            except (BaseError, *_STUMBLES) as error:
                failure = error
            else:
                self._refuse_page()
                self._read_clock()
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

    def _read_clock(self) -> None:
        headers = self._client.last_response_headers or {}
        try:
            answered = parsedate_to_datetime(headers["Date"]).timestamp()
            answered += int(headers.get("Age", 0))  # how long it lay in a cache on the way
        except (LookupError, ValueError, OverflowError):
            return
        ahead = answered - time.monotonic()
        self._ahead = ahead if self._ahead is None else max(ahead, self._ahead)


def _all_at(urls: Any, address: str) -> Any:
    if isinstance(urls, dict):
        return {name: _all_at(url, address) for name, url in urls.items()}
    return address
