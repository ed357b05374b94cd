"""The weekly workflow calls the command line as it is, and nothing hides the command's failure."""

import re
import shlex
from pathlib import Path

import pytest
import yaml

from kaidan.commands.options import Profile
from tests.release import kaidan

FILE = Path(__file__).parents[1] / ".github/workflows/weekly-retrain.yml"
WORKFLOW = yaml.safe_load(FILE.read_text(encoding="utf-8"))
TRIGGERS = WORKFLOW[True]  # YAML reads `on` as a truth value
JOB = WORKFLOW["jobs"]["retrain"]
CALLS = [step["run"] for step in JOB["steps"] if "kaidan retrain" in step.get("run", "")]


def test_it_runs_on_sundays_at_six_in_the_evening_in_tokyo():
    assert TRIGGERS["schedule"] == [{"cron": "0 9 * * 0"}]


def test_its_commands_have_only_options_that_exist(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "200")
    shown = kaidan("retrain", "--help").out
    assert len(CALLS) == 2
    for call in CALLS:
        words = shlex.split(call)
        options = [word for word in words if word.startswith("--")]
        assert "--data" in options
        for option in options[options.index("--data") :]:
            assert re.search(rf"{option}\s", shown), option


def test_its_command_is_the_whole_step_so_that_its_exit_code_is_the_step_s():
    for step in JOB["steps"]:
        assert "continue-on-error" not in step
    for call in CALLS:
        assert not re.search(r"[|;&\n]", call)


def test_the_decision_card_goes_into_the_summary_of_the_job_and_a_dry_run_writes_none():
    dry, wet = CALLS
    assert '--summary "$GITHUB_STEP_SUMMARY"' in wet
    assert "--dry-run" in dry
    assert "--summary" not in dry


def test_what_its_commands_are_given_is_an_input_or_its_default_never_pasted_into_the_shell():
    inputs = TRIGGERS["workflow_dispatch"]["inputs"]
    for call in CALLS:
        assert "${{" not in call
        named = set(re.findall(r"\$(\w+)", call)) - {"GITHUB_STEP_SUMMARY"}
        assert {name.lower() for name in named} == set(inputs) - {"dry_run"}
        for name in named:
            assert f"inputs.{name.lower()}" in JOB["env"][name]
    assert inputs["profile"]["options"] == [one.value for one in Profile]


def test_two_of_them_never_run_at_once():
    assert WORKFLOW["concurrency"]["group"]
