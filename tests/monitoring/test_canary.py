from dataclasses import replace

import numpy as np
import pytest

from kaidan.monitoring.canary import Watch, check_canary
from kaidan.monitoring.decisions import Decisions
from kaidan.serving.prediction import Attempt
from kaidan.settings import Settings, load_settings
from tests.monitoring.forecasts import HORIZON, Bars
from tests.monitoring.made import made_decisions

SETTINGS = load_settings()
CANARY = SETTINGS.bot.monitoring.canary
QUARTER = CANARY.watch_bars


def check(decisions: Decisions, settings: Settings = SETTINGS):
    return check_canary(decisions, level=3, version=2, before=1, settings=settings)


@pytest.fixture(scope="module")
def bad() -> Decisions:
    bars = Bars(0, QUARTER)
    return made_decisions(bars.learnt_nothing(), bars.good(), bars.labels)


@pytest.fixture(scope="module")
def good() -> Decisions:
    bars = Bars(1, QUARTER + HORIZON)
    return made_decisions(bars.good(), bars.good(), bars.labels)


def failing(decisions: Decisions, share: float, reason: str) -> Decisions:
    """The first share of bars was not answered by level 3."""
    n = len(decisions)
    out = np.arange(n) % 100 < share * 100
    attempts = tuple((Attempt(3, reason),) if one else () for one in out)
    return replace(
        decisions, level=np.where(out, 0, 3), version=np.where(out, 0, 2), attempts=attempts
    )


def test_a_release_that_learnt_nothing_fails_and_says_by_how_much(bad) -> None:
    verdict = check(bad)
    assert verdict.verdict is Watch.fails
    assert verdict.e_value >= verdict.threshold == 50.0
    assert verdict.difference.low > 0.0
    assert verdict.reason.startswith("it is worse than version 1: e = ")
    assert str(verdict) == f"level 3 version 2: {verdict.reason}"
    assert verdict.to_dict()["verdict"] == "fails"
    assert verdict.to_metrics()["canary.e_value"] == verdict.e_value


def test_a_good_release_is_watched_and_has_then_passed(good) -> None:
    early = check(good.take(slice(0, 500)))
    assert (early.verdict, early.n_bars) == (Watch.watching, 500)
    assert early.reason.startswith("bar 500 of the 8640 of its watch: e = ")
    late = check(good)
    assert (late.verdict, late.n_bars) == (Watch.passed, QUARTER)
    assert late.reason.startswith("it passed its 8640 bars")


def test_what_comes_after_the_watch_changes_nothing(bad) -> None:
    canary = CANARY.model_copy(update={"watch_bars": 200})
    monitoring = SETTINGS.bot.monitoring.model_copy(update={"canary": canary})
    bot = SETTINGS.bot.model_copy(update={"monitoring": monitoring})
    verdict = check(bad, SETTINGS.model_copy(update={"bot": bot}))
    assert (verdict.verdict, verdict.n_bars) == (Watch.passed, 200)


def test_before_the_first_label_there_is_nothing_to_say(good) -> None:
    verdict = check(good.take(slice(QUARTER, None)))
    assert (verdict.verdict, verdict.n_bars, verdict.e_value) == (Watch.watching, 0, 1.0)
    assert verdict.difference is None
    assert "canary.difference" not in verdict.to_metrics()
    assert check(good.take(slice(0, 0))).verdict is Watch.watching


def test_another_versions_bars_before_it_went_live_do_not_count(bad, good) -> None:
    older = replace(
        bad.take(slice(0, 300)), version=np.full(300, 1), shadow_version=np.zeros(300, dtype=int)
    )
    both = made_decisions(
        np.vstack([older.probabilities, good.probabilities[:400]]),
        np.vstack([older.shadow_probabilities, good.shadow_probabilities[:400]]),
        np.concatenate([older.labels, good.labels[:400]]),
    )
    both.version[:300] = 1
    assert check(both).reason.startswith("bar 400 of the 8640")


def test_a_shadow_that_is_another_version_is_not_compared(bad) -> None:
    other = replace(bad, shadow_version=np.full(len(bad), 7))
    verdict = check(other)
    assert (verdict.verdict, verdict.n_bars) == (Watch.watching, 0)


def test_a_version_that_fails_to_answer_too_often_fails(good) -> None:
    verdict = check(failing(good.take(slice(0, 200)), 0.1, "onnxruntime refuses the row"))
    assert verdict.verdict is Watch.fails
    assert verdict.failed_share == pytest.approx(0.1)
    assert verdict.reason == "it failed on 20 of 200 bars (10.0%, at most 5.0% are allowed)"


@pytest.mark.parametrize(
    "reason",
    [
        "stale: usd_jpy",
        "missing: usd_jpy",
        "not finite: usd_jpy",
        "could answer, waits",
        "no version",
    ],
)
def test_what_it_was_given_and_a_climb_are_not_its_fault(good, reason: str) -> None:
    verdict = check(failing(good.take(slice(0, 200)), 0.5, reason))
    assert (verdict.verdict, verdict.failed_share) == (Watch.watching, 0.0)


def test_nothing_fails_before_the_least_number_of_bars(good) -> None:
    few = failing(good.take(slice(0, CANARY.least_bars - 1)), 0.5, "the model broke")
    assert check(few).verdict is Watch.watching
    most = failing(good.take(slice(0, CANARY.least_bars)), 0.5, "the model broke")
    assert check(most).verdict is Watch.fails
