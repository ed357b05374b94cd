"""The ladder as the bot uses it: slow to climb, with a shadow that is heard and never obeyed."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from kaidan.serving.climb import Climb
from kaidan.serving.dummy import DummyModel
from kaidan.serving.ladder import Ladder, as_row
from kaidan.serving.prediction import Attempt, Prediction
from kaidan.serving.rung import Rung, Said
from kaidan.serving.steps import Refresh, Steps

if TYPE_CHECKING:
    import pandas as pd

    from kaidan.serving.many_rows import Asked


@dataclass(frozen=True)
class ShadowAnswer:
    """What a version that is not live says of the same row.

    Attributes
    ----------
    level : int
    version : int or None
        None where it could not be loaded.
    said : Said or str
        A text says why there is no answer.
    """

    level: int
    version: int | None
    said: Said | str

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values: the answer, or `reason`."""
        who: dict[str, Any] = {"level": self.level, "version": self.version}
        if isinstance(self.said, str):
            return who | {"reason": self.said}
        signal, confidence, probabilities = self.said
        return who | {
            "signal": signal.name,
            "confidence": confidence,
            "probabilities": probabilities._asdict(),
        }


@dataclass(frozen=True)
class LiveAnswer:
    """One decision, and who made it.

    Attributes
    ----------
    prediction : Prediction
    version : int or None
        Registered version of the level that answered; None for the dummy.
    model_sha256 : str or None
        None for the dummy.
    shadow : tuple of ShadowAnswer
        Of the level that answered, where it has one.
    """

    prediction: Prediction
    version: int | None
    model_sha256: str | None
    shadow: tuple[ShadowAnswer, ...]


class LiveLadder:
    """A ladder with a memory of which levels were out.

    One thread asks; another one may refresh.

    Parameters
    ----------
    ladder : Ladder
    climb_after_bars : int
        See `Climb`.
    """

    def __init__(self, ladder: Ladder, *, climb_after_bars: int) -> None:
        self._ladder = ladder
        self._climb = Climb(climb_after_bars)
        self._dummy = DummyModel()

    @property
    def steps(self) -> Steps:
        """What would be asked now."""
        return self._ladder.steps

    def refresh(self) -> Refresh:
        """See `Ladder.refresh`."""
        return self._ladder.refresh()

    def state(self) -> dict[str, int]:
        """Plain JSON: which levels wait, for `restore`."""
        return self._climb.state()

    def restore(self, state: Mapping[str, int]) -> None:
        """Go on from what `state` gave."""
        self._climb.restore(state)

    def predict(
        self, features: "pd.Series[float] | Mapping[str, float]", *, stale: Collection[str] = ()
    ) -> LiveAnswer:
        """Decide on the next bar.

        Parameters
        ----------
        features, stale
            As `Ladder.predict` takes them.

        Returns
        -------
        LiveAnswer
            Never an exception for a bad row, a level that fails or a shadow that does.
        """
        steps = self._ladder.steps
        row = as_row(features)
        said: dict[int, tuple[Rung, Said]] = {}
        faults: dict[int, str] = {}

        def ask() -> Iterator[tuple[int, bool]]:
            for level, step in steps.live.items():
                heard = step if isinstance(step, str) else step.ask(row, stale)
                if isinstance(step, str) or isinstance(heard, str):
                    faults[level] = str(heard)
                else:
                    said[level] = step, heard
                yield level, level in said

        chosen = self._climb.step(ask())
        attempts = tuple(
            Attempt(level, faults.get(level) or self._climb.reason(level))
            for level in self._climb.above(chosen)
        )
        if chosen is None:
            return LiveAnswer(self._dummy.predict(features, attempts=attempts), None, None, ())
        rung, answer = said[chosen]
        return LiveAnswer(
            answer.as_answer(chosen, attempts),
            rung.version,
            rung.runtime.model_sha256,
            _in_the_shadow(steps, chosen, row, stale),
        )

    def predict_frame(self, features: "pd.DataFrame") -> "pd.DataFrame":
        """Decide on many bars, as `predict` would one after the other.

        It goes on from the levels that wait now, and leaves those that wait after the last bar.

        Parameters
        ----------
        features : DataFrame of shape (n_bars, n_features)

        Returns
        -------
        DataFrame of shape (n_bars, 7)
            As `Ladder.predict_frame`.
        """
        from kaidan.serving.many_rows import Answers, ask_rows

        live = self._ladder.steps.live
        asked: dict[int, Asked] = {}
        able: dict[int, list[bool]] = {}

        def ask(bar: int) -> Iterator[tuple[int, bool]]:
            for level, step in live.items():
                if level not in asked:
                    asked[level] = ask_rows(step, features)
                    able[level] = asked[level].able.tolist()
                yield level, able[level][bar]

        answers = Answers(features.index)
        chosen = np.zeros(len(features), dtype=np.int64)
        for bar in range(len(features)):
            answering = self._climb.step(ask(bar))
            chosen[bar] = answering or 0
            for level in self._climb.above(answering):
                answers.attempt(bar, level, asked[level].faults[bar] or self._climb.reason(level))
        for level, said in asked.items():
            bars = np.flatnonzero(chosen == level)
            answers.answer(bars, level, said, bars)
        return answers.frame()


def _in_the_shadow(
    steps: Steps, level: int, row: Mapping[str, Any], stale: Collection[str]
) -> tuple[ShadowAnswer, ...]:
    shadow = steps.shadow.get(level)
    if shadow is None:
        return ()
    if isinstance(shadow, Rung):
        return (ShadowAnswer(level, shadow.version, shadow.ask(row, stale)),)
    return (ShadowAnswer(level, None, shadow),)
