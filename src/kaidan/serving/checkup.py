"""The whole check-up: the registry, and the copy of it that a bot starts from without it."""

from collections.abc import Iterable
from pathlib import Path

from kaidan.artifact.contract_check import contract_fault
from kaidan.artifact.runtime import RuntimeRefusal
from kaidan.errors import RegistryError
from kaidan.home import kaidan_home
from kaidan.registry.health.doctor import examine
from kaidan.registry.health.examination import (
    FIX,
    Checkup,
    Finding,
    Health,
    fail,
    failed,
    ok,
    training,
    warn,
)
from kaidan.registry.health.reach import STORE
from kaidan.registry.health.repair import repair
from kaidan.registry.health.soundness import check_answer
from kaidan.registry.store import Version, live_version
from kaidan.serving.cache import Entry, ModelCache
from kaidan.serving.pull import Fate, pull
from kaidan.settings import Settings

CACHE = "cached copy"


def check(settings: Settings, *, home: Path | None = None) -> Checkup:
    """Check the store, the registry and the cache; nothing is written.

    Parameters
    ----------
    settings : Settings
    home : Path, optional
        Default: `KAIDAN_HOME`.
    """
    found = examine(settings)
    return Checkup((*found, *_check_cache(settings, home, asks=_answers(found))))


def mend(found: Checkup, settings: Settings, *, home: Path | None = None) -> list[str]:
    """Mend what can be: from the history, then the cache from the registry.

    Parameters
    ----------
    found : Checkup
    settings : Settings
    home : Path, optional

    Returns
    -------
    list of str
        What was done, and what could not be, a line each; empty when there was nothing to do.
    """
    said: list[str] = []
    faults = [one for one in found.findings if one.do == FIX and one.name != CACHE]
    if faults:
        try:
            said += repair({one.level for one in faults if one.level is not None}, settings)
        except RegistryError as error:
            said.append(f"not mended: {error}")
    if _answers(found.findings) and any(
        one.do == FIX for one in _check_cache(settings, home, asks=True)
    ):
        said += _renew(settings, home)
    return said


def _answers(findings: Iterable[Finding]) -> bool:
    return all(one.name != STORE or one.state is not Health.fail for one in findings)


def _renew(settings: Settings, home: Path | None) -> list[str]:
    pulled = pull(settings, home)
    return [
        f"level {level}: not cached, {one}"
        if one.fate in (Fate.failed, Fate.nothing)
        else f"level {level}: the cached copy is renewed"
        for level, one in pulled.live.items()
    ]


def _check_cache(settings: Settings, home: Path | None, *, asks: bool) -> list[Finding]:
    """Check the copies of the levels that the ladder asks.

    Parameters
    ----------
    settings : Settings
    home : Path or None
    asks : bool
        The store answers, so that the copies can be held against what is live.
    """
    cache = ModelCache(kaidan_home() if home is None else home)
    try:
        entries = cache.entries()
    except RuntimeRefusal as error:
        return [fail(CACHE, None, str(error), _renewal(asks=asks))]
    found = []
    for level in settings.bot.ladder.levels:
        try:
            found += _check_copy(level, entries.get(level), cache, settings, asks=asks)
        except RegistryError as error:
            found.append(failed(CACHE, level, error))
    return found


def _check_copy(
    level: int, entry: Entry | None, cache: ModelCache, settings: Settings, *, asks: bool
) -> list[Finding]:
    live = live_version(level) if asks else None
    if entry is None:
        if asks and live is None:
            return []
        said = "none: a bot cannot start without the store"
        return [warn(CACHE, level, said, _renewal(asks=asks))]
    if asks and (stale := _stale(entry, live)):
        return [fail(CACHE, level, stale, FIX)]
    try:
        runtime = cache.open(entry, threads=settings.bot.ladder.threads)
    except RuntimeRefusal as error:
        return [fail(CACHE, level, str(error), _renewal(asks=asks))]
    fault = contract_fault(runtime, level, entry.contract_sha256, settings)
    if fault:
        return [fail(CACHE, level, f"version {entry.version} {fault}", training(level))]
    copied = ok(CACHE, level, f"version {entry.version}, fetched {entry.fetched_at[:10]}")
    # Where the store answers, the same model was timed there.
    return [copied] if asks else [copied, check_answer(runtime, settings)]


def _stale(entry: Entry, live: Version | None) -> str:
    """Why a bot that starts from the copy would not trade on what is live; else empty."""
    if live is None:
        return f"version {entry.version}, but nothing is live"
    if entry.version != live.number:
        return f"version {entry.version}, but {live.number} is live"
    if entry.model_sha256 != live.tag("model_sha256"):
        return f"version {entry.version}, but of another model {entry.model_sha256[:12]}"
    return ""


def _renewal(*, asks: bool) -> str:
    return FIX if asks else f"{FIX}, once the store answers"
