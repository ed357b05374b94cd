import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from kaidan.bot.errands import outside
from kaidan.bot.errands.outside import Errand, OutsideError, ask

BEHAVIOURS = {
    "echo": "import sys; sys.stdout.write(f'{sys.argv[1:]} {sys.stdin.read()}')",
    "sleeper": "import time; time.sleep(60)",
    "breaks": "import sys; print('before', file=sys.stderr); raise ValueError('no such pair')",
    "refuses": "from kaidan.errors import DataError; raise DataError('bars got none, wanted 1')",
    "dies": "import os; os.kill(os.getpid(), 9)",
    "chatters": "while True: print('x' * 65536)",
    "floods": "print('x' * 3_000_000)",
    "reads_environment": "import os; print(os.environ['RECEIVER'], end='')",
    "holds_the_lock": (
        "import os, re, sys\n"
        "with open(sys.argv[1], 'w') as note: note.write(str(os.getpid()))\n"
        "re.match('(a+)+$', 'a' * 40 + 'b')\n"
    ),
    "deaf": "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(60)",
    # Its grandchild inherits its standard output and wants to stay.
    "parent": (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "open(sys.argv[1], 'w').write(str(child.pid))\n"
        "time.sleep(float(sys.argv[2]))\n"
    ),
}


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    for name, text in BEHAVIOURS.items():
        (tmp_path / f"{name}.py").write_text(text)
    return {"PYTHONPATH": str(tmp_path)}


def eventually(condition, seconds: float = 5.0) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


def alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def number_in(path: Path) -> int:
    assert eventually(lambda: path.exists() and path.read_text() != "")
    return int(path.read_text())


@pytest.fixture(autouse=True)
def _nobody_is_left_behind():
    before = set(psutil.Process().children(recursive=True))
    handles = psutil.Process().num_fds()
    yield
    assert set(psutil.Process().children(recursive=True)) == before
    assert psutil.Process().num_fds() == handles


def test_an_errand_gets_its_arguments_and_its_question_and_its_answer_comes_back(env):
    answer = ask("echo", arguments=["a", "b c"], stdin=b"question", timeout_seconds=20, env=env)
    assert answer == b"['a', 'b c'] question"


def test_questions_and_answers_may_be_larger_than_a_pipe(env):
    answer = ask("echo", stdin=b"q" * 3_000_000, timeout_seconds=20, env=env)
    assert len(answer) > 3_000_000
    errand = Errand("floods", timeout_seconds=20, env=env)
    # Nobody reads, and it ends all the same.
    assert eventually(lambda: errand._child.poll() is not None, 10)
    assert len(errand.result()) == 3_000_001


def test_an_errand_sees_what_is_added_to_the_environment_and_nobody_else_does(env):
    secret = {**env, "RECEIVER": "json://somewhere"}
    assert ask("reads_environment", timeout_seconds=20, env=secret) == b"json://somewhere"
    assert "RECEIVER" not in os.environ


def test_an_errand_finds_the_same_kaidan_from_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "json.py").write_text("raise SystemExit('the wrong json')")
    where = "import kaidan; print(kaidan.__file__, end='')"
    assert ask("timeit", arguments=["-n1", "-r1", where], timeout_seconds=20).startswith(
        str(Path(outside.__file__).parents[2]).encode()
    )
    assert ask("json.tool", stdin=b"[1]", timeout_seconds=20).split() == [b"[", b"1", b"]"]


def test_an_errand_that_is_late_is_killed_even_when_it_ignores_signals(env):
    begun = time.monotonic()
    with pytest.raises(OutsideError, match=r"^deaf now: no answer within 0\.5 s; killed$"):
        ask("deaf", arguments=["now"], timeout_seconds=0.5, env=env)
    assert time.monotonic() - begun < 10


@pytest.mark.parametrize(
    ("module", "told"),
    [
        ("breaks", "breaks: failed (exit code 1): ValueError: no such pair"),
        ("refuses", "refuses: failed (exit code 1): bars got none, wanted 1"),
        ("dies", "dies: failed (killed by SIGKILL)"),
        ("absent", "absent: failed (exit code 1): ImportError: No module named absent"),
    ],
)
def test_a_failed_errand_is_told_in_one_line(module, told, env):
    with pytest.raises(OutsideError) as caught:
        ask(module, timeout_seconds=20, env=env)
    assert str(caught.value) == told


def test_an_answer_without_end_is_cut_off(env, monkeypatch):
    monkeypatch.setattr(outside, "MAX_ANSWER_BYTES", 2**20)
    with pytest.raises(OutsideError, match="answered more than 1 MB"):
        ask("chatters", timeout_seconds=20, env=env)
    with pytest.raises(OutsideError, match="answered more than 1 MB"):
        ask("floods", timeout_seconds=20, env=env)


@pytest.mark.parametrize("seconds", [60, 0])
def test_what_an_errand_started_does_not_outlive_it(seconds, tmp_path, env):
    note = tmp_path / "pid"
    errand = Errand("parent", arguments=[str(note), str(seconds)], timeout_seconds=60, env=env)
    grandchild = number_in(note)
    if seconds:
        errand.cancel()
    else:
        assert errand.result() == b""
    assert eventually(lambda: not alive(grandchild))


def test_an_errand_can_be_looked_at_without_waiting_and_cancelled_at_once(env):
    begun = time.monotonic()
    errand = Errand("sleeper", timeout_seconds=60, env=env)
    assert not errand.done
    errand.cancel()
    assert errand.done
    assert time.monotonic() - begun < 10
    with pytest.raises(OutsideError, match="sleeper: cancelled"):
        errand.result()


def test_cancelling_a_finished_errand_keeps_its_answer(env):
    errand = Errand("echo", timeout_seconds=20, env=env)
    assert eventually(lambda: errand.done, 20)
    errand.cancel()
    assert errand.result() == b"[] "


def test_an_errand_that_cannot_be_started_is_an_expected_failure(env, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(OutsideError, match=r"echo: cannot be asked.*No such file"):
        ask("echo", timeout_seconds=1, env=env)


BOT = """
import sys, time
from kaidan.bot.errands.outside import Errand
kept = Errand(sys.argv[1], arguments=sys.argv[2:], timeout_seconds=float({seconds}))
print(kept._child.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def bot(env):
    """Starts a process with an errand under way; answers with both."""
    started = []

    def start(seconds: float, *arguments: str) -> tuple[subprocess.Popen[str], int]:
        command = [sys.executable, "-c", BOT.format(seconds=seconds), *arguments]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env={**os.environ, **env}
        )
        started.append(process)
        return process, int(process.stdout.readline())

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_kill_9_of_the_bot_leaves_neither_its_errand_nor_what_that_started(bot, tmp_path):
    process, child = bot(60, "parent", str(tmp_path / "pid"), "60")
    grandchild = number_in(tmp_path / "pid")
    assert alive(child)
    assert alive(grandchild)
    process.send_signal(signal.SIGKILL)
    assert eventually(lambda: not alive(child) and not alive(grandchild))


def test_an_errand_that_holds_the_interpreters_lock_ends_by_its_own_clock(bot, tmp_path):
    process, child = bot(0.5, "holds_the_lock", str(tmp_path / "pid"))
    assert number_in(tmp_path / "pid") == child
    time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    assert eventually(lambda: not alive(child), 10)
