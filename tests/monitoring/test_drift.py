import json

import numpy as np
import pandas as pd
import pytest

from kaidan.artifact.full_reference import full_reference
from kaidan.artifact.reference_answers import answer_columns
from kaidan.features.manager import FeatureManager
from kaidan.market.bar import BARS_PER_DAY
from kaidan.market.sample import sample_bars
from kaidan.monitoring.decisions import Decisions
from kaidan.monitoring.drift import check_drift
from kaidan.monitoring.drift_report import drift_page
from tests.bot.kit import SETTINGS

DRIFT = SETTINGS.bot.monitoring.drift
WEEK = 7 * BARS_PER_DAY
N_LIVE = 4 * WEEK


def decided(features: pd.DataFrame, said: int | None = None) -> Decisions:
    n = len(features)
    far = features["zscore"].fillna(0).to_numpy()
    answers = np.digitize(-far, [-1.2, 1.2]) if said is None else np.full(n, said)
    ones, nothing = np.ones(n, dtype=np.int64), np.full((n, 3), np.nan)
    return Decisions(
        bars=pd.DataFrame(np.ones((n, 5)), features.index),
        level=ones,
        version=ones,
        said=answers,
        confidence=0.5 + 0.1 * np.tanh(far),
        probabilities=nothing,
        shadow_version=0 * ones,
        shadow_probabilities=nothing,
        attempts=((),) * n,
        features=features,
        equity_share=np.ones(n),
        labels=np.full(n, np.nan),
    )


def simulated(bars: pd.DataFrame) -> pd.DataFrame:
    return FeatureManager().generate_features(bars)


@pytest.fixture(scope="module")
def bars():
    return sample_bars(31 + 180 + N_LIVE // BARS_PER_DAY, seed=104)


@pytest.fixture(scope="module")
def features(bars):
    return simulated(bars)


@pytest.fixture(scope="module")
def reference(features):
    rows = features.iloc[:-N_LIVE]
    trained = decided(rows)
    return full_reference(rows, trained.said, answer_columns(trained.said, trained.confidence))


@pytest.fixture(scope="module")
def week(features):
    return features.iloc[-WEEK:]


def test_days_of_the_market_that_was_trained_on_are_steady(features, reference):
    live = features.iloc[-N_LIVE:]
    ends = range(BARS_PER_DAY, N_LIVE + 1, BARS_PER_DAY)
    found = [check_drift(reference, decided(live.iloc[:end]), DRIFT) for end in ends]
    assert sum(one.verdict == "drifted" for one in found) <= 1
    assert {one.verdict for one in found} <= {"drifted", "steady"}


def test_a_market_three_times_as_volatile_has_drifted_within_days_and_mostly_within_two(
    bars, reference
):
    # Turbulent days of the sample are nearly as volatile: a calm one times three is not new.
    found = [
        verdicts_after(bars, len(bars) - N_LIVE + 5 * BARS_PER_DAY * n, reference) for n in range(4)
    ]
    assert all("drifted" in one for one in found)
    assert sum("drifted" in one[:2] for one in found) >= 2


def verdicts_after(bars, at, reference):
    """Verdict at the end of each of four days after a break."""
    broken = bars.iloc[: at + 4 * BARS_PER_DAY].copy()
    prices = np.log(broken[["open", "high", "low", "close"]].to_numpy())
    before = prices[at - 1, 3]
    broken.iloc[at:, :4] = np.exp(before + 3 * (prices[at:] - before))
    features = simulated(broken.iloc[-40 * BARS_PER_DAY :])
    ends = [len(features) - day * BARS_PER_DAY for day in (3, 2, 1, 0)]
    return [check_drift(reference, decided(features.iloc[:end]), DRIFT).verdict for end in ends]


def test_a_feature_in_another_unit_is_named_first(week, reference):
    found = check_drift(reference, decided(week.assign(rsi_14=week["rsi_14"] / 100)), DRIFT)
    assert found.columns[0].name == "rsi_14"
    assert found.columns[0].psi > found.columns[0].psi_threshold


def test_a_feature_that_goes_missing_is_named_with_how_much_of_it(week, reference):
    gone = week.assign(mfi_14=week["mfi_14"].where(np.arange(WEEK) % 2 == 0))
    found = check_drift(reference, decided(gone), DRIFT)
    assert found.columns[0].name == "mfi_14"
    assert "missing in 50%" in str(found)


def test_a_model_that_says_buy_to_everything_has_drifted_in_its_answers(week, reference):
    found = check_drift(reference, decided(week, said=2), DRIFT)
    assert "said_buy" in {one.name for one in found.drifted}


def test_the_verdict_does_not_depend_on_how_many_rows_training_had(week, reference):
    many = reference | {"n_rows": 100 * reference["n_rows"]}
    assert check_drift(many, decided(week), DRIFT) == check_drift(reference, decided(week), DRIFT)


def test_a_bundle_of_before_cannot_be_told_and_says_what_to_do(week, reference):
    old = {name: reference[name] for name in ("n_rows", "features")}
    found = check_drift(old, decided(week), DRIFT)
    assert found.verdict == "untold"
    assert "train a new one" in str(found)
    assert found.to_metrics() == {}


def test_less_than_a_day_cannot_be_told(week, reference):
    found = check_drift(reference, decided(week.iloc[:95]), DRIFT)
    assert "got 95 bars" in str(found)


def test_a_report_is_plain_values_and_flat_numbers(week, reference):
    found = check_drift(reference, decided(week), DRIFT)
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False))["verdict"] == found.verdict
    numbers = found.to_metrics()
    assert numbers["drift.n_drifted"] == len(found.drifted)
    assert np.isfinite(list(numbers.values())).all()


def test_the_page_holds_its_pictures_worst_first_and_escapes_its_title(week, reference):
    found = check_drift(reference, decided(week.assign(rsi_14=0.5)), DRIFT)
    page = drift_page(found, "level 1 <script>", n_drawn=2)
    assert "<script>" not in page
    assert "level 1 &lt;script&gt;" in page
    assert page.count("data:image/png;base64,") == 2
    assert page.index("<b>rsi_14</b>") < page.index(f"<b>{found.columns[1].name}</b>")


def test_the_page_of_what_cannot_be_told_says_why(week):
    page = drift_page(check_drift({"features": {}}, decided(week), DRIFT), "level 1")
    assert "train a new one" in page
    assert "<img" not in page
