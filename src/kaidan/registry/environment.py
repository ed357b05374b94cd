"""How MLflow is to behave in a process of kaidan's: quiet, and soon done with a dead server.

It reads these when it is imported, so they are set before; who sets them otherwise is heeded.
"""

import logging
import os

_VARIABLES = {
    # What it tells of itself while it works is not about the user's command.
    "MLFLOW_LOGGING_LEVEL": "CRITICAL",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    # Links on stdout, which is the answer's; they show the password of a URI that has one, too.
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    # Its telemetry takes a variable out of the environment from a thread of its own, which now and
    # then breaks a request to the server that reads the environment just then (3.17.2).
    "MLFLOW_DISABLE_TELEMETRY": "true",
    # A server that is down is told in seconds; MLflow would try for four minutes.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
}


def quiet_mlflow() -> None:
    """Set what nobody has set."""
    for name, value in _VARIABLES.items():
        os.environ.setdefault(name, value)
    logging.getLogger("alembic").setLevel(logging.WARNING)
