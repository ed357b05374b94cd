"""Logs a person reads at a terminal, and one JSON object a line for everybody else."""

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TextIO

ROOT = "kaidan"
_OWN = frozenset(vars(logging.LogRecord("", 0, "", 0, "", None, None))) | {"message", "asctime"}


@contextmanager
def logging_to(stream: TextIO | None = None, *, as_json: bool | None = None) -> Iterator[None]:
    """Send what kaidan logs to `stream`, as long as this is open.

    Parameters
    ----------
    stream : text stream, optional
        Default: stderr.
    as_json : bool, optional
        Default: yes, unless `stream` is a terminal.
    """
    stream = sys.stderr if stream is None else stream
    handler = logging.StreamHandler(stream)
    lines = not stream.isatty() if as_json is None else as_json
    handler.setFormatter(JsonLines() if lines else Terminal())
    root = logging.getLogger(ROOT)
    before = root.level, root.propagate
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    root.propagate = False
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(before[0])
        root.propagate = before[1]


class JsonLines(logging.Formatter):
    """`{"at": ..., "severity": ..., "logger": ..., "text": ..., and what `extra` gave}`."""

    def format(self, record: logging.LogRecord) -> str:
        """One line; what JSON does not know is written as text."""
        said = {
            "at": _instant(record).isoformat(timespec="milliseconds"),
            "severity": record.levelname.lower(),
            "logger": record.name,
            "text": record.getMessage(),
            **_extra(record),
        }
        if record.exc_info:
            said["traceback"] = self.formatException(record.exc_info)
        return json.dumps(said, default=str, allow_nan=True)


class Terminal(logging.Formatter):
    """Time, severity where it matters, and the text."""

    def format(self, record: logging.LogRecord) -> str:
        """Return what a person needs."""
        severity = "" if record.levelno < logging.WARNING else f"{record.levelname.lower()}: "
        line = f"{_instant(record):%Y-%m-%d %H:%M:%S} {severity}{record.getMessage()}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def _instant(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)


def _extra(record: logging.LogRecord) -> dict[str, object]:
    return {name: value for name, value in vars(record).items() if name not in _OWN}
