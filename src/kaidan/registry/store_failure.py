"""What a failure of the store means to whoever asked it: one line, what to do next, no password."""

import re
from textwrap import shorten

import mlflow
from mlflow.exceptions import ERROR_CODE_TO_HTTP_STATUS, MlflowException

_LONGEST_CAUSE = 160
_UNKNOWN_USER = 401
_NOT_ALLOWED = 403
# `user:password@` after `//`, up to the last `@`: a password may hold one.
_IN_AUTHORITY = re.compile(r"(//[^/\s:@]*):[^\s'\"]*@")
# What SQLAlchemy says around the database's own words.
_NO_CAUSE = re.compile(r"\(raised as a result of [^)]*\) ?| ?\[SQL: .*")
_IN_QUERY = re.compile(r"([?&](?:password|passwd|pwd|token|secret)=)[^&\s'\"]+", re.IGNORECASE)


def masked(text: str) -> str:
    """The text with `***` for every password of a URI in it."""
    return _IN_QUERY.sub(r"\1***", _IN_AUTHORITY.sub(r"\1:***@", text))


def store_name() -> str:
    """The store in use, as it may be shown."""
    return masked(str(mlflow.get_tracking_uri()))


def explain(doing: str, error: Exception) -> str:
    """One line for an `error` of MLflow, of its database or of its artifact store."""
    cause, hint = _cause_and_hint(error)
    return f"cannot {doing} in {store_name()}: {cause}; {hint}"


def shows_password(error: Exception) -> bool:
    """Whether a traceback of the error would show one."""
    return masked(str(error)) != str(error)


def _cause_and_hint(error: Exception) -> tuple[str, str]:
    status = _http_status(error)
    if status == _UNKNOWN_USER:
        return (
            "the server does not know this user and password (401)",
            "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD to what it knows",
        )
    if "Invalid Host header" in str(error):
        return (
            "the server is not meant to be called by this name",
            "add the name to MLFLOW_SERVER_ALLOWED_HOSTS of the server, see docs/server.md",
        )
    if status == _NOT_ALLOWED:
        return (
            "this user may not do that (403)",
            "who administers the server can grant it, see docs/server.md",
        )
    if isinstance(error, ImportError):
        return (
            f"{error}",
            "install kaidan[server] and write postgresql+psycopg2:// in MLFLOW_TRACKING_URI",
        )
    text = _NO_CAUSE.sub("", " ".join(masked(str(getattr(error, "orig", None) or error)).split()))
    return (
        shorten(text or repr(error), _LONGEST_CAUSE, placeholder=" ..."),
        "is MLFLOW_TRACKING_URI right, the store up, and the place writable?",
    )


def _http_status(error: Exception) -> int | None:
    if isinstance(error, MlflowException):
        return ERROR_CODE_TO_HTTP_STATUS.get(error.error_code)
    # Artifacts come through requests, whose errors carry the server's answer.
    status = getattr(getattr(error, "response", None), "status_code", None)
    return int(status) if status is not None else None
