"""A decision must be understood where it is read: at a prompt, in the UI, by a program."""

import json

import pytest

from kaidan.registry.decision import Decision
from kaidan.registry.gates import MEASURED, decide
from kaidan.settings import load_settings
from tests.registry.test_gates import GOOD

NOTE = "Direction was not found: AUC 0.503."


@pytest.fixture
def decision() -> Decision:
    measured = GOOD | {"oof.direction_auc.low": 0.47, "oof.ensemble.ece": 0.5}
    return decide(measured, load_settings().gates, candidate=4, champion=3, notes=(NOTE,))


def test_in_a_terminal_a_check_is_a_line_with_what_was_wanted(decision: Decision) -> None:
    lines = str(decision).splitlines()
    assert lines[0] == "version 4: refused (default gates, champion version 3)"
    (line,) = [line for line in lines if "calibration_error" in line]
    assert line.split() == [
        *("BLOCK", "calibration_error", "0.5", "wanted", "at", "most", "0.06"),
        *("expected", "calibration", "error"),
    ]
    assert any(line.startswith("  warn  direction ") for line in lines)
    assert lines[-1].strip() == NOTE


def test_in_the_ui_it_is_a_table_with_the_reason_of_each_check(decision: Decision) -> None:
    text = decision.to_markdown()
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len(rows) == 2 + len(MEASURED)
    assert {row.count("|") for row in rows} == {7}
    for check in decision.checks:
        assert check.reason in text
    assert text.startswith(f"- {NOTE}\n")


def test_for_a_program_it_is_plain_values(decision: Decision) -> None:
    found = json.loads(json.dumps(decision.to_dict()))
    assert found["verdict"] == "refused"
    assert (found["candidate"], found["champion"], found["profile"]) == (4, 3, "default")
    (check,) = [c for c in found["checks"] if c["name"] == "calibration_error"]
    assert check == {
        "name": "calibration_error",
        "measured": "expected calibration error",
        "value": 0.5,
        "side": "at most",
        "threshold": 0.06,
        "severity": "block",
        "passed": False,
        "mark": "BLOCK",
        "reason": load_settings().gates.checks.calibration_error.reason,
    }
    assert found["notes"] == [NOTE]


def test_tags_tell_what_can_be_searched_for(decision: Decision) -> None:
    assert decision.to_tags() == {
        "refused_by": "calibration_error",
        "warned_by": "direction",
        "direction": "not found",
        "judged_against": "3",
        "gates_profile": "default",
    }
