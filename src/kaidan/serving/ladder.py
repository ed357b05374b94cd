"""The staircase: level 1, then 2, then 3, then the dummy, for every prediction anew."""

import tempfile
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kaidan.artifact.contract_check import contract_fault
from kaidan.artifact.runtime import Runtime, RuntimeRefusal
from kaidan.errors import RegistryError
from kaidan.home import kaidan_home
from kaidan.serving.cache import Entry, ModelCache
from kaidan.serving.dummy import DummyModel
from kaidan.serving.prediction import Attempt, Prediction, Probabilities
from kaidan.settings import Settings, load_settings
from kaidan.signal import CLASS_NAMES, Signal

_N_NAMED = 3


class Ladder:
    """Asks the levels in turn and says why each one above the answer was out.

    A level is out when a feature of it is missing, not finite or stale, when its version is
    missing, its hash or contract is wrong, its session fails, or its answer is no distribution.

    Parameters
    ----------
    steps : mapping of level to Runtime or str
        In the order in which they are asked; a string says why the level cannot be loaded.
    """

    def __init__(self, steps: Mapping[int, Runtime | str]) -> None:
        self._steps = dict(steps)
        self._dummy = DummyModel()

    @classmethod
    def from_registry(cls, settings: Settings | None = None, *, home: Path | None = None) -> Self:
        """Load what is in Production, and keep a verified copy for `from_cache`.

        Imports MLflow. Nothing raises: a level that cannot be loaded says so in each answer.
        """
        from kaidan.registry.store import fetch_bundle, live_version

        chosen = load_settings() if settings is None else settings
        cache = ModelCache(kaidan_home() if home is None else home)
        steps: dict[int, Runtime | str] = {}
        before = _cached(cache)
        live = dict(before)
        for level in chosen.bot.ladder.levels:
            try:
                version = live_version(level)
                if version is None:
                    steps[level] = "no Production version is registered"
                    live.pop(level, None)
                    continue
                entry = Entry(
                    version=version.number,
                    model_sha256=version.tag("model_sha256"),
                    contract_sha256=version.tag("contract_sha256"),
                    fetched_at=datetime.now(UTC).isoformat(timespec="seconds"),
                )
                try:
                    runtime = cache.open(entry, threads=chosen.bot.ladder.threads)
                except RuntimeRefusal:
                    # Threads of a download that failed may still write as this is removed.
                    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
                        fetched = fetch_bundle(version, Path(folder))
                        runtime = cache.put(fetched, entry, threads=chosen.bot.ladder.threads)
                steps[level] = _checked(runtime, level, entry, chosen)
                live[level] = entry
            except (RegistryError, RuntimeRefusal, OSError) as error:
                steps[level] = str(error)
        if live != before:
            cache.set_live(live)
        return cls(steps)

    @classmethod
    def from_cache(cls, settings: Settings | None = None, *, home: Path | None = None) -> Self:
        """Load what `from_registry` kept: no MLflow, no network."""
        chosen = load_settings() if settings is None else settings
        cache = ModelCache(kaidan_home() if home is None else home)
        levels = chosen.bot.ladder.levels
        try:
            entries = cache.entries()
        except RuntimeRefusal as error:
            return cls(dict.fromkeys(levels, str(error)))
        steps: dict[int, Runtime | str] = {}
        for level in levels:
            if level not in entries:
                steps[level] = "no version is cached; start once with the registry"
                continue
            try:
                runtime = cache.open(entries[level], threads=chosen.bot.ladder.threads)
                steps[level] = _checked(runtime, level, entries[level], chosen)
            except RuntimeRefusal as error:
                steps[level] = str(error)
        return cls(steps)

    @property
    def loaded(self) -> dict[int, Runtime]:
        """Runtimes by level, of the levels that could be loaded."""
        return {level: step for level, step in self._steps.items() if isinstance(step, Runtime)}

    @property
    def unloaded(self) -> dict[int, str]:
        """Why a level could not be loaded, by level."""
        return {level: step for level, step in self._steps.items() if isinstance(step, str)}

    def predict(
        self, features: "pd.Series[float] | Mapping[str, float]", *, stale: Collection[str] = ()
    ) -> Prediction:
        """Decide on one bar.

        Parameters
        ----------
        features : Series or mapping of feature name to value
            In any order; more than a level needs is fine.
        stale : collection of str
            Features that have a value, but one that is too old (`FeatureManager.stale_features`).

        Returns
        -------
        Prediction
            Never an exception for a bad row: the level is left out, and at the foot is HOLD.
        """
        given = dict(features.items())
        attempts: list[Attempt] = []
        for level, step in self._steps.items():
            if isinstance(step, str):
                attempts.append(Attempt(level, step))
                continue
            missing = [name for name in step.features if name not in given]
            row = _single([[_number(given[name]) for name in step.features if name in given]])
            fault = (
                _fault(step.features, missing, row[0], stale)
                if (missing or stale or not np.isfinite(row).all())
                else ""
            )
            if not fault:
                try:
                    return _prediction(step, step.predict(row), level, tuple(attempts))
                except RuntimeRefusal as error:
                    fault = str(error)
            attempts.append(Attempt(level, fault))
        return self._dummy.predict(features, attempts=tuple(attempts))

    def predict_frame(self, features: pd.DataFrame) -> pd.DataFrame:
        """Decide on many bars, each by the highest level that can.

        Parameters
        ----------
        features : DataFrame of shape (n_bars, n_features)

        Returns
        -------
        DataFrame of shape (n_bars, 7)
            `signal`, `confidence`, `p_sell`, `p_hold`, `p_buy`, `level` (<NA> = dummy) and
            `attempts` (a line per bar, empty when level 1 answered).
        """
        n = len(features)
        foot = self._dummy.predict()
        classes = np.full(n, int(foot.signal))
        confidence = np.full(n, foot.confidence)
        probabilities = np.tile(np.array(foot.probabilities), (n, 1))
        levels = np.zeros(n, dtype=np.int64)
        attempts = np.full(n, "", dtype=object)
        for level, step in self._steps.items():
            open_rows = np.flatnonzero(levels == 0)
            faults = self._frame_faults(step, features.iloc[open_rows])
            able = open_rows[faults == ""]
            if isinstance(step, Runtime) and len(able):
                try:
                    answer = step.predict(features.iloc[able][list(step.features)].to_numpy())
                    classes[able], confidence[able] = step.decide(answer)
                    probabilities[able] = answer
                    levels[able] = level
                except RuntimeRefusal as error:
                    faults[faults == ""] = str(error)
            for row, fault in zip(open_rows, faults, strict=True):
                if fault:
                    attempts[row] += f"level {level}: {fault}; "
        return pd.DataFrame(
            {
                "signal": np.array(CLASS_NAMES)[classes],
                "confidence": confidence,
                "p_sell": probabilities[:, 0],
                "p_hold": probabilities[:, 1],
                "p_buy": probabilities[:, 2],
                "level": pd.Series(levels, index=features.index, dtype="Int64").replace(0, pd.NA),
                "attempts": [text.removesuffix("; ") for text in attempts],
            },
            index=features.index,
        )

    @staticmethod
    def _frame_faults(step: Runtime | str, features: pd.DataFrame) -> NDArray[np.object_]:
        """Why each row cannot be answered; an empty text where it can."""
        if isinstance(step, str):
            return np.full(len(features), step, dtype=object)
        missing = [name for name in step.features if name not in features.columns]
        present = [name for name in step.features if name in features.columns]
        values = _single(features[present])
        patterns, kind = np.unique(np.isfinite(values), axis=0, return_inverse=True)
        texts = np.array(
            [
                _fault(step.features, missing, np.where(finite, 0.0, np.nan), ())
                for finite in patterns
            ],
            dtype=object,
        )
        return texts[kind] if len(values) else np.empty(0, dtype=object)


