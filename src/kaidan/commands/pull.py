"""`kaidan pull`: what is live, brought into the cache that a bot starts from."""

from typing import TYPE_CHECKING

import typer

from kaidan.commands.options import ConfigDir, Json, answer
from kaidan.errors import RegistryError
from kaidan.settings import load_settings

if TYPE_CHECKING:
    from kaidan.serving.pull import Pull


def pull(config: ConfigDir = None, as_json: Json = False) -> None:
    """Bring what is live, and the shadow, into the cache; exit 1 when a level cannot be."""
    settings = load_settings(config)

    from kaidan.serving import pull as pulling

    done = pulling.pull(settings)
    if not as_json and len(done.failed) == len(done.live):
        why = "; ".join(dict.fromkeys(done.failed.values()))
        raise RegistryError(f"{why} (the cached models stay)")
    answer(done.to_dict(), lambda: _told(done), as_json=as_json)
    if done.failed:
        raise typer.Exit(1)


def _told(done: "Pull") -> str:
    lines = []
    for level, one in done.live.items():
        lines.append(f"level {level}: {one}")
        if level in done.shadow:
            lines.append(f"  in the shadow: {done.shadow[level]}")
    return "\n".join(lines)
