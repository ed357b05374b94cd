"""`kaidan explain`, as a user types it, about answers that a released model gave."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest

from kaidan.bot.journal import Entry, Journal, journal_file
from kaidan.features.manager import FeatureManager
from kaidan.market.sample import sample_bars, sample_macro
from kaidan.serving.ladder import Ladder
from kaidan.serving.prediction import Attempt, Prediction, Probabilities
from kaidan.settings import load_settings
from kaidan.signal import Signal
from tests.bot.journal.kit import IDENTITY, after, decided
from tests.kit import small_settings
from tests.release import Done, kaidan

BAR = "2026-11-01T00:00Z"


@cache
def row() -> pd.Series:
    bars = sample_bars().iloc[-load_settings().levels.warmup_bars - 5 :]
    return FeatureManager().generate_features(bars, macro=sample_macro()).iloc[-1]


def explained(release, *options: str) -> Done:
    return kaidan("explain", "--bar", BAR, "--config", str(release.config), *options)


def one_line(done: Done, code: int) -> str:
    assert (done.code, done.out, done.err.count("\n")) == (code, "", 1)
    return done.err


def written(**changes: object) -> Entry:
    path = journal_file("btc")
    entry = decided(0, **changes)
    with Journal.open(path, identity=IDENTITY) as journal:
        journal.write(entry, after(0))
    return entry


@pytest.fixture
def write(store: Path) -> Callable[..., Entry]:
    """Writes the answer of a level, as the bot does."""

    def answered(level: int = 1, **changes: object) -> Entry:
        ladder = Ladder.from_registry(small_settings().with_ladder((level,)))
        version = mlflow.MlflowClient().get_model_version(f"ensemble_level{level}", "1")
        told = {
            "features": tuple(row().to_list()),
            "prediction": ladder.predict(row()),
            "version": 1,
            "model_sha256": version.tags["model_sha256"],
        }
        return written(**told | changes)

    return answered


@pytest.mark.parametrize("level", [1, 3])
def test_what_features_add_comes_to_what_was_answered(release, write, level: int) -> None:
    said = write(level).prediction
    found = explained(release, "--json").json
    assert (found["level"], found["version"], found["signal"]) == (level, 1, said.signal.name)
    for name, probability in said.probabilities._asdict().items():
        added = sum(one["adds"][name] for one in found["features"])
        assert found["base"][name] + added == pytest.approx(probability, abs=1e-5)
    sizes = [abs(one["adds"][said.signal.name.lower()]) for one in found["features"]]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > 0
    assert {one["name"]: one["value"] for one in found["features"]}.items() <= dict(row()).items()
    assert found["entry"]["answer"]["signal"] == said.signal.name


def test_a_value_is_placed_among_the_training_rows(release, write) -> None:
    write()
    uri = "models:/ensemble_level1/1/artifacts/bundle/reference.json"
    reference = mlflow.artifacts.load_dict(uri)["features"]
    for one in explained(release, "--json").json["features"]:
        known = reference[one["name"]]
        ends = np.array([-np.inf, *known["edges"], np.inf])
        place = np.flatnonzero((ends[:-1] < one["value"]) & (one["value"] <= ends[1:]))[0]
        lower = sum(known["shares"][:place])
        upper = lower + known["shares"][place]
        assert one["training_shares"] == pytest.approx([lower, upper])


def test_a_person_reads_ten_features_and_what_strategies_and_risk_said(release, write) -> None:
    signal = write().prediction.signal.name
    done = explained(release, "--name", "btc")
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0].startswith(f"Why {signal}: ")
    assert lines[0].endswith("bar of 2026-11-01 00:00 UTC, by ensemble_level1 version 1")
    (others,) = [n for n, line in enumerate(lines) if "others" in line]
    (begin,) = [n for n, line in enumerate(lines) if "without any feature" in line]
    assert others - begin == 11
    text = done.out
    assert "strategies +0.60 (ATRBased +0.60)" in text
    assert "against   spread: 0.3 % is wider than 0.2 %" in text


@pytest.mark.parametrize("name", ["why.png", "why.svg"])
def test_the_figure_is_written_where_it_is_wanted(release, write, tmp_path, name: str) -> None:
    write()
    out = tmp_path / name
    assert explained(release, "--out", str(out)).code == 0
    assert out.read_bytes()[:5] in (b"\x89PNG\r", b"<?xml")
    nowhere = tmp_path / "nowhere" / name
    assert "cannot write" in one_line(explained(release, "--out", str(nowhere)), 2)


def test_a_bar_that_nothing_weighed_is_one_line(release, store: Path) -> None:
    dummy = Prediction(
        Signal.HOLD, 0.0, Probabilities(0.0, 1.0, 0.0), None, (Attempt(1, "no model"),)
    )
    unanswered = {"prediction": dummy, "version": None, "model_sha256": None}
    assert "no bot has written a journal yet" in one_line(explained(release), 2)
    written(features=(), **unanswered)
    assert "the bot was warming up" in one_line(explained(release), 2)
    said = one_line(kaidan("explain", "--bar", "2026-11-02T00:00Z"), 2)
    assert "btc.sqlite does not have; wanted an open time up to 2026-11-01T00:00Z" in said
    journal_file("btc").unlink()
    written(features=tuple(row().to_list()), **unanswered)
    said = one_line(explained(release), 2)
    assert "which the dummy answered, and it weighs no features (level 1: no model)" in said


def test_an_answer_of_another_model_or_row_is_not_explained(release, write) -> None:
    entry = write(model_sha256="cd" * 32)
    assert "the bot asked cdcdcdcdcdcd" in one_line(explained(release), 1)
    journal_file("btc").unlink()
    write(features=entry.features[:-1])
    assert "keeps 69 features of a bar, these settings have 70" in one_line(explained(release), 2)
    journal_file("btc").unlink()
    write(features=tuple(np.zeros(70).tolist()))
    assert "says otherwise than the journal, by" in one_line(explained(release), 1)
    journal_file("btc").unlink()
    write(version=9)
    assert "ensemble_level1 has no version 9" in one_line(explained(release), 1)


def test_a_version_without_native_members_or_with_changed_ones_says_so(release, write) -> None:
    write()
    client = mlflow.MlflowClient()
    client.set_model_version_tag("ensemble_level1", "1", "native_sha256", "ab" * 32)
    said = one_line(explained(release), 1)
    assert "wanted abababababab: they were changed after training; train a new version" in said
    client.delete_model_version_tag("ensemble_level1", "1", "native_sha256")
    assert "keeps no native members" in one_line(explained(release), 1)


WRONG = [
    (("--bar", "noon"), "--bar got 'noon', wanted a time such as 2026-11-01T12:00Z"),
    (("--bar", BAR, "--out", "x.txt"), "--out got 'x.txt', wanted a name that ends in .png"),
    ((), "Missing option '--bar'"),
]


@pytest.mark.parametrize(("options", "said"), WRONG)
def test_wrong_use_is_one_line(options: tuple[str, ...], said: str) -> None:
    assert said in one_line(kaidan("explain", *options), 2)
