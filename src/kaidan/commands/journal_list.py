"""What `kaidan journal --list` says: every journal of this machine, the one written last first."""

from pathlib import Path
from typing import Any

from rich.text import Text

from kaidan.bot.journal import JournalError
from kaidan.bot.journal.files import journal_files
from kaidan.bot.journal.reader import read_journal
from kaidan.commands.options import answer
from kaidan.errors import UsageError

_NONE_YET = "no bot has written a journal yet; kaidan bot does"


def newest_journal() -> Path:
    """The one written last.

    Raises
    ------
    UsageError
        There is none.
    """
    found = journal_files()
    if not found:
        raise UsageError(f"{_NONE_YET}, and --file FILE reads one that lies elsewhere")
    return found[0]


def list_journals(*, as_json: bool) -> None:
    """Say how far each one goes and whose it is, or why it cannot be read."""
    found = [_summary(path) for path in journal_files()]
    answer(
        {"journals": found},
        lambda: Text("\n".join(map(_sentence, found)) if found else _NONE_YET),
        as_json=as_json,
    )


def _summary(path: Path) -> dict[str, Any]:
    summary: dict[str, Any] = {"name": path.stem, "path": str(path)}
    try:
        with read_journal(path) as reader:
            newest = reader.last_bar()
            return summary | {
                "n_bars": reader.n_bars(),
                "last_bar": newest and newest.isoformat(),
                "identity": reader.identity(),
            }
    except JournalError as error:
        return summary | {"failure": str(error)}


def _sentence(one: dict[str, Any]) -> str:
    if "failure" in one:
        return f"{one['name']}: {one['failure']}"
    newest = f", the last of {one['last_bar'][:16].replace('T', ' ')} UTC" if one["n_bars"] else ""
    about = ", ".join(f"{name} {value}" for name, value in one["identity"].items())
    return f"{one['name']}: {one['n_bars']:,} bars{newest}; {about}"
