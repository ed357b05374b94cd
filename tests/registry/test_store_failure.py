"""What is said of a failure, and what must not be."""

import traceback

import mlflow
import pytest
import requests
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import PERMISSION_DENIED, UNAUTHENTICATED

from kaidan.errors import StoreError
from kaidan.registry.store import live_version, store_errors
from kaidan.registry.store_failure import explain, masked
from tests.release import using

PASSWORD = "S3same-open"


@pytest.mark.parametrize(
    ("shown", "meant"),
    [
        (f"http://bob:{PASSWORD}@host:5000/x", "http://bob:***@host:5000/x"),
        (f"postgresql+psycopg2://bob:{PASSWORD}@/db", "postgresql+psycopg2://bob:***@/db"),
        (f"at https://bob:{PASSWORD}@p/ww@host, and", "at https://bob:***@host, and"),
        (
            f"postgresql:///db?password={PASSWORD}&user=bob",
            "postgresql:///db?password=***&user=bob",
        ),
        (f"2 of 'http://a:{PASSWORD}@b', 'http://c@d'", "2 of 'http://a:***@b', 'http://c@d'"),
        ("http://bob@host:5000", "http://bob@host:5000"),
        ("sqlite:////data/store.db", "sqlite:////data/store.db"),
        ("http://127.0.0.1:5000/#/experiments", "http://127.0.0.1:5000/#/experiments"),
    ],
)
def test_the_password_of_a_uri_is_masked_and_nothing_else(shown: str, meant: str) -> None:
    assert masked(shown) == meant


def test_a_server_that_is_down_is_told_without_the_password_even_in_a_traceback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with using(f"http://bob:{PASSWORD}@127.0.0.1:9"), pytest.raises(StoreError) as error:
        live_version(3)
    assert "in http://bob:***@127.0.0.1:9: " in str(error.value)
    assert PASSWORD not in "".join(traceback.format_exception(error.value))


def test_a_failure_that_shows_no_password_keeps_its_traceback() -> None:
    with pytest.raises(StoreError) as error, store_errors("count"):
        raise OSError("disk full")
    assert isinstance(error.value.__cause__, OSError)


def answered(status: int) -> requests.HTTPError:
    response = requests.Response()
    response.status_code = status
    return requests.HTTPError(f"{status} for url: http://host/x", response=response)


@pytest.mark.parametrize(
    "error", [MlflowException("a page of HTML", UNAUTHENTICATED), answered(401)]
)
def test_who_is_unknown_to_the_server_is_told_what_to_set(error: Exception) -> None:
    assert explain("count", error) == (
        f"cannot count in {mlflow.get_tracking_uri()}: the server does not know this user and "
        "password (401); set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD to what it knows"
    )


@pytest.mark.parametrize("error", [MlflowException("no", PERMISSION_DENIED), answered(403)])
def test_who_may_not_do_it_is_told_where_rights_come_from(error: Exception) -> None:
    assert "this user may not do that (403); who administers the server" in explain("count", error)


def test_a_name_that_the_server_does_not_go_by_is_told_where_names_are_listed() -> None:
    said = MlflowException("Response body: 'Invalid Host header - ...'", PERMISSION_DENIED)
    assert "MLFLOW_SERVER_ALLOWED_HOSTS of the server" in explain("count", said)


def test_a_missing_driver_of_the_database_is_told_with_the_name_of_the_one_to_use() -> None:
    # A driver that is not installed here, nor a dependency of anything that is.
    with (
        using(f"postgresql+asyncpg://bob:{PASSWORD}@127.0.0.1:9/x"),
        pytest.raises(
            StoreError, match=r"install kaidan\[server\] .* postgresql\+psycopg2://"
        ) as error,
    ):
        live_version(3)
    assert PASSWORD not in str(error.value)
    assert "\n" not in str(error.value)


def test_a_long_cause_is_cut() -> None:
    text = explain("count", OSError("word " * 100))
    assert " ...; is MLFLOW_TRACKING_URI right" in text
    assert len(text) < 400


def test_of_a_database_error_its_own_words_are_told() -> None:
    error = MlflowException(
        "(raised as a result of Query-invoked autoflush; consider using a session.no_autoflush "
        "block if this flush is occurring prematurely) (sqlite3.OperationalError) attempt to write "
        "a readonly database [SQL: UPDATE models SET x=?] [parameters: (1,)]"
    )
    assert ": (sqlite3.OperationalError) attempt to write a readonly database; is" in explain(
        "begin", error
    )
