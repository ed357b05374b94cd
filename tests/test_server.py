"""deploy/server: what it keeps to itself, and what a client is told when it does not answer."""

import os
import signal
import subprocess
import time
from pathlib import Path

import mlflow
import pytest

from tests.release import Release, kaidan, register_twin, using
from tests.server import ADMIN, SCRIPT, Server, release, server, store

__all__ = ["release", "server", "store"]

READER = ("reader", "Ajisai-no-hana-56")
only_server = pytest.mark.parametrize("release", ["server"], indirect=True)


def status() -> str:
    """What `kaidan status` says, in the one line of a failure."""
    done = kaidan("status")
    assert (done.code, done.out, done.err.count("\n")) == (1, "", 1)
    return done.err


@pytest.mark.parametrize("name", ADMIN)
def test_a_missing_secret_is_one_line_that_names_it(name: str, tmp_path: Path) -> None:
    environment = os.environ | ADMIN | {"KAIDAN_SERVER_DATA": str(tmp_path / "data")}
    del environment[name]
    done = subprocess.run(
        [SCRIPT, "start"], env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"deploy/server: {name} is not set; export it, see deploy/server --help\n"
    )
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "got '', wanted start, stop or status"),
        (["restart"], "got 'restart', wanted start, stop or status"),
        (["stop", "now"], "stop got 'now', wanted nothing more"),
    ],
)
def test_wrong_use_is_one_line(arguments: list[str], said: str) -> None:
    done = subprocess.run([SCRIPT, *arguments], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert said in done.stderr


def test_a_data_folder_that_cannot_be_used_is_one_line() -> None:
    environment = os.environ | ADMIN | {"KAIDAN_SERVER_DATA": "/tmp/a b"}
    done = subprocess.run(
        [SCRIPT, "start"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "KAIDAN_SERVER_DATA got '/tmp/a b', wanted an absolute path" in done.stderr


def test_help_names_every_secret_and_setting() -> None:
    shown = subprocess.run([SCRIPT, "--help"], capture_output=True, text=True, check=True).stdout
    script = SCRIPT.read_text(encoding="utf-8")
    settings = {part.split(":-")[0] for part in script.split("${")[1:] if "KAIDAN_SERVER" in part}
    names = {name.split("}")[0] for name in settings if name.startswith("KAIDAN_SERVER")}
    assert len(names) == 6
    for name in (*ADMIN, *names):
        assert name in shown


def test_a_port_that_is_taken_is_one_line(server: Server, tmp_path: Path) -> None:
    done = server.run("start", KAIDAN_SERVER_DATA=str(tmp_path / "data"))
    assert done.returncode == 1
    assert done.stderr == (
        f"deploy/server: port {server.port} of 127.0.0.1 is taken by another program; "
        "set KAIDAN_SERVER_PORT\n"
    )


def test_starting_what_runs_changes_nothing(server: Server) -> None:
    before = server.run("status")
    assert before.returncode == 0
    assert f"mlflow server answers at {server.url}, process " in before.stdout
    again = server.run("start")
    assert (again.returncode, again.stderr) == (0, "")
    assert f"mlflow server answers at {server.url}; logs are in " in again.stdout
    assert server.run("status").stdout == before.stdout


@only_server
def test_no_secret_is_in_a_log_in_a_file_or_in_ps(store, server: Server) -> None:
    assert [server.add_user(*READER) for _ in range(2)] == [200, 400]
    with server.client(*READER):
        kaidan("status")
    with server.client("admin", "wrong-" + READER[1]):
        status()
    kept = [
        path.read_bytes()
        for path in (*server.data.glob("*.*"), *server.data.glob("log/*"))
        if path.is_file()
    ]
    shown = subprocess.run(["ps", "axww"], capture_output=True, check=True).stdout
    assert len(kept) >= 4
    assert b"mlflow server" in shown
    for secret in (*list(ADMIN.values())[1:], READER[1], "scrypt:"):
        assert [text for text in (*kept, shown) if secret.encode() in text] == []
    readable = [
        path for path in (server.data / "basic_auth.ini", *server.data.glob("log/*"))
        if path.stat().st_mode & 0o077
    ]  # fmt: skip
    assert readable == []


@pytest.mark.parametrize("user", [("admin", "Kiku-no-hana-13"), ("nobody", "Kiku-no-hana-12")])
def test_a_wrong_password_and_an_unknown_user_are_one_line(server: Server, user) -> None:
    with server.client(*user):
        said = status()
    assert "the server does not know this user and password (401); set MLFLOW_TRACKING_" in said
    assert user[1] not in said


def test_without_a_user_nothing_is_told(server: Server, monkeypatch) -> None:
    for name in ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    with using(server.url):
        assert "(401)" in status()


@only_server
def test_who_may_only_read_sees_what_is_live_and_cannot_move_it(
    store, release: Release, server: Server
) -> None:
    version = str(register_twin())
    assert server.add_user(*READER) == 200
    config = ("--config", str(release.config))
    with server.client(*READER):
        assert kaidan("status", "--json").json["levels"][2]["version"] == 1
        mlflow.pyfunc.load_model("models:/ensemble_level3/Production")
        promoted = kaidan("promote", "--level", "3", "--version", version, *config)
        rolled = kaidan("rollback", "--level", "3", *config)
    for done in (promoted, rolled):
        assert (done.code, done.out, done.err.count("\n")) == (1, "", 1)
        assert "this user may not do that (403)" in done.err
    assert kaidan("status", "--json").json["levels"][2]["version"] == 1


@only_server
def test_a_database_that_stopped_is_told_and_forgotten_once_it_runs(store, server: Server) -> None:
    server.postgres("pg_ctl", "stop", "-w", "-m", "immediate", "-D", str(server.data / "postgres"))
    try:
        began = time.monotonic()
        said = status()
        assert time.monotonic() - began < 20
        assert f"in {server.url}: " in said
        assert server.run("status").returncode == 1
    finally:
        server.start()
    assert kaidan("status").code == 0


@only_server
def test_a_server_that_was_killed_is_told_and_starts_again(store, server: Server) -> None:
    os.kill(int((server.data / "mlflow.pid").read_text()), signal.SIGKILL)
    try:
        assert server.run("status").returncode == 1
        # Its workers lived on and held the port; two starts at once find that out one by one.
        begun = [server.begin("start") for _ in range(2)]
        assert [(process.communicate()[1], process.returncode) for process in begun] == [
            ("", 0)
        ] * 2
        assert kaidan("status").code == 0
        assert server.run("stop").returncode == 0
        began = time.monotonic()
        said = status()
        assert time.monotonic() - began < 20
        assert "the store up" in said
        stopped = server.run("status")
        assert stopped.returncode == 1
        assert stopped.stdout.count("does not run") == 2
        assert server.run("stop").returncode == 0
    finally:
        server.start()
    assert kaidan("status").code == 0
