"""How the bot asks the outside world: in a process of its own, which is killed when it is late.

A hang in a library, a socket or a name server can so never hang the bot, and what the library
weighs is gone with the process.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO

import kaidan
from kaidan.errors import KaidanError

MAX_ANSWER_BYTES = 64 * 2**20
_MAX_REASON = 300
_GRACE_SECONDS = 1.0
_PAUSE_SECONDS = 0.02
_CHILD = "kaidan.bot.errands.child"


class OutsideError(KaidanError):
    """What was asked of the outside world was not answered, or not in time."""


class Errand:
    """`python -m module` in a process group of its own, from the moment this is made.

    Look at `done` now and then, as the deadline is kept there; an errand that nobody looks at is
    ended by its own clock a second later. Not for several threads at once.

    Parameters
    ----------
    module : str
        A KaidanError that it raises is told in its own words.
    arguments : sequence of str
        Any process of the machine can read them: no secrets.
    stdin : bytes
    timeout_seconds : float
    env : mapping of str to str, optional
        Added to the environment of this process.

    Raises
    ------
    OutsideError
        No process can be started.

    Examples
    --------
    >>> errand = Errand("this", timeout_seconds=10)
    >>> errand.result().splitlines()[0]
    b'The Zen of Python, by Tim Peters'
    """

    def __init__(
        self,
        module: str,
        *,
        arguments: Sequence[str] = (),
        stdin: bytes = b"",
        timeout_seconds: float,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self._asked = " ".join((module.rpartition(".")[2], *arguments))
        self._timeout_seconds = timeout_seconds
        self._deadline = time.monotonic() + timeout_seconds
        self._outcome: bytes | OutsideError | None = None
        try:
            self._start(module, arguments, stdin, env or {})
        except OSError as error:
            raise OutsideError(
                f"{self._asked}: cannot be asked, no process can be started ({error.strerror}); "
                "free memory, disk or file handles"
            ) from error

    def _start(
        self, module: str, arguments: Sequence[str], stdin: bytes, env: Mapping[str, str]
    ) -> None:
        with ExitStack() as opened:
            # Files, not pipes: a full pipe stops a child that nobody reads from, and one that a
            # grandchild inherited never ends.
            question, self._stdout, self._stderr = (
                opened.enter_context(tempfile.TemporaryFile()) for _ in range(3)
            )
            question.write(stdin)
            question.seek(0)
            reading, writing = os.pipe()
            self._lifeline = opened.enter_context(os.fdopen(writing, "wb"))
            with os.fdopen(reading, "rb"):
                last_second = f"{self._timeout_seconds + _GRACE_SECONDS:g}"
                command = [_CHILD, str(reading), last_second, module, *arguments]
                self._child = subprocess.Popen(  # noqa: S603 - our own modules
                    [sys.executable, "-P", "-m", *command],
                    stdin=question,
                    stdout=self._stdout,
                    stderr=self._stderr,
                    env=_environment(env),
                    pass_fds=[reading],
                    process_group=0,
                )
            question.close()
            self._opened = opened.pop_all()

    @property
    def done(self) -> bool:
        """Whether `result` will answer at once."""
        if self._outcome is None:
            if self._child.poll() is not None:
                self._end()
            elif time.monotonic() >= self._deadline:
                self._end(self._late())
            elif _size(self._stdout) > MAX_ANSWER_BYTES:
                self._end(f"answered more than {MAX_ANSWER_BYTES // 2**20} MB; killed")
        return self._outcome is not None

    def result(self) -> bytes:
        """Wait until done; what it wrote to its standard output.

        Raises
        ------
        OutsideError
            It was late, failed, was killed or cancelled, or said too much.
        """
        while not self.done:
            time.sleep(_PAUSE_SECONDS)
        if isinstance(self._outcome, bytes):
            return self._outcome
        raise self._outcome or OutsideError(f"{self._asked}: no outcome")

    def cancel(self) -> None:
        """Kill it, with all that it started, unless it is done."""
        if not self.done:
            self._end("cancelled")

    def _end(self, why: str | None = None) -> None:
        # Also after a natural end: grandchildren must not stay.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._child.pid, signal.SIGKILL)
        code = self._child.wait()
        with self._opened:
            why = why or self._failure(code)
            if why is None and _size(self._stdout) > MAX_ANSWER_BYTES:
                why = f"answered more than {MAX_ANSWER_BYTES // 2**20} MB"
            if why is None:
                self._stdout.seek(0)
                self._outcome = self._stdout.read()
            else:
                self._outcome = OutsideError(f"{self._asked}: {why}")

    def _late(self) -> str:
        return f"no answer within {self._timeout_seconds:g} s; killed"

    def _failure(self, code: int) -> str | None:
        if code == 0:
            return None
        if code == -signal.SIGALRM:
            return self._late()
        how = f"exit code {code}" if code > 0 else f"killed by {signal.Signals(-code).name}"
        last = _last_line(self._stderr)
        return f"failed ({how}){': ' if last else ''}{last}"


def ask(
    module: str,
    *,
    arguments: Sequence[str] = (),
    stdin: bytes = b"",
    timeout_seconds: float,
    env: Mapping[str, str] | None = None,
) -> bytes:
    """Run an `Errand` and wait for its answer; for callers that may block.

    Raises
    ------
    OutsideError
        There is no answer, or none in time.
    """
    errand = Errand(
        module, arguments=arguments, stdin=stdin, timeout_seconds=timeout_seconds, env=env
    )
    try:
        return errand.result()
    finally:
        errand.cancel()


def _environment(more: Mapping[str, str]) -> dict[str, str]:
    environment = {**os.environ, **more}
    places = (str(Path(kaidan.__file__).parents[1]), environment.get("PYTHONPATH"))
    environment["PYTHONPATH"] = os.pathsep.join(place for place in places if place)
    return environment


def _size(file: IO[bytes]) -> int:
    return os.fstat(file.fileno()).st_size


def _last_line(file: IO[bytes]) -> str:
    file.seek(max(0, _size(file) - 4096))
    lines = file.read().decode(errors="replace").split("\n")
    return next((line.strip()[:_MAX_REASON] for line in reversed(lines) if line.strip()), "")
