"""Errand: one look at the bot's journal, in a process that may load MLflow and pandas.

Run: `python -m kaidan.monitoring.watch_errand JOURNAL [--config DIR]`. Prints the matters that
people should know of as one JSON object, for `kaidan.bot.watcher`.
"""

import argparse
import json
import sys
from contextlib import redirect_stdout
from pathlib import Path

from kaidan.registry.environment import quiet_mlflow
from kaidan.settings import load_settings


def main() -> None:
    """Look, and tell.

    Raises
    ------
    SettingsError, JournalError, RegistryError
        Something cannot be read.
    """
    parser = argparse.ArgumentParser(description="Look at the journal of a bot that runs.")
    parser.add_argument("journal", type=Path, metavar="JOURNAL")
    parser.add_argument("--config", type=Path, metavar="DIR")
    given = parser.parse_args()
    settings = load_settings(given.config)
    quiet_mlflow()

    from kaidan.bot.journal.reader import read_journal
    from kaidan.monitoring.watch import watch

    with redirect_stdout(sys.stderr), read_journal(given.journal) as reader:
        watched = watch(reader, settings, takes_back=True)
    matters = [
        {"key": one.key, "severity": one.severity and one.severity.name, "text": one.text}
        for one in watched.matters
    ]
    sys.stdout.write(json.dumps({"matters": matters, "moved": watched.moved}) + "\n")


if __name__ == "__main__":
    main()
