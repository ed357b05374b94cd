"""How the ladder answers, from wherever it was loaded, for a row and for many."""

import os
import subprocess
import sys
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from kaidan import Ladder, Settings, Signal, load_settings
from kaidan.artifact.runtime import Runtime
from kaidan.features.contract import level_features
from kaidan.serving.cache import INDEX, ModelCache
from tests.release import using
from tests.serving.broken import write_broken
from tests.serving.one_by_one import frame_of

LEVELS = load_settings().levels
MACRO = list(LEVELS.macro)
WHOLE = {level: level_features(LEVELS, level) for level in (1, 2, 3)}


def test_the_answer_is_that_of_the_version_in_production(
    store, settings, features, tmp_path
) -> None:
    answer = Ladder.from_registry(settings, home=tmp_path).predict(features.iloc[-1])
    client = mlflow.pyfunc.load_model("models:/ensemble_level1/Production")
    said = client.predict(features.tail(1)).iloc[0]
    assert answer.level == 1
    assert answer.signal.name == said["signal"]
    assert answer.confidence == pytest.approx(said["confidence"], abs=1e-7)
    assert answer.attempts == ()


def test_the_cache_answers_like_the_registry(store, settings, features, tmp_path) -> None:
    first = Ladder.from_registry(settings, home=tmp_path).predict_frame(features)
    pd.testing.assert_frame_equal(
        Ladder.from_cache(settings, home=tmp_path).predict_frame(features), first
    )
    again = Ladder.from_registry(settings, home=tmp_path).predict_frame(features)
    pd.testing.assert_frame_equal(again, first)


def test_home_and_settings_have_defaults(filled: Path, monkeypatch, features) -> None:
    monkeypatch.setenv("KAIDAN_HOME", str(filled))
    assert Ladder.from_cache().predict(features.iloc[-1]).level == 1


