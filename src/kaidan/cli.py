"""The command line: thin commands, one line for an expected failure, four exit codes."""

import os
import sys
from importlib import import_module
from typing import Annotated, NoReturn

import typer

from kaidan import __version__
from kaidan.errors import KaidanError
from kaidan.registry.environment import quiet_mlflow

INTERRUPTED = 130  # what typer makes of Ctrl-C

# Where each command is, in the order in which the help lists them.
_COMMANDS = {
    "train": "train:train",
    "tune": "tune:tune",
    "retrain": "retrain:retrain",
    "promote": "live:promote",
    "rollback": "live:rollback",
    "status": "status:status",
    "history": "history:history",
    "doctor": "doctor:doctor",
    "retain": "retain:retain",
    "import-legacy": "import_legacy:import_legacy",
    "predict": "predict:predict",
    "backtest": "backtest:backtest",
    "compare": "compare:compare",
    "bot": "bot:bot",
    "journal": "journal:journal",
    "explain": "explain:explain",
    "monitor": "monitor:monitor",
    "pull": "pull:pull",
    "config": "config:app",
}


def _version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"kaidan {__version__}\n")
        raise typer.Exit


def _options(
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    # Threads that spin while they wait take the processor from those that work: on a busy machine,
    # or one with fewer processors than `threads`, training would take many times as long.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    quiet_mlflow()


def _app(given: list[str]) -> typer.Typer:
    """The command that is asked for alone, or all of them where it is not the first word.

    The bot is long-lived and small: what other commands import is not loaded beside it.
    """
    app = typer.Typer(
        name="kaidan",
        help="Trading models that step down a level instead of falling over.",
        add_completion=False,
        pretty_exceptions_enable=False,
        epilog="Exit codes: 0 done, 1 failed, 2 wrong use, 3 refused by a gate. "
        "--debug anywhere shows the traceback of a failure.",
    )
    app.callback()(_options)
    for name in [given[0]] if given[0] in _COMMANDS else _COMMANDS:
        module, _, attribute = _COMMANDS[name].partition(":")
        command = getattr(import_module(f"kaidan.commands.{module}"), attribute)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command(name)(command)
    return app


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run a command and exit with its code."""
    given = sys.argv[1:] if arguments is None else arguments
    debug = "--debug" in given
    try:
        words = [word for word in given if word != "--debug"] or ["--help"]
        code = _app(words)(args=words, standalone_mode=False)
    except (typer.TyperException, KaidanError) as error:
        if debug:
            raise
        message = str(error) if isinstance(error, KaidanError) else error.format_message()
        sys.stderr.write(f"kaidan: {' '.join(message.split())}\n")
        sys.exit(error.exit_code)
    if code == INTERRUPTED:
        sys.stderr.write("kaidan: interrupted\n")
    sys.exit(code or 0)
