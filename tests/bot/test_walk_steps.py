"""When is trained and when is answered."""

import pandas as pd
import pytest

from kaidan.bot.walk_steps import plan_steps
from kaidan.errors import DataError, UsageError

TIMES = pd.date_range("2024-01-01", "2024-01-31 23:45", freq="15min", tz="UTC")


def days(step) -> tuple[int, int, int]:
    return tuple(time.day for time in (step.train_from, step.test_from, step.test_until))


def test_each_step_learns_from_the_days_before_its_test():
    steps = plan_steps(TIMES, train_days=10, test_days=7, step_days=7)
    assert [days(step) for step in steps] == [(1, 11, 18), (8, 18, 25), (15, 25, 1)]


def test_every_bar_after_the_first_window_is_answered_once():
    steps = plan_steps(TIMES, train_days=10, test_days=8, step_days=8)
    assert [(step.test_from, step.test_until) for step in steps[1:]] == [
        (earlier.test_until, earlier.test_until + pd.Timedelta(days=8)) for earlier in steps[:-1]
    ]
    assert steps[-1].test_from <= TIMES[-1] < steps[-1].test_until


def test_bars_between_two_tests_are_left_out_when_steps_are_longer():
    steps = plan_steps(TIMES, train_days=10, test_days=5, step_days=10)
    assert [days(step) for step in steps] == [(1, 11, 16), (11, 21, 26), (21, 31, 5)]


@pytest.mark.parametrize("name", ["train", "test", "step"])
def test_a_length_of_no_days_is_refused(name: str):
    lengths = {"train_days": 5, "test_days": 5, "step_days": 5, f"{name}_days": 0}
    with pytest.raises(UsageError, match=f"--{name}-days got 0, wanted 1 or more"):
        plan_steps(TIMES, **lengths)


def test_a_bar_that_would_be_answered_twice_is_refused():
    with pytest.raises(UsageError, match="--step-days got 3, wanted at least the 5"):
        plan_steps(TIMES, train_days=5, test_days=5, step_days=3)


def test_too_few_bars_for_a_single_window_are_counted():
    with pytest.raises(DataError, match="got 30 days of bars after the warm-up, wanted more than"):
        plan_steps(TIMES, train_days=31, test_days=5, step_days=5)
