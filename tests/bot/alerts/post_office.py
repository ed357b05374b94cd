"""A real HTTP receiver that behaves as it is told."""

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Behaviour = Callable[[BaseHTTPRequestHandler], None]


def answers(status: int) -> Behaviour:
    def behave(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return behave


def hangs(handler: BaseHTTPRequestHandler) -> None:
    handler.server.closing.wait(30)


def trickles(handler: BaseHTTPRequestHandler) -> None:
    for _ in range(300):
        handler.wfile.write(b"H")
        handler.wfile.flush()
        if handler.server.closing.wait(0.1):
            return


class PostOffice:
    """Keeps what it accepted; `behaviour` may be changed at any time."""

    def __init__(self, port: int = 0) -> None:
        self.accepted: list[dict[str, Any]] = []
        self.asked = 0
        self.last_path = ""
        self.behaviour: Behaviour = answers(200)
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._server.closing = threading.Event()
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    @property
    def port(self) -> int:
        return self._server.server_port

    @property
    def url(self) -> str:
        return f"json://user:pass-word@127.0.0.1:{self.port}/se-cret?-token=to-ken"

    @property
    def text(self) -> str:
        """All that was accepted."""
        return "\n".join(f"{one['title']}\n{one['message']}" for one in self.accepted)

    def wait_for(self, condition: Callable[["PostOffice"], bool], seconds: float = 20.0) -> bool:
        end = time.monotonic() + seconds
        while not condition(self) and time.monotonic() < end:
            time.sleep(0.01)
        return condition(self)

    def close(self) -> None:
        self._server.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        office = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self.said = said
                office.asked += 1
                office.last_path = self.path
                office.behaviour(self)
                if getattr(self, "status", 0) in (200, 204):
                    office.accepted.append(said)

            def send_response(self, code: int, message: str | None = None) -> None:
                self.status = code
                super().send_response(code, message)

            def log_message(self, *_: object) -> None:
                pass

        return Handler
