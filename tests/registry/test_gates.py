"""The decision as a pure function of what was measured."""

import math

import pytest

from kaidan.errors import RegistryError
from kaidan.registry.gates import AGAINST_CHAMPION, MEASURED, decide
from kaidan.settings import CheckSettings, GatesSettings, load_settings
from tests.kit import wanting

GOOD = {
    "parity.max_difference": 1e-7,
    "parity.argmax_flips": 0.0,
    "artifact.reexport_differs": 0.0,
    "artifact.row_ms": 0.04,
    "artifact.mb": 1.0,
    "probe.feature_leaks": 0.0,
    "probe.shuffled_skill.low": -0.01,
    "probe.delay_excess.low": -0.01,
    "probe.next_bar_excess.low": -0.3,
    "oof.skill_vs_prior.low": 0.01,
    "oof.skill_vs_volatility_prior.low": 0.005,
    "oof.direction_auc": 0.6,
    "oof.direction_auc.low": 0.52,
    "oof.ensemble.weighted_f1": 0.65,
    "oof.backtest.sharpe.low": 0.1,
    "oof.least_class_rows": 900.0,
    "oof.said.most_common": 0.9,
    "oof.confidence_std": 0.1,
    "oof.ensemble.ece": 0.02,
    "champion.skill.low": -0.004,
    "champion.trades_ratio": 0.8,
}


@pytest.fixture
def gates() -> GatesSettings:
    return load_settings().gates


def judged(metrics, gates, champion=3):
    return decide(metrics, gates, candidate=4, champion=champion)


def test_what_passes_every_check_is_promotable(gates: GatesSettings) -> None:
    decision = judged(GOOD | {"something.else": 1.0}, gates)
    assert decision.passed
    assert decision.verdict == "promotable"
    assert decision.refusals == ""
    assert {check.mark for check in decision.checks} == {"pass"}
    assert [check.name for check in decision.checks] == list(CheckSettings.model_fields)


@pytest.mark.parametrize(
    ("metric", "value", "missed"),
    [
        ("parity.max_difference", 1e-5, {}),
        ("parity.max_difference", 1.1e-5, {"parity": "BLOCK"}),
        ("parity.argmax_flips", 1.0, {"argmax_flips": "BLOCK"}),
        ("artifact.reexport_differs", 1.0, {"reproducible": "BLOCK"}),
        ("artifact.row_ms", 5.1, {"latency_ms": "BLOCK"}),
        ("artifact.mb", 10.1, {"artifact_mb": "BLOCK"}),
        ("probe.feature_leaks", 1.0, {"feature_leaks": "BLOCK"}),
        ("probe.shuffled_skill.low", 1e-6, {"shuffled_labels": "BLOCK"}),
        ("probe.delay_excess.low", 1e-6, {"one_bar_delay": "BLOCK"}),
        ("probe.next_bar_excess.low", 1e-6, {"next_bar": "BLOCK"}),
        ("oof.direction_auc", 0.76, {"implausible": "BLOCK"}),
        ("oof.skill_vs_prior.low", 1e-9, {}),
        ("oof.skill_vs_prior.low", 0.0, {"skill_vs_prior": "BLOCK"}),
        ("oof.skill_vs_volatility_prior.low", 0.0, {"skill_vs_volatility_prior": "warn"}),
        (
            "oof.skill_vs_volatility_prior.low",
            -0.03,
            {"volatility_margin": "BLOCK", "skill_vs_volatility_prior": "warn"},
        ),
        ("oof.direction_auc.low", 0.5, {"direction": "warn"}),
        ("oof.ensemble.weighted_f1", 0.6, {}),
        ("oof.ensemble.weighted_f1", 0.59, {"weighted_f1": "warn"}),
        ("oof.backtest.sharpe.low", 0.0, {"backtest": "warn"}),
        ("oof.least_class_rows", 49.0, {"class_rows": "BLOCK"}),
        ("oof.said.most_common", 1.0, {"one_class": "BLOCK"}),
        ("oof.confidence_std", 0.001, {"confidence_spread": "BLOCK"}),
        ("oof.ensemble.ece", 0.06, {}),
        ("oof.ensemble.ece", 0.061, {"calibration_error": "BLOCK"}),
        ("champion.skill.low", -0.02, {"champion": "BLOCK"}),
        ("champion.trades_ratio", 0.19, {"champion_trades": "warn"}),
    ],
)
def test_each_check_has_its_side_and_its_severity(
    gates: GatesSettings, metric: str, value: float, missed: dict[str, str]
) -> None:
    decision = judged(GOOD | {metric: value}, gates)
    assert {c.name: c.mark for c in decision.checks if c.mark != "pass"} == missed
    assert decision.passed == ("BLOCK" not in missed.values())
    assert decision.verdict == ("promotable" if decision.passed else "refused")


@pytest.mark.parametrize(
    ("metric", "check"),
    [
        ("oof.skill_vs_volatility_prior.low", "skill_vs_volatility_prior"),
        ("oof.direction_auc.low", "direction"),
    ],
)
def test_the_strict_profile_wants_direction_to_be_found(metric: str, check: str) -> None:
    missed = GOOD | {metric: -0.001}
    for profile, passes in (("default", True), ("strict", False)):
        decision = judged(missed, load_settings().with_profile(profile).gates)
        assert decision.passed == passes
        assert decision.profile == profile
    assert [found.name for found in decision.blocking] == [check]
    assert judged(GOOD, load_settings().with_profile("strict").gates).passed


@pytest.mark.parametrize(("check", "metric"), [(g, m.metric) for g, m in MEASURED.items()])
def test_what_is_not_a_number_passes_no_check(
    gates: GatesSettings, check: str, metric: str
) -> None:
    decision = judged(GOOD | {metric: math.nan}, gates)
    (found,) = [c for c in decision.checks if c.name == check]
    assert not found.passed


@pytest.mark.parametrize("metric", GOOD)
def test_what_was_not_measured_is_an_error(gates: GatesSettings, metric: str) -> None:
    measured = {name: value for name, value in GOOD.items() if name != metric}
    with pytest.raises(RegistryError, match=f"got no metric '{metric}'.*train the version again"):
        judged(measured, gates)


def test_without_a_champion_the_same_checks_are_asked_but_for_the_comparison(
    gates: GatesSettings,
) -> None:
    measured = {name: value for name, value in GOOD.items() if not name.startswith("champion.")}
    decision = judged(measured, gates, champion=None)
    assert decision.passed
    asked = [check.name for check in decision.checks]
    assert asked == [name for name in MEASURED if name not in AGAINST_CHAMPION]
    assert "no champion" in str(decision)


def test_every_check_of_the_settings_is_measured() -> None:
    assert set(MEASURED) == set(CheckSettings.model_fields)


def test_a_refusal_names_every_check_that_blocks_and_no_other(gates: GatesSettings) -> None:
    bad = GOOD | {
        "oof.skill_vs_prior.low": -0.02,
        "parity.argmax_flips": 3.0,
        "oof.direction_auc.low": 0.4,
    }
    said = judged(bad, gates).refusals
    assert said == "argmax_flips is 3, wanted at most 0; skill_vs_prior is -0.02, wanted above 0"


def test_a_threshold_of_the_settings_is_the_one_that_counts() -> None:
    demanding = wanting(load_settings(), artifact_mb=0.5).gates
    assert judged(GOOD, demanding).refusals == "artifact_mb is 1, wanted at most 0.5"
