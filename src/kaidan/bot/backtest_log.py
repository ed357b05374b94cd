"""A back-test as an MLflow run, beside the runs of the models that it judged."""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mlflow
from matplotlib.figure import Figure

from kaidan.bot.frozen import FrozenResult
from kaidan.bot.walk_forward import Walked
from kaidan.bot.walk_result import WalkResult
from kaidan.registry.runs import open_run
from kaidan.registry.store import store_errors


@contextmanager
def backtest_run(
    name: str, params: Mapping[str, Any], tags: Mapping[str, str]
) -> Iterator[Callable[[FrozenResult | WalkResult, Figure], str]]:
    """Open a run, so that a store that is down is told before the work and not after it.

    Yields
    ------
    callable
        Logs a result and its figure into the run; returns the run's id.

    Raises
    ------
    RegistryError
        The store cannot be written to.
    """
    with open_run(params) as run_id:
        with store_errors("write to a run"):
            mlflow.set_tags({"mlflow.runName": name, **tags})

        def keep(result: FrozenResult | WalkResult, figure: Figure) -> str:
            _log_result(result, figure)
            return run_id

        yield keep


def _log_result(result: FrozenResult | WalkResult, figure: Figure) -> None:
    with store_errors("write to a run"), tempfile.TemporaryDirectory() as folder:
        mlflow.log_metrics(result.to_metrics())
        if isinstance(result, WalkResult):
            _log_steps(result.walked)
        mlflow.log_figure(figure, "figures/equity.png")
        mlflow.log_dict(result.to_dict(), "backtest.json")
        trades = Path(folder) / "trades.csv"
        result.done.trades().to_csv(trades, index=False)
        mlflow.log_artifact(str(trades))


def _log_steps(walked: Sequence[Walked]) -> None:
    # The number of the step is the axis, so that the UI draws skill over time.
    for number, one in enumerate(walked, start=1):
        skills = {
            f"step.level{level}.skill_vs_{baseline}": skill.estimate
            for level, judged in one.judged.items()
            for baseline, skill in judged.skills.items()
        }
        mlflow.log_metrics(skills, step=number)
