"""One look at a bot's journal: scores, drift and canary of each live version, and what follows.

What is found is kept in MLflow and told; the one thing that is ever done is to take a version back
that fails its canary.
"""

import json
from pathlib import Path
from typing import Any

from kaidan.artifact.manifest import REFERENCE
from kaidan.artifact.runtime import RuntimeRefusal, verify_bundle
from kaidan.bot.journal.reader import JournalReader
from kaidan.errors import RegistryError
from kaidan.home import kaidan_home
from kaidan.monitoring.canary import CanaryVerdict, check_canary
from kaidan.monitoring.decisions import Decisions, read_decisions
from kaidan.monitoring.drift import check_drift
from kaidan.monitoring.life_run import keep_page, life_run, log_life
from kaidan.monitoring.live_scores import score_live, score_shadow
from kaidan.monitoring.taking_back import TakenBack, take_back, watched_before
from kaidan.monitoring.watched import LevelWatched, Watched
from kaidan.registry.reference import fetch_reference
from kaidan.registry.store import Version, live_version
from kaidan.serving.cache import ModelCache
from kaidan.settings import Settings


def watch(
    reader: JournalReader, settings: Settings, *, takes_back: bool, home: Path | None = None
) -> Watched:
    """Look at what each live version answered since it went live.

    Parameters
    ----------
    reader : JournalReader
    settings : Settings
    takes_back : bool
        Whether a version that fails its canary is taken back, if `canary.rolls_back` says so too.
    home : Path, optional
        Whose model cache is asked before the registry; default: `KAIDAN_HOME`.

    Raises
    ------
    JournalError, RegistryError
        One of the two cannot be read.
    """
    monitoring = settings.bot.monitoring
    last = max(monitoring.canary.watch_bars, monitoring.scores.window_bars)
    decisions = read_decisions(reader, settings, last=last + settings.training.label.horizon_bars)
    found = []
    for level in settings.bot.ladder.levels:
        version = live_version(level)
        if version is not None:
            n_bars = reader.n_answered(level, version.number)
            one = _look(version, decisions, n_bars, settings, takes_back=takes_back, home=home)
            found.append(one)
    return Watched(reader.path, tuple(found))


def _look(
    version: Version,
    decisions: Decisions,
    n_bars: int,
    settings: Settings,
    *,
    takes_back: bool,
    home: Path | None,
) -> LevelWatched:
    level, number = version.level, version.number
    own = decisions.of_version(level, number)
    reference = _reference(version, home)
    scores = score_live(decisions, level, number, reference, settings)
    shadow = score_shadow(decisions, level, number, reference, settings)
    drift = check_drift(reference, own, settings.bot.monitoring.drift)
    before = watched_before(version)
    canary = (
        None
        if before is None
        else check_canary(decisions, level=level, version=number, before=before, settings=settings)
    )
    if len(own):
        metrics = drift.to_metrics()
        metrics |= {} if scores is None else scores.to_metrics("live")
        metrics |= {} if shadow is None else shadow.to_metrics("shadow")
        metrics |= {} if canary is None else canary.to_metrics()
        run_id = life_run(version)
        # MLflow shows what stands before a slash as a section of its own.
        by_section = {name.replace(".", "/", 1): value for name, value in metrics.items()}
        log_life(run_id, by_section, step=n_bars, at=own.times[-1])
        keep_page(run_id, drift, f"Level {level} version {number}", step=n_bars)
    taken_back = None
    if takes_back and canary is not None and canary.fails:
        taken_back = _taken_back(canary, settings)
    return LevelWatched(level, number, n_bars, scores, shadow, drift, canary, taken_back)


def _taken_back(verdict: CanaryVerdict, settings: Settings) -> TakenBack:
    try:
        return take_back(verdict, settings)
    except RegistryError as error:
        said = f"level {verdict.level} version {verdict.version} cannot be taken back: {error}"
        return TakenBack(verdict.level, verdict.version, None, said)


def _reference(version: Version, home: Path | None) -> dict[str, Any]:
    """The training reference that travels with a version."""
    sha256 = version.tag("model_sha256")
    cached = ModelCache(kaidan_home() if home is None else home).bundle(sha256)
    try:
        return dict(json.loads(verify_bundle(cached, sha256)[REFERENCE]))
    except (RuntimeRefusal, OSError):
        return fetch_reference(version)
