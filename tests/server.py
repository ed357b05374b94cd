"""The server of deploy/server, started once; each test gets the release in databases of its own.

Artifacts are shared between the tests, as they are with sqlite.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from functools import cache, partial
from pathlib import Path

import pytest
import requests
from werkzeug.security import generate_password_hash

from tests.made_once import made_once
from tests.release import (
    Release,
    copied,
    decisions_kept,
    small_release,
    train_release,
    using,
)

SCRIPT = Path(__file__).parents[1] / "deploy" / "server"
POSTGRES = Path("/usr/lib/postgresql")
ADMIN = {
    "MLFLOW_AUTH_ADMIN_USERNAME": "admin",
    "MLFLOW_AUTH_ADMIN_PASSWORD": "Kiku-no-hana-12",
    "MLFLOW_FLASK_SERVER_SECRET_KEY": "Sumire-no-hana-34",
}
DATABASES = ("mlflow", "mlflow_auth")


class Server:
    """A server of its own, in a folder that PostgreSQL's user can enter."""

    def __init__(self) -> None:
        self.data = Path(tempfile.mkdtemp(prefix="kaidan-server-"))
        self.data.chmod(0o711)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.artifacts = self.data / "artifacts"

    def begin(self, *arguments: str, **changes: str) -> subprocess.Popen[str]:
        """Call deploy/server, with `changes` to its environment, and do not wait for it."""
        environment = {
            **os.environ,
            **ADMIN,
            "KAIDAN_SERVER_DATA": str(self.data),
            "KAIDAN_SERVER_PORT": str(self.port),
            "KAIDAN_SERVER_PYTHON": sys.executable,
            # What is lost when the machine dies is lost anyway.
            "KAIDAN_SERVER_POSTGRES_OPTIONS": "-c fsync=off -c full_page_writes=off",
            **changes,
        }
        pipe = subprocess.PIPE
        return subprocess.Popen(
            [SCRIPT, *arguments], env=environment, text=True, stdout=pipe, stderr=pipe
        )

    def run(self, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
        """Call deploy/server and wait for it."""
        process = self.begin(*arguments, **changes)
        out, err = process.communicate()
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def start(self) -> None:
        done = self.run("start")
        assert done.returncode == 0, done.stderr

    def postgres(self, program: str, *arguments: str) -> str:
        """Call a program of PostgreSQL's, as the user that owns the data."""
        (folder,) = POSTGRES.glob((self.data / "postgres" / "PG_VERSION").read_text().strip())
        command = [str(folder / "bin" / program), *arguments]
        if os.getuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        done = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def sql(self, *statements: str) -> str:
        commands = [part for statement in statements for part in ("-c", statement)]
        cluster = str(self.data / "postgres")
        return self.postgres("psql", "-qXAt", "-v", "ON_ERROR_STOP=1", "-h", cluster,
                             "-U", "postgres", "-d", "postgres", *commands)  # fmt: skip

    def make_passwords_cheap(self) -> None:
        """Without this, each request of a test costs the server a tenth of a second of hashing."""
        cheap = generate_password_hash(ADMIN["MLFLOW_AUTH_ADMIN_PASSWORD"], "pbkdf2:sha256:1")
        self.sql(
            "\\connect mlflow_auth",
            f"update users set password_hash = '{cheap}'"
            f" where username = '{ADMIN['MLFLOW_AUTH_ADMIN_USERNAME']}'",
        )

    def dump(self, name: str) -> str:
        """All that is in a database, as SQL."""
        return self.postgres("pg_dump", "-h", str(self.data / "postgres"), "-U", "postgres", name)

    def load(self, name: str, dumped: Path) -> None:
        """Make a database of what was dumped."""
        script = self.data / dumped.name
        shutil.copyfile(dumped, script)
        script.chmod(0o644)
        self.sql(f"create database {name}")
        self.sql(f"\\connect {name}", f"\\i {script}")
        script.unlink()

    def reset(self) -> None:
        """Put back what is remembered; the server's next query opens new connections."""
        self.sql(
            *(f"drop database {name} with (force)" for name in DATABASES),
            *(f"create database {name} template {name}_kept owner mlflow" for name in DATABASES),
        )

    def add_user(self, name: str, password: str) -> int:
        """Make a user as the administrator; gives the status of the answer."""
        admin = (ADMIN["MLFLOW_AUTH_ADMIN_USERNAME"], ADMIN["MLFLOW_AUTH_ADMIN_PASSWORD"])
        user = {"username": name, "password": password}
        url = f"{self.url}/api/2.0/mlflow/users/create"
        return requests.post(url, json=user, auth=admin, timeout=20).status_code

    @contextmanager
    def client(
        self,
        user: str = ADMIN["MLFLOW_AUTH_ADMIN_USERNAME"],
        password: str = ADMIN["MLFLOW_AUTH_ADMIN_PASSWORD"],
    ) -> Iterator[None]:
        """Let MLflow use this server, as a user."""
        with pytest.MonkeyPatch.context() as environment, using(self.url):
            environment.setenv("MLFLOW_TRACKING_USERNAME", user)
            environment.setenv("MLFLOW_TRACKING_PASSWORD", password)
            yield


@cache
def _started() -> Server:
    server = Server()
    server.start()
    server.make_passwords_cheap()
    return server


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """deploy/server, running."""
    if not any(POSTGRES.glob("*/bin/postgres")):
        missing = "PostgreSQL is not installed: apt-get install postgresql"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    server = _started()
    yield server
    server.run("stop")
    shutil.rmtree(server.data, ignore_errors=True)


def _train_into(server: Server, folder: Path) -> None:
    with server.client(), chdir(folder):
        train_release(folder)
    for name in DATABASES:
        (folder / f"{name}.sql").write_text(server.dump(name), encoding="utf-8")
    shutil.copytree(server.artifacts, folder / "artifacts")


@cache
def server_release(server: Server, base: Path) -> Release:
    """The release of tests/release.py, trained into one worker's server and read by the others."""
    made = made_once(base, "server", partial(_train_into, server))
    shutil.copytree(made / "artifacts", server.artifacts, dirs_exist_ok=True)
    for name in DATABASES:
        server.load(f"{name}_kept", made / f"{name}.sql")
    answer = json.loads((made / "answer.json").read_text(encoding="utf-8"))
    return Release(server.url, server.artifacts, made / "config", answer)


@pytest.fixture(scope="session", params=["sqlite", "server"])
def release(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Release:
    """The release, once in sqlite and once in the server."""
    if request.param == "sqlite":
        return small_release(tmp_path_factory.getbasetemp())
    return server_release(request.getfixturevalue("server"), tmp_path_factory.getbasetemp())


# For what cannot be asked of a server.
only_sqlite = pytest.mark.parametrize("release", ["sqlite"], indirect=True)


@pytest.fixture
def store(
    request: pytest.FixtureRequest,
    release: Release,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Path | str]:
    """A copy of the release's store, in use; the home and the working directory are new."""
    monkeypatch.setenv("KAIDAN_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    if isinstance(release.database, Path):
        with copied(release, tmp_path) as database:
            yield database
        return
    server: Server = request.getfixturevalue("server")
    server.reset()
    with server.client(), decisions_kept(release):
        yield release.database
