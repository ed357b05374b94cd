"""What is wrong with a source just now: each trouble is told twice, and not at every poll."""

from dataclasses import replace
from datetime import datetime

from kaidan.bot.sources.events import Trouble


class Troubles:
    """The troubles of one source that are not over.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    >>> troubles = Troubles()
    >>> [trouble.text for trouble in troubles.set("exchange", "429", noon)]
    ['429']
    >>> troubles.set("exchange", "429 again", noon)
    []
    >>> [trouble.over for trouble in troubles.set("exchange", None, noon)]
    [True]
    """

    def __init__(self) -> None:
        self._begun: dict[str, Trouble] = {}

    def set(self, kind: str, text: str | None, now: datetime) -> list[Trouble]:
        """Say how it stands with `kind` (None: well); what there is to tell about that."""
        begun = self._begun.get(kind)
        if text is None:
            return [] if begun is None else [replace(self._begun.pop(kind), until=now)]
        # The latest words, for who asks what is wrong now.
        self._begun[kind] = Trouble(kind, text, now if begun is None else begun.since)
        return [self._begun[kind]] if begun is None else []

    def __contains__(self, kind: str) -> bool:
        return kind in self._begun

    @property
    def current(self) -> tuple[Trouble, ...]:
        """What is wrong now."""
        return tuple(self._begun.values())
