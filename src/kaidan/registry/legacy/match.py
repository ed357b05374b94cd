"""Which JSON file of a folder describes which of its models, and how sure that is."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath

from kaidan.registry.legacy.time import stamp


@dataclass(frozen=True)
class Match:
    """The JSON file for a model.

    Attributes
    ----------
    file : str
        Name of the file; empty when none was found.
    sharers : tuple of str
        Models of the folder that this file stands beside, none closer to one than to the others.
    why_not : str
        Why none was found.
    """

    file: str = ""
    sharers: tuple[str, ...] = ()
    why_not: str = ""

    @property
    def shared(self) -> bool:
        """Several models have it."""
        return len(self.sharers) > 1


def match(models: Sequence[str], documents: Sequence[str]) -> dict[str, Match]:
    """Give each model of a folder the JSON file that is named after it, is of its date, or is left.

    Parameters
    ----------
    models, documents : sequence of str
        Names of files, of one folder.
    """
    named = {model: file for model in models for file in documents if _is_named_after(file, model)}
    matches = {model: Match(file, (model,)) for model, file in named.items()}
    left = [file for file in documents if file not in named.values()]
    by_date: dict[datetime | None, list[str]] = {None: []}
    dates = {stamp(file) for file in left}
    for model in models:
        if model not in matches:
            when = stamp(model)
            # A model whose date no file has takes what the models without a date take.
            by_date.setdefault(when if when in dates else None, []).append(model)
    undated = [file for file in left if stamp(file) is None]
    rest = undated or [file for file in left if stamp(file) not in by_date]
    for when, sharers in by_date.items():
        files = [file for file in left if stamp(file) == when] if when else rest
        matches |= dict.fromkeys(sharers, _choose(files, tuple(sharers)))
    return matches


def _is_named_after(file: str, model: str) -> bool:
    own, stem = PurePath(file).stem, PurePath(model).stem
    return own == model or bool(
        re.fullmatch(re.escape(stem) + r"([._-](model[._-])?(metadata|meta|info))?", own)
    )


def _choose(files: list[str], sharers: tuple[str, ...]) -> Match:
    told = [file for file in files if re.search("meta|info", file, re.IGNORECASE)] or files
    if not told:
        return Match(why_not="no metadata: no JSON file beside it")
    if len(told) > 1:
        return Match(
            why_not=f"no metadata: {len(told)} JSON files beside it and none is named after it"
        )
    return Match(told[0], sharers)
