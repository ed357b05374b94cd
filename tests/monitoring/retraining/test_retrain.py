"""A release of the week that is trained already: it is judged once, and told as often as asked."""

import json
from pathlib import Path

import mlflow
import pytest

from kaidan.bot.alerts.addresses import VARIABLE
from kaidan.features.contract import LEVELS
from kaidan.home import kaidan_home
from kaidan.market.sample import sample_bars, sample_macro
from kaidan.monitoring.retraining.lock import alone
from kaidan.monitoring.retraining.week import week_of
from kaidan.registry import journal
from kaidan.registry.store import live_version, newest_number
from tests.bot.alerts.conftest import office, quick
from tests.bot.alerts.post_office import PostOffice
from tests.kit import small_settings, wanting, write_config
from tests.release import DAYS, Done, Release, kaidan, register_twin, release, store

__all__ = ["office", "quick", "release", "store"]


@pytest.fixture
def trained(store: Path) -> str:
    """The week of the sample, whose release is registered and not judged; gives the week."""
    week = week_of(sample_bars().index[-1])
    client = mlflow.MlflowClient()
    for level in LEVELS:
        number = str(register_twin(level))
        client.set_model_version_tag(f"ensemble_level{level}", number, "retraining", week)
    return week


def retrain(config: Path, *options: str) -> Done:
    return kaidan("retrain", "--days", DAYS, "--config", str(config), *options)


def live() -> dict[int, int]:
    return {level: live_version(level).number for level in LEVELS}


def test_it_is_judged_and_promoted_without_a_second_training_and_told_alike_ever_after(
    trained: str, release: Release
) -> None:
    foreseen = retrain(release.config, "--dry-run", "--json").json
    assert (foreseen["week"], foreseen["train"]) == (trained, [])
    assert foreseen["would"].startswith("judge release ")
    assert live() == {1: 1, 2: 1, 3: 1}
    first = retrain(release.config, "--json")
    again = retrain(release.config, "--json")
    assert (first.code, again.code) == (0, 0)
    assert first.json["verdict"] == "promoted"
    assert first.json["watch_bars"] == small_settings().bot.monitoring.canary.watch_bars
    assert again.json["did"] == "nothing, it is decided"
    assert first.json | {"did": ""} == again.json | {"did": ""}
    assert live() == {1: 2, 2: 2, 3: 2}
    # What was taken back since is not put live again.
    assert kaidan("rollback", "--level", "all", "--config", str(release.config)).code == 0
    late = retrain(release.config, "--json")
    assert (late.code, late.json["verdict"]) == (0, "promoted")
    assert late.json["live_now"] == {"1": 1, "2": 1, "3": 1}
    assert live() == {1: 1, 2: 1, 3: 1}
    assert [newest_number(level) for level in LEVELS] == [2, 2, 2]
    assert not list(journal.still_open())


def test_a_refusal_is_exit_3_each_time_and_a_warning_once(
    trained: str,
    tmp_path: Path,
    office: PostOffice,
    quick: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(VARIABLE, office.url)
    config = write_config(tmp_path / "hard", wanting(small_settings(), skill_vs_prior=9.0))
    card = tmp_path / "card.md"
    first = retrain(config, "--summary", str(card))
    again = retrain(config, "--summary", str(card))
    assert (first.code, again.code) == (3, 3)
    assert "refused by skill_vs_prior" in first.err
    assert first.err.splitlines()[-1] == again.err.splitlines()[-1]
    assert live() == {1: 1, 2: 1, 3: 1}
    written = card.read_text(encoding="utf-8")
    assert written[: len(written) // 2] == written[len(written) // 2 :]
    assert written.startswith(f"## Retraining, week of {trained}: refused\n")
    assert "| skill_vs_prior | " in written
    assert office.wait_for(lambda one: "refused" in one.text)
    assert office.text.count(f"retraining of week {trained}") == 1
    assert "WARNING" in office.text


def test_a_failure_is_told_as_critical(
    store: Path,
    release: Release,
    office: PostOffice,
    quick: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(VARIABLE, office.url)
    done = retrain(release.config, "--data", "missing.csv")
    assert (done.code, len(done.out)) == (1, 0)
    assert office.wait_for(lambda one: "missing.csv: no such file" in one.text)
    assert "CRITICAL" in office.text


def test_a_second_one_at_the_same_time_is_refused_in_one_line(
    store: Path, release: Release
) -> None:
    with alone(kaidan_home()):
        done = retrain(release.config, "--json")
    assert (done.code, done.out) == (1, "")
    assert "is retraining already; wait until it is done" in done.err.splitlines()[-1]
    assert json.loads(retrain(release.config, "--dry-run", "--json").out)["train"] == [1, 2, 3]


def test_a_summary_that_cannot_be_written_is_wrong_use(release: Release, tmp_path: Path) -> None:
    done = retrain(release.config, "--summary", str(tmp_path / "none" / "card.md"))
    assert done.code == 2
    assert "is no folder" in done.err


def test_bars_that_nobody_refreshes_are_told_of(release: Release, store: Path) -> None:
    sample_bars(80).to_csv("bars.csv")
    sample_macro().to_csv("macro.csv")
    files = ("--data", "bars.csv", "--macro", "macro.csv")
    done = retrain(release.config, *files, "--dry-run", "--json")
    assert done.code == 0
    assert "the last bar of bars.csv is " in done.err
    assert "the last bar" not in retrain(release.config, "--dry-run", "--json").err
