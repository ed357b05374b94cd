"""An exchange on the loopback with a clock of its own, and errands without their processes."""

import importlib
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from kaidan.bot.errands.outside import OutsideError
from kaidan.errors import KaidanError
from kaidan.settings import Settings, load_settings

SLOT = timedelta(minutes=15)
PAIR = {"name": "btc_jpy", "base_asset": "btc", "quote_asset": "jpy", "is_enabled": True}
WARMUP = 20


def settings(**source: float) -> Settings:
    """Settings with a short warm-up and other keys of `bot.source`."""
    whole = load_settings()
    levels = whole.levels.model_copy(update={"warmup_bars": WARMUP})
    bot = whole.bot.model_copy(update={"source": whole.bot.source.model_copy(update=source)})
    return whole.model_copy(update={"levels": levels, "bot": bot})


class Exchange:
    """Bitbank's public interface, for an exchange that has traded for ever.

    `clock` is its time, `missing` and `changed` its candles (open, high, low, close, volume) by
    slot, and `fault`, when set, answers in place of candles.
    """

    def __init__(self, clock: datetime) -> None:
        self.url = ""
        self.clock = clock
        self.tells_time = True
        self.missing: set[datetime] = set()
        self.changed: dict[datetime, list[float]] = {}
        self.fault: Callable[[], tuple[int, str]] | None = None
        self.asked: list[str] = []
        self.released = threading.Event()

    def __call__(self, path: str) -> tuple[int, str]:
        self.asked.append(path)
        if path == "/spot/pairs":
            return 200, json.dumps({"success": 1, "data": {"pairs": [PAIR]}})
        if path.endswith("/ticker"):
            ticker = {"buy": "5995000", "sell": "6005000", "last": "6000000", "vol": "1"}
            return 200, json.dumps({"success": 1, "data": ticker})
        if self.fault is not None:
            return self.fault()
        day = datetime.strptime(path.rsplit("/", 1)[1], "%Y%m%d").replace(tzinfo=UTC)
        slots = [day + n * SLOT for n in range(96)]
        rows = [self.candle(slot) for slot in slots if slot <= self.clock]
        candles = [{"type": "15min", "ohlcv": [row for row in rows if row is not None]}]
        return 200, json.dumps({"success": 1, "data": {"candlestick": candles}})

    def candle(self, slot: datetime) -> list[object] | None:
        """The one that opens at `slot`; a forming one, too."""
        if slot in self.missing:
            return None
        price = 6_000_000 + slot.day * 1000 + slot.hour
        usual = [price, price + 2, price - 1, price + 1, 0.5]
        prices = [str(value) for value in self.changed.get(slot, usual)]
        return [*prices, int(slot.timestamp() * 1000)]

    def hang(self) -> tuple[int, str]:
        self.released.wait(30)
        return 200, "{}"

    @property
    def n_candle_requests(self) -> int:
        return sum("candlestick" in path for path in self.asked)


@contextmanager
def serving(answer: Callable[[str], tuple[int, str]], clock: Callable[[], datetime | None]):
    """Serve `answer`; gives the address. Without a clock, answers carry no date."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answer(self.path)
            try:
                self.send_response_only(status)
                if (time := clock()) is not None:
                    self.send_header("Date", format_datetime(time, usegmt=True))
                self.end_headers()
                self.wfile.write(body.encode())
            except ConnectionError:
                pass  # whoever asked was killed: that is what some tests are about

        def log_message(self, *_args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{http.server_address[1]}"
        finally:
            http.shutdown()
            thread.join()


class InProcess:
    """What `Errand` does, without a process: three seconds less, each time."""

    started: list[list[str]] = []

    def __init__(self, module: str, *, arguments: Sequence[str], timeout_seconds: float) -> None:
        self.started.append(list(arguments))
        self.done = True
        self._error: OutsideError | None = None
        try:
            answer = importlib.import_module(module).answer(arguments)
        except KaidanError as error:
            self._error = OutsideError(str(error))
        else:
            is_bars = hasattr(answer, "to_bytes")
            self._written = answer.to_bytes() if is_bars else json.dumps(answer).encode()

    def result(self) -> bytes:
        if self._error is not None:
            raise self._error
        return self._written

    def cancel(self) -> None:
        pass


def texts(events: Iterator[object]) -> list[str]:
    """Troubles among `events`, as `kind` when they begin and `kind over` when they end."""
    troubles = [event for event in events if hasattr(event, "kind")]
    return [f"{t.kind} over" if t.over else t.kind for t in troubles]
