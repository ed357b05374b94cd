"""From the cache's index to levels that can be asked: verified, of this contract, and tried out."""

from collections.abc import Mapping
from dataclasses import dataclass

from kaidan.artifact.contract_check import contract_fault
from kaidan.artifact.runtime import Runtime, RuntimeRefusal
from kaidan.serving.cache import Cached, Entry, ModelCache
from kaidan.serving.rung import Rung
from kaidan.serving.smoke import smoke_fault
from kaidan.serving.steps import Steps
from kaidan.settings import Settings

NOT_CACHED = "no version is cached; start once with the registry"
NOTHING_LIVE = "no Production version is registered"


@dataclass(frozen=True)
class Loaded:
    """New steps, and why some of them are not what the index names.

    Attributes
    ----------
    steps : Steps
    failed, shadow_failed : dict of level to str
    """

    steps: Steps
    failed: dict[int, str]
    shadow_failed: dict[int, str]


def load(
    cache: ModelCache, settings: Settings, *, before: Steps, unpulled: Mapping[int, str]
) -> Loaded:
    """Open what the index names; a model that is open already is not opened again.

    A level that cannot be opened keeps what it has in `before`. One of which the registry said
    that nothing is live goes out.

    Parameters
    ----------
    cache : ModelCache
    settings : Settings
    before : Steps
        Without any at a start.
    unpulled : mapping of level to str
        Levels of which the index does not say what is live now, and why.
    """
    levels: tuple[int, ...] = settings.bot.ladder.levels
    live: dict[int, Rung | str] = {}
    shadow: dict[int, Rung | str] = {}
    failed: dict[int, str] = {}
    try:
        index = cache.index()
    except RuntimeRefusal as error:
        failed = dict.fromkeys(levels, str(error)) | dict(unpulled)
        live = {level: _kept(before, level, failed[level]) for level in levels}
        return Loaded(Steps(live, before.shadow, before.confirmed_at), failed, {})
    opener = _Opener(cache, settings, before)
    for level in levels:
        said = index.get(level)
        if level in unpulled:
            step: Rung | str = unpulled[level]
        elif said is None:
            step = NOT_CACHED
        elif said.live is None:
            live[level] = NOTHING_LIVE
            continue
        else:
            step = opener.open(level, said.live)
        if isinstance(step, str):
            failed[level] = step
            step = _kept(before, level, step)
        live[level] = step
        if said is not None and said.shadow is not None:
            shadow[level] = opener.open(level, said.shadow)
    shadow_failed = {level: step for level, step in shadow.items() if isinstance(step, str)}
    return Loaded(Steps(live, shadow, _confirmed(index, levels)), failed, shadow_failed)


def _kept(before: Steps, level: int, why: str) -> Rung | str:
    """What a level had; where it had nothing, why it still has not."""
    old = before.live.get(level)
    return old if isinstance(old, Rung) else why


def _confirmed(index: Mapping[int, Cached], levels: tuple[int, ...]) -> str | None:
    if any(level not in index for level in levels):
        return None
    return min((index[level].confirmed_at for level in levels), default=None)


class _Opener:
    """Opens each model once, however many levels, versions and refreshes name it."""

    def __init__(self, cache: ModelCache, settings: Settings, before: Steps) -> None:
        self._cache, self._settings = cache, settings
        self._open: dict[str, Runtime] = {
            step.runtime.model_sha256: step.runtime
            for steps in (before.live, before.shadow)
            for step in steps.values()
            if isinstance(step, Rung)
        }

    def open(self, level: int, entry: Entry) -> Rung | str:
        """A level that may be asked, or why not."""
        runtime, trouble = self._open.get(entry.model_sha256), ""
        try:
            if runtime is None:
                files = self._cache.read(entry)
                runtime = Runtime(files, self._settings.bot.ladder.threads)
                trouble = smoke_fault(runtime, files)
        except RuntimeRefusal as error:
            return str(error)
        fault = contract_fault(runtime, level, entry.contract_sha256, self._settings) or trouble
        if fault:
            return f"version {entry.version} {fault}"
        self._open[entry.model_sha256] = runtime
        return Rung(level, runtime, entry)
