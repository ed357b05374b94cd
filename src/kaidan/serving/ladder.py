"""The staircase: level 1, then 2, then 3, then the dummy, for every prediction anew."""

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from kaidan.artifact.runtime import Runtime
from kaidan.errors import UsageError
from kaidan.home import kaidan_home
from kaidan.serving.cache import ModelCache
from kaidan.serving.dummy import DummyModel
from kaidan.serving.loading import Loaded, load
from kaidan.serving.prediction import Attempt, Prediction
from kaidan.serving.rung import Rung
from kaidan.serving.steps import Refresh, Steps, swapped
from kaidan.settings import Settings, load_settings

if TYPE_CHECKING:
    import pandas as pd


class Ladder:
    """Asks the levels in turn and says why each one above the answer was out.

    A level is out when a feature of it is missing, not finite or stale, when its version is
    missing, its hash or contract is wrong, its session fails, or its answer is no distribution.
    Several threads may ask while another one refreshes.

    Parameters
    ----------
    steps : mapping of level to Runtime or str
        In the order in which they are asked; a string says why the level cannot be loaded.
    """

    def __init__(self, steps: Mapping[int, Runtime | str]) -> None:
        self._steps = Steps(
            {
                level: step if isinstance(step, str) else Rung(level, step)
                for level, step in steps.items()
            }
        )
        self._load: Callable[[Steps], Loaded] | None = None
        self._dummy = DummyModel()

    @classmethod
    def from_registry(cls, settings: Settings | None = None, *, home: Path | None = None) -> Self:
        """Load what is in Production, and keep a verified copy for `from_cache`.

        Imports MLflow. Nothing raises: a level that cannot be loaded says so in each answer.
        """
        from kaidan.serving.pull import pull

        chosen = load_settings() if settings is None else settings
        place = kaidan_home() if home is None else home

        def again(before: Steps) -> Loaded:
            unpulled = pull(chosen, place).failed
            return load(ModelCache(place), chosen, before=before, unpulled=unpulled)

        return cls._loaded_by(again)

    @classmethod
    def from_cache(cls, settings: Settings | None = None, *, home: Path | None = None) -> Self:
        """Load what `from_registry` or `pull` kept: no MLflow, no network, no pandas."""
        chosen = load_settings() if settings is None else settings
        cache = ModelCache(kaidan_home() if home is None else home)
        return cls._loaded_by(lambda before: load(cache, chosen, before=before, unpulled={}))

    @classmethod
    def _loaded_by(cls, load_again: Callable[[Steps], Loaded]) -> Self:
        ladder = cls({})
        ladder._load = load_again
        ladder._steps = load_again(ladder._steps).steps
        return ladder

    @property
    def steps(self) -> Steps:
        """What would be asked now; a refresh replaces it as a whole."""
        return self._steps

    @property
    def loaded(self) -> dict[int, Runtime]:
        """Runtimes by level, of the levels that could be loaded."""
        live = self._steps.live
        return {level: step.runtime for level, step in live.items() if isinstance(step, Rung)}

    @property
    def unloaded(self) -> dict[int, str]:
        """Why a level could not be loaded, by level."""
        live = self._steps.live
        return {level: step for level, step in live.items() if isinstance(step, str)}

    def refresh(self) -> Refresh:
        """Load again, from where the ladder was made; then swap everything at once.

        A version is verified, held against the contract and tried out before it may answer. A
        level for which that fails keeps what it has, as do all when the registry or the cache's
        index cannot be read. A level of which the registry says that nothing is live goes out.

        Raises
        ------
        UsageError
            The ladder was made of runtimes.
        """
        if self._load is None:
            raise UsageError(
                "a ladder made of runtimes cannot be refreshed; make it with Ladder.from_registry "
                "or Ladder.from_cache"
            )
        before = self._steps
        loaded = self._load(before)
        self._steps = loaded.steps
        return Refresh(
            swapped=swapped(before.live, loaded.steps.live),
            failed=loaded.failed,
            shadow_failed=loaded.shadow_failed,
            confirmed_at=loaded.steps.confirmed_at,
        )

    def predict(
        self, features: "pd.Series[float] | Mapping[str, float]", *, stale: Collection[str] = ()
    ) -> Prediction:
        """Decide on one bar.

        Parameters
        ----------
        features : Series or mapping of feature name to value
            In any order; more than a level needs is fine. A dict is the quickest.
        stale : collection of str
            Features that have a value, but one that is too old (`FeatureManager.stale_features`).

        Returns
        -------
        Prediction
            Never an exception for a bad row: the level is left out, and at the foot is HOLD.
        """
        row = as_row(features)
        attempts: list[Attempt] = []
        for level, step in self._steps.live.items():
            said = step if isinstance(step, str) else step.ask(row, stale)
            if not isinstance(said, str):
                return said.as_answer(level, tuple(attempts))
            attempts.append(Attempt(level, said))
        return self._dummy.predict(features, attempts=tuple(attempts))

    def predict_frame(self, features: "pd.DataFrame") -> "pd.DataFrame":
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
        from kaidan.serving.many_rows import Answers, ask_rows

        answers = Answers(features.index)
        for level, step in self._steps.live.items():
            bars = answers.unanswered
            asked = ask_rows(step, features.iloc[bars])
            for row in np.flatnonzero(~asked.able):
                answers.attempt(int(bars[row]), level, asked.faults[row])
            able = np.flatnonzero(asked.able)
            answers.answer(bars[able], level, asked, able)
        return answers.frame()


def as_row(features: "pd.Series[float] | Mapping[str, Any]") -> dict[str, Any]:
    """A row of features as a dict: in a Series each look-up takes microseconds."""
    if isinstance(features, dict):
        return features
    return {str(name): value for name, value in features.items()}
