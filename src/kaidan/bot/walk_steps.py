"""When to retrain: windows to learn from, each with the bars after it that judge it."""

from dataclasses import dataclass

import pandas as pd

from kaidan.errors import DataError, UsageError


@dataclass(frozen=True)
class Step:
    """One retraining.

    Attributes
    ----------
    train_from, test_from, test_until : Timestamp, UTC
        Bars of `[train_from, test_from)` may be learnt from as far as their labels are known
        before `test_from`; those of `[test_from, test_until)` are answered.
    """

    train_from: pd.Timestamp
    test_from: pd.Timestamp
    test_until: pd.Timestamp

    def to_dict(self) -> dict[str, str]:
        """Plain values, for `--json`."""
        return {name: time.isoformat() for name, time in vars(self).items()}


def plan_steps(
    times: pd.DatetimeIndex, *, train_days: int, test_days: int, step_days: int
) -> tuple[Step, ...]:
    """Steps through `times`, the last of which may have fewer days to answer.

    Parameters
    ----------
    times : DatetimeIndex of shape (n_bars,)
        Bars that have features.
    train_days, test_days, step_days : int, at least 1
        Where a step is longer than a test, the bars between two tests are not answered.

    Raises
    ------
    UsageError
        A number of days is below 1, or a bar would be answered twice.
    DataError
        No bar would be answered.
    """
    given = {"train": train_days, "test": test_days, "step": step_days}
    for name, days in given.items():
        if days < 1:
            raise UsageError(f"--{name}-days got {days}, wanted 1 or more")
    if step_days < test_days:
        raise UsageError(
            f"--step-days got {step_days}, wanted at least the {test_days} of --test-days: "
            "a bar is answered once"
        )
    train, test, step = (pd.Timedelta(days=days) for days in given.values())
    if times[-1] < times[0] + train:
        raise DataError(
            f"got {(times[-1] - times[0]).days} days of bars after the warm-up, wanted more than "
            f"the {train_days} to train on; pass more bars or fewer --train-days"
        )
    starts = pd.date_range(times[0] + train, times[-1], freq=step)
    return tuple(Step(start - train, start, start + test) for start in starts)
