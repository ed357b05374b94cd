"""What a bot is asked to do, and under which name it remembers it."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from kaidan.errors import DataError, UsageError
from kaidan.settings import Settings

REPLAY, EXCHANGE = "replay:", "exchange:"
_SAMPLE = "sample"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One run of a bot.

    Attributes
    ----------
    source : str
        `replay:FILE`, `replay:sample`, or `exchange:NAME/BASE_QUOTE`.
    macro : str
        A file, `live`, `sample`, or empty.
    name : str
        Of its journal.
    once : bool
        Stop after the first decision.
    cached : bool
        Never ask the registry.
    restart : bool
        Put the journal aside and begin anew.
    serves : bool
        Answer `/healthz` and `/metrics`.
    config : Path or None
        Where the settings were read from.
    """

    source: str
    macro: str
    name: str
    once: bool
    cached: bool
    restart: bool
    serves: bool
    config: Path | None

    @property
    def replays(self) -> bool:
        """Whether the bars are of the past."""
        return self.source.startswith(REPLAY)

    @property
    def place(self) -> str:
        """What the source is asked for: a file, or an exchange's name."""
        return self.source.partition(":")[2]

    def identity(self, settings: Settings) -> dict[str, str]:
        """What the journal is about: the same again, or it is another journal.

        A replay is about its bars and its settings. A live bot goes on whatever its settings
        become, because its position does.

        Raises
        ------
        DataError
            A file cannot be read.
        """
        if not self.replays:
            return {"source": self.source}
        return {
            "source": self.source,
            "data": _digest(self.place),
            "macro": _digest(self.macro),
            "settings": settings.config_id,
        }


def default_name(source: str) -> str:
    """A journal's name for `source`: `replay-btc_15m`, `paper-bitbank-BTC_JPY`.

    Raises
    ------
    UsageError
        There is no such kind of source.
    """
    kind, _, place = source.partition(":")
    if f"{kind}:" not in (REPLAY, EXCHANGE) or not place:
        raise UsageError(
            f"--source got {source!r}, wanted replay:FILE, replay:sample or "
            "exchange:NAME/BASE_QUOTE, as in exchange:bitbank/BTC_JPY"
        )
    if f"{kind}:" == REPLAY:
        kind, place = "replay", Path(place).stem
    else:
        kind = "paper"
    return re.sub(r"[^A-Za-z0-9._-]+", "-", f"{kind}-{place}")[:64]


def _digest(place: str) -> str:
    """Hash of a file's bytes; what is no file is its own name."""
    if place in {"", _SAMPLE, "live"}:
        return place or "none"
    try:
        with Path(place).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:16]
    except OSError as error:
        raise DataError(
            f"{place}: cannot be read ({error.strerror}); want sample or a CSV or Parquet file"
        ) from error
