"""What a JSON file beside an old model tells of it: tolerant in its keys, strict about the rest.

Each bot of that time had keys of its own, so values are looked for wherever they lie.
"""

import json
import math
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PureWindowsPath
from typing import Any

from kaidan.registry.legacy.time import instant

MAX_BYTES = 16_000_000  # more is data, not a description
_MAX_NAME = 250  # MLflow's limits
_MAX_VALUE = 6000

_FEATURES = ("feature_names", "feature_columns", "feature_order", "feature_list", "features")
_COUNTS = ("feature_count", "n_features", "num_features", "total_features", "n_features_in_")
_TIMES = (
    *("trained_at", "training_date", "training_timestamp", "created_at", "creation_date"),
    *("created", "saved_at", "timestamp", "date", "updated_at", "last_updated"),
)
_COMMITS = ("git_commit", "commit", "commit_hash", "git_hash", "git_sha", "commit_sha", "commit_id")
_COMMITS_OF_GIT = ("sha", "hash", "revision")  # of anything, unless they stand below `git...`
_BRANCHES = ("git_branch", "branch")
_DIRTIES = ("git_dirty", "dirty", "is_dirty", "uncommitted_changes", "has_uncommitted_changes")

Leaf = tuple[tuple[str, ...], Any]


@dataclass(frozen=True)
class Metadata:
    """What one file tells.

    Attributes
    ----------
    text : str
        The file as it is.
    features : tuple of str
        Names in order; empty when it has no list of them.
    n_features : int or None
        Their number, or the one that it gives instead.
    metrics : dict of str to float
        Each finite number, by its keys joined with dots.
    params : dict of str to str
        Each other value that is not null.
    left_out : tuple of str
        Names of the numbers that are not finite, and of what has the name of something else.
    commit, branch, dirty : str
        Of git; empty when unknown. `dirty` is `true` or `false`.
    when : datetime or None
        UTC.
    """

    text: str
    features: tuple[str, ...] = ()
    n_features: int | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    commit: str = ""
    branch: str = ""
    dirty: str = ""
    when: datetime | None = None

    def mentions(self, files: Collection[str]) -> set[str]:
        """Those of `files` that it names, with a folder or without."""
        # Windows' rules take both kinds of slashes apart.
        return {PureWindowsPath(value).name for value in self.params.values()} & set(files)


def read_metadata(path: Path) -> Metadata | str:
    """Read a file; or say in a few words why it tells nothing."""
    try:
        if path.stat().st_size > MAX_BYTES:
            return f"is larger than {MAX_BYTES // 1_000_000} MB"
        raw = path.read_bytes()
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    try:
        text = raw.decode(json.detect_encoding(raw))
        document = json.loads(text)
    except RecursionError:
        return "is nested too deeply"
    except ValueError as error:
        return f"is not JSON ({' '.join(str(error).split()):.100})"
    if not isinstance(document, dict):
        return f"holds a {type(document).__name__}, wanted an object"
    return _described(text, list(_leaves(document)))


def _described(text: str, leaves: list[Leaf]) -> Metadata:
    features = _first(leaves, _FEATURES, _is_names) or []
    count = _first(leaves, _COUNTS, lambda value: type(value) is int and value > 0)
    branch = _first(leaves, _BRANCHES, lambda value: isinstance(value, str)) or ""
    dirty = _first(leaves, _DIRTIES, lambda value: isinstance(value, bool))
    when = _first(leaves, _TIMES, lambda value: instant(value) is not None)
    metrics: dict[str, float] = {}
    params: dict[str, str] = {}
    left_out = []
    for path, value in leaves:
        if value is None or value is features:
            continue
        name = _name(path)
        if name in metrics or name in params:
            left_out.append(name)
        elif not _is_number(value):
            params[name] = _text(value)[:_MAX_VALUE]
        elif math.isfinite(number := _float(value)):
            metrics[name] = number
        else:
            left_out.append(name)
    return Metadata(
        text=text,
        features=tuple(features),
        n_features=len(features) or count,
        metrics=metrics,
        params=params,
        left_out=tuple(left_out),
        commit=_commit(leaves),
        branch=_text(branch)[:_MAX_NAME],
        dirty=_text(dirty),
        when=instant(when),
    )


def _leaves(document: dict[str, Any]) -> Iterator[Leaf]:
    """Values with their keys, in order; a list of words is one value."""
    # A stack of our own: what the parser let through may be nested deeper than Python recurses.
    stack: list[Leaf] = [((), document)]
    while stack:
        path, value = stack.pop()
        if isinstance(value, dict):
            stack += [((*path, key), below) for key, below in reversed(value.items())]
        elif isinstance(value, list) and not _is_words(value):
            below = [((*path, str(place)), item) for place, item in enumerate(value)]
            stack += reversed(below)
        else:
            yield path, value


def _first(leaves: list[Leaf], keys: tuple[str, ...], fits: Callable[[Any], bool]) -> Any:
    """The value of the first of `keys` that has one that fits, the least nested one."""
    for key in keys:
        found = [leaf for leaf in leaves if leaf[0][-1].lower() == key and fits(leaf[1])]
        if found:
            return min(found, key=lambda leaf: len(leaf[0]))[1]
    return None


def _commit(leaves: list[Leaf]) -> str:
    named = [
        str(value).lower()
        for path, value in leaves
        if path[-1].lower() in _COMMITS
        or (path[-1].lower() in _COMMITS_OF_GIT and any("git" in key.lower() for key in path[:-1]))
    ]
    # A short one often stands beside the whole.
    hashes = [value for value in named if re.fullmatch(r"[0-9a-f]{7,40}", value)]
    return max(hashes, key=len, default="")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_words(value: list[Any]) -> bool:
    return any(isinstance(item, str) for item in value) and not any(
        isinstance(item, dict | list) for item in value
    )


def _is_names(value: Any) -> bool:
    return (
        isinstance(value, list)
        and all(isinstance(item, str) and item for item in value)
        and len(set(value)) == len(value)
    )


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else "" if value is None else json.dumps(value)
    return storable(text)


def storable(text: str) -> str:
    """The text without what a database refuses: NUL, and half of a surrogate pair."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "?")


def _name(path: tuple[str, ...]) -> str:
    """Keys joined with dots, as a name that MLflow takes."""
    name = ".".join(re.sub(r"[^\w\- ]", "_", storable(key)) or "_" for key in path)
    return name[:_MAX_NAME]