def test_a_start_from_the_cache_imports_no_training_library_and_no_mlflow(
    filled: Path, tmp_path: Path
) -> None:
    code = (
        "import sys\n"
        "from kaidan import Ladder\n"
        "ladder = Ladder.from_cache()\n"
        "assert sorted(ladder.loaded) == [1, 2, 3], ladder.unloaded\n"
        "print(*sorted({name.split('.')[0] for name in sys.modules}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"KAIDAN_HOME": str(filled)},
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    heavy = {"mlflow", "lightgbm", "xgboost", "sklearn", "imblearn", "onnx", "scipy"}
    assert heavy & set(done.stdout.split()) == set()


def test_a_start_from_the_registry_opens_json_and_onnx_only_and_executes_nothing_it_fetched(
    release, store, tmp_path: Path
) -> None:
    code = (
        "import os, sys\n"
        "seen = []\n"
        "def watch(event, args):\n"
        "    if event == 'open' and isinstance(args[0], str | os.PathLike):\n"
        "        seen.append((event, os.fspath(args[0])))\n"
        "    elif event == 'exec':\n"
        "        seen.append((event, args[0].co_filename))\n"
        "sys.addaudithook(watch)\n"
        "from kaidan import Ladder\n"
        "ladder = Ladder.from_registry()\n"
        "assert sorted(ladder.loaded) == [1, 2, 3], ladder.unloaded\n"
        "for event, path in seen:\n"
        "    print(event, path)\n"
    )
    (tmp_path / "fetched").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ
        | {
            "KAIDAN_HOME": str(tmp_path / "home"),
            "TMPDIR": str(tmp_path / "fetched"),
            "MLFLOW_TRACKING_URI": f"sqlite:///{store}",
        },
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    events = [line.split(" ", 1) for line in done.stdout.splitlines()]
    stored = str(release.database.parent / "mlruns")
    touched = [
        (event, Path(path)) for event, path in events if path.startswith((stored, str(tmp_path)))
    ]
    # Without an ending are folders, and temporary files that are written.
    bundle = {"graph.onnx", "contract.json", "reference.json", "manifest.json"}
    assert {path.name for _, path in touched if path.suffix} == bundle | {INDEX}
    assert {event for event, _ in touched} == {"open"}
    read = {path for _, path in touched if path.is_relative_to(stored)}
    assert {path.parent.name for path in read} == {"bundle"}
    assert len(read) == 4 * 3


def test_asking_for_one_level_keeps_the_others_cached(store, settings, tmp_path) -> None:
    Ladder.from_registry(settings, home=tmp_path)
    Ladder.from_registry(settings.with_ladder((3,)), home=tmp_path)
    assert sorted(ModelCache(tmp_path).entries()) == [1, 2, 3]


def test_a_version_that_is_no_longer_live_leaves_the_cache(store, settings, tmp_path) -> None:
    Ladder.from_registry(settings, home=tmp_path)
    mlflow.MlflowClient().delete_registered_model("ensemble_level2")
    assert sorted(Ladder.from_registry(settings, home=tmp_path).unloaded) == [2]
    assert sorted(ModelCache(tmp_path).entries()) == [1, 3]


def test_a_store_that_is_down_is_an_answer_and_leaves_the_cache_alone(
    store, settings, features, tmp_path
) -> None:
    Ladder.from_registry(settings, home=tmp_path)
    (tmp_path / "file").touch()
    with using(tmp_path / "file" / "store.db"):
        answer = Ladder.from_registry(settings, home=tmp_path).predict(features.iloc[-1])
    assert (answer.signal, answer.confidence, answer.level) == (Signal.HOLD, 0.0, None)
    assert all("is MLFLOW_TRACKING_URI right" in attempt.reason for attempt in answer.attempts)
    assert Ladder.from_cache(settings, home=tmp_path).predict(features.iloc[-1]).level == 1


def test_a_damaged_copy_is_fetched_again(store, settings, tmp_path) -> None:
    Ladder.from_registry(settings, home=tmp_path)
    cache = ModelCache(tmp_path)
    entry = cache.entries()[3]
    (cache.bundle(entry.model_sha256) / "graph.onnx").write_bytes(b"half")
    assert sorted(Ladder.from_cache(settings, home=tmp_path).unloaded) == [3]
    assert not Ladder.from_registry(settings, home=tmp_path).unloaded
    assert not Ladder.from_cache(settings, home=tmp_path).unloaded


def test_a_damaged_index_puts_every_level_out_until_the_registry_is_asked(
    store, settings, features, tmp_path
) -> None:
    Ladder.from_registry(settings, home=tmp_path)
    (tmp_path / "models" / INDEX).write_text('{"1": {"version"')
    answer = Ladder.from_cache(settings, home=tmp_path).predict(features.iloc[-1])
    assert (answer.signal, answer.level, len(answer.attempts)) == (Signal.HOLD, None, 3)
    assert "cannot be read" in answer.attempts[0].reason
    assert "delete it and start once with the registry" in answer.attempts[0].reason
    Ladder.from_registry(settings, home=tmp_path)
    assert not Ladder.from_cache(settings, home=tmp_path).unloaded


def test_an_empty_home_is_hold_with_three_reasons(settings: Settings, tmp_path: Path) -> None:
    empty = Ladder.from_cache(settings, home=tmp_path / "new")
    assert (empty.loaded, sorted(empty.unloaded)) == ({}, [1, 2, 3])
    assert empty.predict({}).confidence == 0
    assert not (tmp_path / "new").exists()


def test_the_order_of_the_features_does_not_matter(ladder, features) -> None:
    row = features.iloc[-1]
    shuffled = row.sample(frac=1, random_state=3)
    assert ladder.predict(shuffled) == ladder.predict(row)
    frame = features[shuffled.index.tolist()].assign(extra=1.0)
    pd.testing.assert_frame_equal(ladder.predict_frame(frame), ladder.predict_frame(features))


def test_a_mapping_is_as_good_as_a_series(ladder, features) -> None:
    row = features.iloc[-1]
    assert ladder.predict(row.to_dict()) == ladder.predict(row)


@pytest.mark.parametrize("value", [None, "word", pd.NA, np.nan, -np.inf])
def test_what_is_no_number_is_not_finite(ladder, features, value) -> None:
    answer = ladder.predict(features.iloc[-1].to_dict() | {"usd_jpy": value})
    assert answer.level == 2
    assert answer.attempts[0].reason == "not finite: usd_jpy"


def test_a_value_beyond_single_precision_is_out_and_not_infinite(ladder, features) -> None:
    row = features.iloc[-1].to_dict() | {"usd_jpy": 1e300}
    answer = ladder.predict(row)
    assert answer.level == 2
    assert "usd_jpy" in answer.attempts[0].reason
    frame = features.assign(usd_jpy=np.where(np.arange(len(features)) == 3, 1e300, 150.0))
    answers = ladder.predict_frame(frame)
    assert answers["level"].tolist() == [1] * 3 + [2] + [1] * (len(features) - 4)


def test_many_names_are_counted_and_three_of_them_said(ladder, features) -> None:
    answer = ladder.predict(features.iloc[-1].drop(MACRO))
    assert answer.attempts[0].reason == ("missing: usd_jpy, nikkei_225, us_10y_yield and 5 more")


def test_many_rows_are_answered_as_each_would_be(ladder, features) -> None:
    rows = features.copy()
    rows.iloc[3, rows.columns.get_loc("usd_jpy")] = np.nan
    rows.iloc[5, rows.columns.get_loc("strategy_signal_ATRBased")] = np.inf
    rows.iloc[7, rows.columns.get_loc("rsi_14")] = np.nan
    rows.iloc[8] = np.nan
    answers = ladder.predict_frame(rows)
    assert answers["level"].iloc[[0, 3, 5, 7, 8]].tolist() == [1, 2, 3, pd.NA, pd.NA]
    pd.testing.assert_frame_equal(
        answers, frame_of(ladder, rows), rtol=0, atol=1e-6, check_dtype=False
    )


def test_many_rows_without_a_column_are_answered_as_each_would_be(ladder, features) -> None:
    rows = features.drop(columns=["usd_jpy", "nikkei_225"])
    answers = ladder.predict_frame(rows)
    assert set(answers["level"]) == {2}
    assert answers["attempts"].iloc[0] == "level 1: missing: usd_jpy, nikkei_225"
    pd.testing.assert_frame_equal(
        answers, frame_of(ladder, rows), rtol=0, atol=1e-6, check_dtype=False
    )


def test_many_rows_of_an_unloaded_ladder_are_hold(features) -> None:
    answers = Ladder({1: "gone", 3: "gone too"}).predict_frame(features)
    assert set(answers["signal"]) == {"HOLD"}
    assert set(answers["confidence"]) == {0.0}
    assert answers["level"].isna().all()
    assert set(answers["attempts"]) == {"level 1: gone; level 3: gone too"}


def test_many_rows_are_not_answered_by_a_model_that_fails(
    ladder, settings, features, tmp_path
) -> None:
    write_broken(tmp_path / "bundle", "session fails", 1, settings)
    steps = {1: Runtime.open(tmp_path / "bundle"), 2: ladder.loaded[2]}
    answers = Ladder(steps).predict_frame(features)
    assert set(answers["level"]) == {2}
    assert answers["attempts"].str.startswith("level 1: the session failed: ").all()


def test_no_rows_are_no_answers(ladder, features) -> None:
    assert len(ladder.predict_frame(features.head(0))) == 0


def test_below_its_confidence_threshold_a_model_says_hold(ladder, features) -> None:
    runtime = ladder.loaded[3]
    unsure = Runtime.__new__(Runtime)
    vars(unsure).update(vars(runtime), confidence_threshold=0.999)
    answer = Ladder({3: unsure}).predict(features.iloc[-1])
    assert answer.signal is Signal.HOLD
    assert answer.confidence == answer.probabilities.hold


@given(
    missing=st.sets(st.sampled_from(WHOLE[1]), max_size=3),
    broken=st.sets(st.sampled_from(WHOLE[1]), max_size=3),
    stale=st.sets(st.sampled_from(MACRO), max_size=2),
)
@hypothesis_settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_whatever_is_missing_the_first_whole_level_answers_with_a_distribution(
    ladder, features, missing, broken, stale
) -> None:
    row = features.iloc[-1].to_dict() | dict.fromkeys(broken, np.nan)
    row = {name: value for name, value in row.items() if name not in missing}
    answer = ladder.predict(row, stale=stale)
    bad = missing | broken | stale
    whole = [level for level, names in WHOLE.items() if not bad & set(names)]
    assert answer.level == (whole[0] if whole else None)
    assert sum(answer.probabilities) == pytest.approx(1, abs=1e-5)
    assert min(answer.probabilities) >= 0
    assert [a.level for a in answer.attempts] == [x for x in WHOLE if x not in whole]
