"""The decision as a pure function of what was measured."""

import math

import pytest

from kaidan.errors import RegistryError
from kaidan.registry.gates import MEASURED, decide
from kaidan.settings import GatesSettings, load_settings

GOOD = {
    "parity.max_difference": 1e-7,
    "parity.argmax_flips": 0.0,
    "oof.skill_vs_prior": 0.01,
    "oof.skill_vs_volatility_prior": 0.005,
    "oof.ensemble.ece": 0.02,
}


@pytest.fixture
def gates() -> GatesSettings:
    return load_settings().gates


def test_what_passes_every_gate_is_promotable(gates: GatesSettings) -> None:
    decision = decide(GOOD | {"something.else": 1.0}, gates)
    assert decision.passed
    assert decision.verdict == "promotable"
    assert decision.refusals == ""
    assert {gate.mark for gate in decision.gates} == {"pass"}


@pytest.mark.parametrize(
    ("metric", "value", "gate", "mark"),
    [
        ("parity.max_difference", 1e-5, "parity", "pass"),
        ("parity.max_difference", 1.1e-5, "parity", "BLOCK"),
        ("parity.argmax_flips", 1.0, "argmax_flips", "BLOCK"),
        ("oof.skill_vs_prior", 1e-9, "skill_vs_prior", "pass"),
        ("oof.skill_vs_prior", 0.0, "skill_vs_prior", "BLOCK"),
        ("oof.skill_vs_prior", -0.1, "skill_vs_prior", "BLOCK"),
        ("oof.skill_vs_volatility_prior", -0.1, "skill_vs_volatility_prior", "warn"),
        ("oof.ensemble.ece", 0.03, "calibration_error", "pass"),
        ("oof.ensemble.ece", 0.031, "calibration_error", "warn"),
    ],
)
def test_each_gate_has_its_side_and_its_severity(
    gates: GatesSettings, metric: str, value: float, gate: str, mark: str
) -> None:
    decision = decide(GOOD | {metric: value}, gates)
    marks = {found.name: found.mark for found in decision.gates}
    assert marks.pop(gate) == mark
    assert set(marks.values()) == {"pass"}
    assert decision.passed == (mark != "BLOCK")
    assert decision.verdict == ("refused" if mark == "BLOCK" else "promotable")


@pytest.mark.parametrize(("gate", "metric"), [(g, metric) for g, (metric, _) in MEASURED.items()])
def test_what_is_not_a_number_passes_no_gate(gates: GatesSettings, gate: str, metric: str) -> None:
    (found,) = [g for g in decide(GOOD | {metric: math.nan}, gates).gates if g.name == gate]
    assert not found.passed


@pytest.mark.parametrize("metric", GOOD)
def test_what_was_not_measured_is_an_error(gates: GatesSettings, metric: str) -> None:
    measured = {name: value for name, value in GOOD.items() if name != metric}
    with pytest.raises(RegistryError, match=f"got no metric '{metric}'.*train the version again"):
        decide(measured, gates)


def test_every_gate_of_the_settings_is_measured() -> None:
    assert set(MEASURED) == set(GatesSettings.model_fields)


def test_a_refusal_names_every_gate_that_blocks_and_no_other(gates: GatesSettings) -> None:
    bad = GOOD | {
        "oof.skill_vs_prior": -0.02,
        "parity.argmax_flips": 3.0,
        "oof.ensemble.ece": 0.5,
    }
    said = decide(bad, gates).refusals
    assert said == "argmax_flips is 3, wanted at most 0; skill_vs_prior is -0.02, wanted above 0"


def test_a_decision_explains_itself_in_words_a_table_and_plain_values(
    gates: GatesSettings,
) -> None:
    decision = decide(GOOD | {"oof.ensemble.ece": 0.5}, gates)
    assert str(decision).startswith("promotable\n  pass  parity")
    assert "  warn  calibration_error" in str(decision)
    table = decision.to_markdown().splitlines()
    assert len(table) == 2 + len(MEASURED)
    assert gates.parity.reason in table[2]
    assert decision.to_dict()["gates"][4] == {
        "name": "calibration_error",
        "value": 0.5,
        "side": "at most",
        "threshold": 0.03,
        "severity": "warn",
        "passed": False,
        "reason": gates.calibration_error.reason,
    }
