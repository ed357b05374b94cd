"""`/healthz` and `/metrics` over HTTP, and `/refresh` for a webhook of the registry."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from kaidan.bot.health.metrics import Metrics
from kaidan.bot.health.pulse import Pulse
from kaidan.errors import UsageError

_JSON = "application/json"
_TEXT = "text/plain; version=0.0.4; charset=utf-8"
# A client that connects and says nothing must not keep a thread for ever.
_TIMEOUT_SECONDS = 5.0


class HealthServer:
    """Serves until it is closed.

    Parameters
    ----------
    host : str
    port : int
        0: any free one.
    pulse : Pulse
    metrics : Metrics
    refresh : callable
        Called for each POST to `/refresh`: "look at the registry soon". Its body is not read, so
        nobody can do more with it than have a look taken.

    Raises
    ------
    UsageError
        The address is taken, or is none of this machine's.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        pulse: Pulse,
        metrics: Metrics,
        refresh: Callable[[], None],
    ) -> None:
        try:
            self._server = _Server((host, port), _Handler)
        except OSError as error:
            raise UsageError(
                f"health: cannot listen on {host}:{port} ({error.strerror}); set health.host and "
                "health.port in bot.yaml, or stop who listens there"
            ) from error
        self._server.pulse, self._server.metrics, self._server.refresh = pulse, metrics, refresh
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it answers."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    pulse: Pulse
    metrics: Metrics
    refresh: Callable[[], None]


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = _TIMEOUT_SECONDS
    server_version = "kaidan"
    sys_version = ""

    def do_GET(self) -> None:
        """Health as JSON, 503 when it is bad; metrics as Prometheus reads them."""
        path = self.path.partition("?")[0]
        if path == "/metrics":
            self._send(200, _TEXT, self.server.metrics.text())
        elif path in _VERDICTS:
            report = self.server.pulse.report()
            good = report[_VERDICTS[path]]
            self._send(200 if good else 503, _JSON, json.dumps(report, indent=1).encode())
        else:
            self._send(404, _JSON, b'{"error": "want /healthz, /livez, /readyz or /metrics"}')

    def do_POST(self) -> None:
        """Have a look taken at the registry."""
        if self.path.partition("?")[0] != "/refresh":
            self._send(404, _JSON, b'{"error": "want POST /refresh"}')
            return
        self.server.refresh()
        self._send(202, _JSON, b'{"refresh": "soon"}')

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        # The body of a POST is not read: what is left of it must not be taken for a request.
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: a probe every few seconds is no news."""


_VERDICTS = {"/healthz": "ready", "/livez": "live", "/readyz": "ready"}
