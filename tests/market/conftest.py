"""A real HTTP server whose answers a test decides, and well-formed bars and macro series."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pandas as pd
import pytest

Answer = tuple[int, str]


@dataclass
class Server:
    """What it was asked, and how it answers (path with query, to status and body)."""

    url: str = ""
    answer: Callable[[str], Answer] = lambda _path: (404, "")
    asked: list[str] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    def hang(self, _path: str) -> Answer:
        self.released.wait(10)
        return 200, "{}"


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked.append(self.path)
            status, body = state.answer(self.path)
            try:
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body.encode())
            except ConnectionError:
                pass  # the client has hung up: that is what some tests are about

        def log_message(self, *_args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        state.url = f"http://127.0.0.1:{http.server_address[1]}"
        yield state
        state.released.set()
        http.shutdown()
        thread.join()


@pytest.fixture
def raw_bars() -> pd.DataFrame:
    """Eight flawless bars, `timestamp` as a column."""
    return pd.DataFrame(
        {
            "timestamp": pd.date_range("2024-01-01", periods=8, freq="15min", tz="UTC"),
            "open": 100.0,
            "high": 102.0,
            "low": 99.0,
            "close": 101.0,
            "volume": np.arange(8, dtype="float64") + 1,
        }
    )


@pytest.fixture
def raw_macro() -> pd.DataFrame:
    """Monday 2024-01-01 to Sunday 2024-01-07, `date` as a column."""
    nothing = [np.nan, np.nan]
    return pd.DataFrame(
        {
            "date": pd.date_range("2024-01-01", periods=7),
            "usd_jpy": [141.0, 142.0, 143.0, 144.0, 145.0, *nothing],
            "nikkei_225": [33_000.0, 33_100.0, 33_200.0, 33_300.0, 33_400.0, *nothing],
            "us_10y_yield": [4.0, 4.1, 4.2, 4.3, 4.4, *nothing],
            "fear_greed_index": [60.0, 61.0, 62.0, 63.0, 64.0, 65.0, 66.0],
        }
    )
