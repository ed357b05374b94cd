"""Every command says what it does, before anything heavy is imported."""

import pytest
import yaml

from kaidan import __version__
from kaidan.settings import Settings, load_settings
from tests.kit import small_settings, write_config
from tests.release import kaidan

COMMANDS = {
    "train": [
        *("--level", "--data", "--macro", "--days", "--trials", "--untuned", "--promote"),
        *("--profile", "--seed"),
    ],
    "tune": ["--level", "--trials", "--timeout-minutes", "--data", "--macro", "--days", "--seed"],
    "retrain": ["--data", "--macro", "--days", "--dry-run", "--summary", "--profile", "--seed"],
    "backtest": ["--data", "--macro", "--level", "--walk-forward", "--train-days", "--figure"],
    "promote": ["--level", "--version", "--force", "--reason", "--profile", "--release"],
    "rollback": ["--level", "--to", "--reason"],
    "status": [],
    "history": ["--level", "--at", "--last"],
    "doctor": ["--fix"],
    "retain": ["--keep", "--older-than", "--level", "--dry-run"],
    "import-legacy": ["--dry-run"],
    "predict": ["--data", "--macro", "--level", "--out", "--cached"],
    "bot": [
        *("--source", "--macro", "--paper", "--once", "--cached", "--name", "--restart"),
        *("--health", "--no-health"),
    ],
    "journal": [
        *("--name", "--file", "--last", "--since", "--until", "--level", "--vetoed", "--trades"),
        *("--notes", "--bar", "--list", "--out"),
    ],
    "compare": ["--name", "--file", "--level", "--config"],
    "explain": ["--bar", "--name", "--out", "--config", "--json"],
    "pull": ["--config", "--json"],
    "config show": ["--config"],
    "config schema": [],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_that_names_its_options(
    command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    done = kaidan(*command.split(), "--help")
    assert (done.code, done.err) == (0, "")
    assert all(option in done.out for option in COMMANDS[command])


@pytest.mark.parametrize("arguments", [[], ["--help"]])
def test_without_a_command_all_of_them_are_listed(arguments: list[str]) -> None:
    done = kaidan(*arguments)
    assert done.code == 0
    assert all(command.split()[0] in done.out for command in COMMANDS)
    assert "Exit codes: 0 done, 1 failed, 2 wrong use, 3 refused" in " ".join(done.out.split())


def test_the_version_is_told() -> None:
    assert kaidan("--version").out == f"kaidan {__version__}\n"


def test_the_settings_that_are_shown_are_settings(tmp_path) -> None:
    settings = small_settings()
    done = kaidan("config", "show", "--config", str(write_config(tmp_path)))
    assert done.out.startswith(f"# config_id: {settings.config_id}\n")
    assert Settings.model_validate(yaml.safe_load(done.out)) == settings


def test_the_settings_are_shown_as_json() -> None:
    values = kaidan("config", "show", "--json").json
    assert values.pop("config_id") == load_settings().config_id
    assert Settings.model_validate(values) == load_settings()


def test_the_schema_names_every_file_of_the_configuration() -> None:
    schema = kaidan("config", "schema").json
    assert sorted(schema["required"]) == ["bot", "gates", "levels", "training"]
