"""Retraining as time goes on: every level learns from a window and answers the bars after it.

No gate is asked: what a window teaches is used for the next bars, good or bad.
"""

import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kaidan.artifact.runtime import Runtime
from kaidan.bot.walk_steps import Step
from kaidan.errors import ArtifactError, TrainingError
from kaidan.evaluation.judged_fit import fit_judged
from kaidan.evaluation.report import Judged, judge_holdout, known_before
from kaidan.features.contract import level_contract
from kaidan.learning.dataset import Dataset, History
from kaidan.learning.ensemble import ProductionEnsemble
from kaidan.learning.labels import make_labels
from kaidan.market.bars import BAR_LENGTH
from kaidan.registry.bundle import compare_answers, require_parity, write_ensemble
from kaidan.serving.ladder import Ladder
from kaidan.settings import Settings

Progress = Callable[[int, str], None]


@dataclass(frozen=True)
class Walked:
    """What came of one step.

    Attributes
    ----------
    step : Step
    answers : DataFrame of shape (n_bars, 7)
        Those of the ladder on the step's test bars.
    judged : dict of level to Judged
        Each level alone, on all test bars that it can answer and whose label is known.
    failed : dict of level to str
        Why a level could not be trained: the ladder goes on without it.
    """

    step: Step
    answers: pd.DataFrame
    judged: dict[int, Judged]
    failed: dict[int, str]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return {
            **self.step.to_dict(),
            "n_bars": len(self.answers),
            "failed": self.failed,
            "skill": {
                level: {name: skill.estimate for name, skill in judged.skills.items()}
                for level, judged in self.judged.items()
            },
        }


def walk_forward(
    history: History,
    steps: Sequence[Step],
    levels: Sequence[int],
    settings: Settings,
    *,
    progress: Progress,
) -> tuple[Walked, ...]:
    """Train all levels at each step and let their ladder answer the bars after it.

    Parameters
    ----------
    history : History
        Its features and labels are computed once; a step takes what was known before its test.
    steps : sequence of Step
    levels : sequence of int
        In the order in which the ladder asks them.
    settings : Settings
        Parameters that a live version was tuned to are not used: they were chosen on bars of any
        time.
    progress : callable
        Told level and step, after each level.

    Raises
    ------
    TrainingError
        No level could be trained at any step.
    """
    # Two levels side by side, each on one thread, are done sooner than one after the other on two.
    alone = settings.with_training(settings.training.model_copy(update={"threads": 1}))
    walked = []
    with ThreadPoolExecutor(settings.training.threads) as pool:
        for number, step in enumerate(steps, start=1):
            rungs: dict[int, Runtime | str] = {}
            judged: dict[int, Judged] = {}
            started = {level: pool.submit(_rung, history, step, level, alone) for level in levels}
            for level, done in started.items():
                rungs[level], found = done.result()
                if found is not None:
                    judged[level] = found
                progress(level, f"step {number} of {len(steps)}")
            ladder = Ladder(rungs)
            answers = ladder.predict_frame(_test_rows(history, step))
            walked.append(Walked(step, answers, judged, ladder.unloaded))
    if all(len(one.failed) == len(levels) for one in walked):
        raise TrainingError(
            f"no step could train a level; the last was {walked[-1].failed[levels[-1]]}; "
            "use more --train-days"
        )
    return tuple(walked)


def _rung(
    history: History, step: Step, level: int, settings: Settings
) -> tuple[Runtime | str, Judged | None]:
    """A level trained for a step, or why it could not be, and how it does on the test bars."""
    try:
        ensemble, dataset = train_window(history, step, level, settings)
        runtime = as_live(ensemble, dataset, settings)
        return runtime, judge_step(history, step, ensemble, dataset, settings)
    except (TrainingError, ArtifactError) as error:
        return f"not trained at {step.test_from:%Y-%m-%d} ({error})", None


def train_window(
    history: History, step: Step, level: int, settings: Settings
) -> tuple[ProductionEnsemble, Dataset]:
    """Train one level as a training run does, on all rows of the window: nothing is held out.

    The last horizon of the window has no labels yet, and that is the purge.

    Raises
    ------
    TrainingError
        Too few rows, a constant feature, or no macro data for level 1.
    """
    bars = history.bars.loc[: step.test_from - BAR_LENGTH]
    window = replace(
        history,
        bars=bars,
        features=history.features.loc[step.train_from : bars.index[-1]],
        labels=make_labels(bars, settings.training.label),
    )
    rows = window.dataset(level, settings)
    n = len(rows.y)
    dataset = replace(rows, development=slice(0, n), holdout=slice(n, n))
    ensemble, _ = fit_judged(dataset, window.labels, settings.training)
    return ensemble, dataset


def judge_step(
    history: History,
    step: Step,
    ensemble: ProductionEnsemble,
    dataset: Dataset,
    settings: Settings,
) -> Judged | None:
    """Judge a level on the test bars of its step, beside baselines of its window.

    Returns
    -------
    Judged or None
        None where no test bar has all inputs and a known label.
    """
    rows = _test_rows(history, step)[dataset.features.columns]
    finite = np.isfinite(rows.to_numpy()).all(axis=1)
    rows = rows[finite & rows.index.isin(history.labels.index)]
    if rows.empty:
        return None
    features = pd.concat([dataset.features, rows])
    n = len(dataset.y)
    return judge_holdout(
        ensemble,
        features,
        np.concatenate([dataset.y, history.labels.loc[rows.index].to_numpy(dtype=np.int64)]),
        known_before(history.labels, features, settings.training.label),
        slice(0, n),
        slice(n, len(features)),
    )


def as_live(ensemble: ProductionEnsemble, dataset: Dataset, settings: Settings) -> Runtime:
    """Export an ensemble and open the graph, as live does.

    Raises
    ------
    ArtifactError
        The graph does not say what was trained.
    """
    contract = level_contract(settings, dataset.level)
    with tempfile.TemporaryDirectory() as folder:
        bundle = Path(folder) / "bundle"
        model_sha256 = write_ensemble(ensemble, contract, dataset, bundle)
        require_parity(compare_answers(ensemble, contract, dataset, bundle), settings)
        return Runtime.open(
            bundle, expected_sha256=model_sha256, threads=settings.bot.ladder.threads
        )


def _test_rows(history: History, step: Step) -> pd.DataFrame:
    return history.features.loc[step.test_from : step.test_until - BAR_LENGTH]
