"""The command line: thin commands, one line for an expected failure, four exit codes."""

import os
import sys
from typing import Annotated, NoReturn

import typer

from kaidan import __version__
from kaidan.commands import (
    backtest,
    bot,
    config,
    doctor,
    history,
    import_legacy,
    journal,
    live,
    predict,
    pull,
    retain,
    status,
    train,
    tune,
)
from kaidan.errors import KaidanError
from kaidan.registry.environment import quiet_mlflow

INTERRUPTED = 130  # what typer makes of Ctrl-C

app = typer.Typer(
    name="kaidan",
    help="Trading models that step down a level instead of falling over.",
    add_completion=False,
    pretty_exceptions_enable=False,
    epilog="Exit codes: 0 done, 1 failed, 2 wrong use, 3 refused by a gate. "
    "--debug anywhere shows the traceback of a failure.",
)
app.command()(train.train)
app.command()(tune.tune)
app.command()(live.promote)
app.command()(live.rollback)
app.command()(status.status)
app.command()(history.history)
app.command()(doctor.doctor)
app.command()(retain.retain)
app.command("import-legacy")(import_legacy.import_legacy)
app.command()(predict.predict)
app.command()(backtest.backtest)
app.command()(bot.bot)
app.command()(journal.journal)
app.command()(pull.pull)
app.add_typer(config.app, name="config")


def _version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"kaidan {__version__}\n")
        raise typer.Exit


@app.callback()
def _options(
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    # Threads that spin while they wait take the processor from those that work: on a busy machine,
    # or one with fewer processors than `threads`, training would take many times as long.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    quiet_mlflow()


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run a command and exit with its code."""
    given = (sys.argv[1:] if arguments is None else arguments) or ["--help"]
    debug = "--debug" in given
    try:
        code = app(args=[word for word in given if word != "--debug"], standalone_mode=False)
    except (typer.TyperException, KaidanError) as error:
        if debug:
            raise
        message = str(error) if isinstance(error, KaidanError) else error.format_message()
        sys.stderr.write(f"kaidan: {' '.join(message.split())}\n")
        sys.exit(error.exit_code)
    if code == INTERRUPTED:
        sys.stderr.write("kaidan: interrupted\n")
    sys.exit(code or 0)
