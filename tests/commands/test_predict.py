"""`kaidan predict`: a user's file through the ladder."""

import pandas as pd
import pytest

from kaidan.market import source
from kaidan.market.sample import sample_bars
from tests.release import kaidan


@pytest.fixture
def predict(store, release, bars_file, macro_file):
    def run(*more: str, macro: str = macro_file):
        given = ("--data", bars_file, "--macro", macro, "--config", str(release.config))
        return kaidan("predict", *given, *more)

    return run


def test_the_last_bar_is_answered_for_a_person(predict) -> None:
    done = predict()
    assert done.code == 0, done.err
    assert done.out.startswith("bar of 2025-12-31 23:45 UTC: ")
    assert "from level 1" in done.out


def test_the_last_bar_is_answered_for_a_machine(predict) -> None:
    answer = predict("--json").json
    assert answer["timestamp"] == "2025-12-31T23:45:00+00:00"
    assert answer["signal"] in ("SELL", "HOLD", "BUY")
    assert (answer["level"], answer["attempts"]) == (1, [])
    assert sum(answer["probabilities"].values()) == pytest.approx(1)


def test_without_macro_data_level_2_answers_and_says_why(predict) -> None:
    answer = predict("--json", macro="").json
    assert answer["level"] == 2
    (attempt,) = answer["attempts"]
    assert attempt["level"] == 1
    assert attempt["reason"].startswith("not finite: usd_jpy, nikkei_225")


def test_one_level_can_be_asked_alone(predict) -> None:
    assert predict("--level", "3", "--json").json["level"] == 3
    assert predict("--level", "1", "--json", macro="").json["level"] is None


def test_the_cached_models_answer_the_same_without_mlflow(predict, release, tmp_path) -> None:
    first = predict("--json").json
    store = release.database.with_name("gone.db")
    assert not store.exists()
    assert predict("--json", "--cached").json == first


def test_an_empty_cache_is_hold_and_not_a_failure(predict) -> None:
    answer = predict("--json", "--cached").json
    assert (answer["signal"], answer["confidence"], answer["level"]) == ("HOLD", 0.0, None)
    assert "start once with the registry" in answer["attempts"][0]["reason"]


def test_of_an_exchange_the_last_day_is_answered_with_the_warm_up_before_it(
    store, release, monkeypatch
) -> None:
    asked = {}

    def fetch(name, *, days, on_page, **_):
        asked.update(name=name, days=days)
        on_page(1.0)
        return sample_bars().iloc[-96 * days :]

    monkeypatch.setattr(source, "fetch_bars", fetch)
    given = ("--data", "exchange:bitbank/BTC_JPY", "--config", str(release.config))
    assert kaidan("predict", *given, "--json").json["level"] == 2
    assert asked == {"name": "bitbank/BTC_JPY", "days": 32}


@pytest.mark.parametrize("name", ["answers.csv", "answers.parquet"])
def test_every_bar_is_answered_into_a_file(predict, tmp_path, name: str) -> None:
    path = tmp_path / name
    answer = predict("--json", "--out", str(path)).json
    assert answer == {"out": str(path), "n_bars": 30, "bars_by_level": {"1": 30}}
    found = pd.read_csv(path) if name.endswith("csv") else pd.read_parquet(path)
    assert len(found) == 30
    assert list(found)[:3] == ["timestamp", "signal", "confidence"]
    assert set(found["level"]) == {1}
    assert not list(tmp_path.glob("*.part"))


def test_a_person_is_told_how_many_bars_each_level_answered(predict, tmp_path) -> None:
    done = predict("--out", str(tmp_path / "a.csv"), macro="")
    text = " ".join(done.out.split())
    assert "30 bars answered into" in text
    assert "by level: 2: 30" in text
    assert "0 missing in 0 gaps" in text
