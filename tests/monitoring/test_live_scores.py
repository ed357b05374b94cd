"""Scores of what a version answered, against a plain calculation on the same rows."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score, log_loss, roc_auc_score

from kaidan.artifact.reference_priors import reference_priors
from kaidan.evaluation.bootstrap import Interval, block_bootstrap_of
from kaidan.evaluation.performance import daily_returns
from kaidan.learning.labels import make_labels
from kaidan.market.sample import sample_bars
from kaidan.monitoring.decisions import Decisions
from kaidan.monitoring.live_scores import LiveScores, score_live, score_shadow
from kaidan.signal import N_CLASSES
from kaidan.trading.replay import replay
from tests.bot.kit import SETTINGS
from tests.monitoring.made import made_decisions

LABEL = SETTINGS.training.label
HORIZON = LABEL.horizon_bars
SCORES = SETTINGS.bot.monitoring.scores
LEVEL, VERSION, BEFORE = 3, 2, 1
DAYS = 28


@pytest.fixture(scope="module")
def bars() -> pd.DataFrame:
    return sample_bars(2 * DAYS, seed=11)


@pytest.fixture(scope="module")
def labels(bars) -> np.ndarray:
    return make_labels(bars, LABEL).reindex(bars.index).to_numpy(dtype=float, na_value=np.nan)


@pytest.fixture(scope="module")
def volatility(bars) -> np.ndarray:
    spread = 100 * (bars["high"] - bars["low"]) / bars["close"]
    return spread.rolling(14, min_periods=1).mean().to_numpy()


@pytest.fixture(scope="module")
def reference(labels, volatility) -> dict:
    """Of the first half: what is scored came later."""
    trained = np.isfinite(labels[: DAYS * 96])
    came = labels[: DAYS * 96][trained].astype(int)
    return {"priors": reference_priors(came, volatility[: DAYS * 96][trained])}


def forecast(labels: np.ndarray, trust: float) -> np.ndarray:
    """`trust` on what came true, and the rest by halves; where that is unknown, on HOLD."""
    came = np.nan_to_num(labels, nan=1.0).astype(int)
    return np.where(np.eye(N_CLASSES)[came] == 1, trust, (1 - trust) / 2)


@pytest.fixture(scope="module")
def decided(bars, labels, volatility) -> Decisions:
    """The second half, answered by a version that knows something and a shadow that does not."""
    half = slice(DAYS * 96, None)
    rng = np.random.default_rng(5)
    known = labels[half]
    partly = np.where(rng.random(len(known)) < 0.4, known, rng.permutation(known))
    noise = rng.dirichlet((10, 40, 10), size=len(known))
    said = 0.5 * forecast(partly, 0.6) + 0.5 * noise
    made = made_decisions(said, noise[::-1].copy(), known)
    features = pd.DataFrame({"natr_14": volatility[half]}, index=bars.index[half])
    return replace(made, bars=bars.iloc[half], features=features, labels=known)


def live(decided: Decisions, reference: dict, settings=SETTINGS) -> LiveScores | None:
    return score_live(decided, LEVEL, VERSION, reference, settings)


def shadow(decided: Decisions, reference: dict) -> LiveScores | None:
    return score_shadow(decided, LEVEL, VERSION, reference, SETTINGS)


def intervals(scores: LiveScores) -> dict[str, Interval]:
    return {name: one for name, one in vars(scores).items() if isinstance(one, Interval)}


def settings_with(**scores: int):
    """The defaults, with other numbers for the scores."""
    changed = SCORES.model_copy(update=scores)
    monitoring = SETTINGS.bot.monitoring.model_copy(update={"scores": changed})
    bot = SETTINGS.bot.model_copy(update={"monitoring": monitoring})
    return SETTINGS.model_copy(update={"bot": bot})


def test_the_scores_are_those_of_a_plain_calculation_on_the_rows_whose_label_is_known(
    decided, reference
) -> None:
    found = live(decided, reference)
    rows = np.isfinite(decided.labels)
    came, said = decided.labels[rows].astype(int), decided.probabilities[rows]
    assert found.n_bars == rows.sum() == len(decided) - HORIZON
    own = log_loss(came, said, labels=[0, 1, 2])
    priors = reference["priors"]
    shares = np.tile(priors["class_shares"], (len(came), 1))
    deciles = np.digitize(decided.features["natr_14"][rows], priors["volatility_edges"], right=True)
    by_decile = np.array(priors["volatility_shares"])[deciles]
    assert found.skill.estimate == pytest.approx(log_loss(came, shares, labels=[0, 1, 2]) - own)
    assert found.volatility_skill.estimate == pytest.approx(
        log_loss(came, by_decile, labels=[0, 1, 2]) - own
    )
    verdicts = decided.said[rows]
    assert found.hit_rate.estimate == pytest.approx((verdicts == came).mean())
    assert found.macro_f1.estimate == pytest.approx(f1_score(came, verdicts, average="macro"))
    moved = came != 1
    up = said[moved, 2] / (said[moved, 0] + said[moved, 2])
    assert found.direction.estimate == pytest.approx(roc_auc_score(came[moved] == 2, up))
    table = pd.DataFrame({"stated": said.max(axis=1), "hit": said.argmax(axis=1) == came})
    bins = table.groupby((10 * table["stated"]).astype(int))
    gaps = (bins["hit"].mean() - bins["stated"].mean()).abs()
    assert found.calibration_error.estimate == pytest.approx(
        (gaps * bins.size()).sum() / len(table)
    )


def test_the_answers_are_traded_after_costs_over_the_rows_that_are_scored(
    decided, reference
) -> None:
    n = len(decided) - HORIZON
    traded = replay(decided.bars.iloc[:n], decided.said[:n], SETTINGS.bot.trading, LABEL)
    assert len(traded.trades) > 20
    days = daily_returns(traded)
    found = live(decided, reference).daily_return
    assert found.estimate == pytest.approx(days.mean())
    assert found.low < found.estimate < found.high


def test_every_interval_holds_its_estimate(decided, reference) -> None:
    found = intervals(live(decided, reference))
    assert len(found) == 7
    for name in found.keys() - {"calibration_error"}:
        assert found[name].low < found[name].estimate < found[name].high
    # Chance alone makes bins miss, so that resampled errors are mostly larger.
    assert 0 <= found["calibration_error"].low < found["calibration_error"].high


def test_the_interval_of_macro_f1_is_that_of_whole_resampled_days(decided, reference) -> None:
    rows = np.flatnonzero(np.isfinite(decided.labels))
    came, said = decided.labels[rows].astype(int), decided.said[rows]

    def scores(many: np.ndarray) -> np.ndarray:
        chosen = many.astype(int)
        return np.array([f1_score(came[one], said[one], average="macro") for one in chosen])

    numbers = np.arange(len(rows), dtype=float)
    wanted = block_bootstrap_of(scores, numbers, block=96, n_resamples=150)
    found = live(decided, reference).macro_f1
    width = wanted.high - wanted.low
    assert found.low == pytest.approx(wanted.low, abs=0.3 * width)
    assert found.high == pytest.approx(wanted.high, abs=0.3 * width)


def test_what_was_answered_on_bars_whose_label_is_unknown_changes_nothing(
    decided, reference
) -> None:
    unknown = np.isnan(decided.labels)
    assert unknown.sum() == HORIZON
    other = decided.probabilities.copy()
    other[unknown] = [0.98, 0.01, 0.01]
    said = np.where(unknown, 0, decided.said)
    changed = replace(decided, probabilities=other, said=said)
    assert live(changed, reference) == live(decided, reference)


def test_only_the_newest_bars_of_the_window_are_scored(decided, reference) -> None:
    settings = settings_with(window_bars=480)
    found = live(decided, reference, settings)
    assert found.n_bars == 480
    newest = decided.take(slice(len(decided) - 480 - HORIZON, None))
    assert found == live(newest, reference, settings)


def test_who_knows_what_comes_has_skill_and_who_says_the_labels_of_other_days_has_none(
    decided, reference
) -> None:
    knows = forecast(decided.labels, 0.9)
    elsewhere = np.roll(np.nan_to_num(decided.labels, nan=1.0), 96 * 11)
    other_days = forecast(elsewhere, 0.6)
    shares = np.tile(reference["priors"]["class_shares"], (len(decided), 1))
    good, bad, prior = (
        live(replace(decided, probabilities=said, said=said.argmax(axis=1)), reference)
        for said in (knows, other_days, shares)
    )
    for skill in (good.skill, good.volatility_skill):
        assert skill.low > 0
    assert good.direction.low > 0.9
    assert good.daily_return.low > 0
    assert not good.worse_than_prior
    assert bad.skill.low < 0
    assert bad.skill.high < good.skill.low
    assert bad.direction.low < 0.5 < bad.direction.high
    assert prior.skill == Interval(0, 0, 0)
    assert not prior.worse_than_prior


def test_who_is_sure_of_what_does_not_come_is_worse_than_the_prior(decided, reference) -> None:
    wrong = forecast((decided.labels + 1) % 3, 0.9)
    found = live(replace(decided, probabilities=wrong, said=wrong.argmax(axis=1)), reference)
    assert found.skill.high < 0
    assert found.worse_than_prior


def test_below_the_least_bars_there_are_no_numbers(decided, reference) -> None:
    enough = decided.take(slice(0, SCORES.least_bars))
    assert live(enough, reference).n_bars == SCORES.least_bars
    assert live(decided.take(slice(0, SCORES.least_bars - 1)), reference) is None
    assert live(decided.take(slice(0, 0)), reference) is None
    assert shadow(decided.take(slice(0, 0)), reference) is None


def test_a_bundle_of_before_that_has_no_priors_is_not_scored(decided) -> None:
    assert live(decided, {"n_rows": 10}) is None


def test_bars_that_another_version_or_level_answered_do_not_count(decided, reference) -> None:
    n = len(decided)
    other = replace(
        decided,
        version=np.where(np.arange(n) < 400, 1, decided.version),
        level=np.where(np.arange(n) >= n - 300, 2, decided.level),
    )
    found = live(other, reference)
    assert found.n_bars == n - 700
    rest = live(decided.take(slice(400, n - 300)), reference)
    assert found == rest


def test_a_row_without_volatility_is_held_against_the_class_shares(decided, reference) -> None:
    gone = replace(decided, features=decided.features * np.nan)
    found = live(gone, reference)
    assert found.volatility_skill == found.skill


def test_the_shadow_is_scored_on_the_bars_of_the_live_version_that_it_answered(
    decided, reference
) -> None:
    n = len(decided)
    silent = decided.shadow_probabilities.copy()
    silent[500:900] = np.nan
    found = shadow(replace(decided, shadow_probabilities=silent), reference)
    assert found.n_bars == n - 400 - HORIZON
    rows = np.isfinite(silent).all(axis=1) & np.isfinite(decided.labels)
    came, said = decided.labels[rows].astype(int), silent[rows]
    shares = np.tile(reference["priors"]["class_shares"], (len(came), 1))
    saved = log_loss(came, shares, labels=[0, 1, 2]) - log_loss(came, said, labels=[0, 1, 2])
    assert found.skill.estimate == pytest.approx(saved)


def test_a_shadow_that_was_exchanged_is_scored_as_the_newest_one_alone(decided, reference) -> None:
    n = len(decided)
    before = np.where(np.arange(n) < 1000, 7, BEFORE)
    found = shadow(replace(decided, shadow_version=before), reference)
    assert found.n_bars == n - 1000 - HORIZON
    nobody = replace(decided, shadow_probabilities=np.full((n, 3), np.nan))
    assert shadow(nobody, reference) is None


def test_the_metrics_are_flat_finite_and_named_by_their_ends(decided, reference) -> None:
    found = live(decided, reference)
    metrics = found.to_metrics()
    assert metrics["live.n_bars"] == found.n_bars
    assert metrics["live.skill"] == found.skill.estimate
    assert metrics["live.skill.low"] == found.skill.low
    assert metrics["live.direction.high"] == found.direction.high
    assert len(metrics) == 2 + 3 * 7
    assert np.isfinite(list(metrics.values())).all()
    assert {name.split(".")[0] for name in found.to_metrics("shadow")} == {"shadow"}
    assert found.to_dict()["skill"] == vars(found.skill)


def test_what_is_said_of_them_names_bars_skill_and_what_a_day_earned(decided, reference) -> None:
    said = str(live(decided, reference))
    assert said.startswith(f"{len(decided) - HORIZON:,} bars: skill against the prior +")
    assert "direction AUC 0." in said
    assert "a day after costs" in said