def _cached(cache: ModelCache) -> dict[int, Entry]:
    """What was live so far; a damaged index is written anew."""
    try:
        return cache.entries()
    except RuntimeRefusal:
        return {}


def _checked(runtime: Runtime, level: int, entry: Entry, settings: Settings) -> Runtime | str:
    """The runtime, or why its contract is not the one that this kaidan computes features for."""
    fault = contract_fault(runtime, level, entry.contract_sha256, settings)
    return f"version {entry.version} {fault}" if fault else runtime


def _prediction(
    runtime: Runtime, answer: NDArray[np.float32], level: int, attempts: tuple[Attempt, ...]
) -> Prediction:
    classes, confidence = runtime.decide(answer)
    return Prediction(
        signal=Signal[runtime.classes[classes[0]]],
        confidence=float(confidence[0]),
        probabilities=Probabilities(*(float(p) for p in answer[0])),
        level=level,
        attempts=attempts,
    )


def _single(values: Any) -> NDArray[np.float32]:
    """As the model sees it: what is beyond single precision is not finite."""
    with np.errstate(over="ignore"):
        return np.array(values, dtype=np.float32)


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return np.nan


def _fault(
    names: tuple[str, ...],
    missing: list[str],
    values: NDArray[np.floating[Any]],
    stale: Collection[str],
) -> str:
    """Say what is wrong with a row; an empty text when nothing is.

    `values` are those of the names that are not missing, in order.
    """
    present = [name for name in names if name not in missing]
    broken = [name for name, v in zip(present, values, strict=True) if not np.isfinite(v)]
    old = [name for name in present if name in stale]
    said = [
        f"{what}: {_named(found)}"
        for what, found in (("missing", missing), ("not finite", broken), ("stale", old))
        if found
    ]
    return ", ".join(said)


def _named(names: list[str]) -> str:
    more = len(names) - _N_NAMED
    return ", ".join(names[:_N_NAMED]) + (f" and {more} more" if more > 0 else "")
