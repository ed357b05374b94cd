"""`kaidan backtest`: what is live, and what retraining would have been, on a user's bars."""

import json
from pathlib import Path

import mlflow
import pandas as pd
import pytest

from kaidan.market.sample import sample_bars
from tests.release import kaidan

# The release has learnt from the days before the last four of the sample, and from none before.
DAYS = "46"
ALL_OF_IT = "20"


@pytest.fixture
def backtest(store, release):
    def run(*more: str, data: str = "sample", days: str = DAYS):
        given = ("--data", data, "--days", days, "--config", str(release.config))
        return kaidan("backtest", *given, *more)

    return run


def logged(answer: dict) -> mlflow.entities.Run:
    return mlflow.get_run(answer["run_id"])


def test_a_person_sees_contenders_who_answered_and_what_was_left_out(backtest) -> None:
    done = backtest()
    assert done.code == 0, done.err
    text = " ".join(done.out.split())
    assert text.startswith("backtest, levels 1, 2, 3, sample")
    for name in ("ladder", "bot", "buy and hold", "always HOLD", "ATRBased", "ADXTrendStrength"):
        assert name in text
    assert "answered by level 1 100.0%; Sharpe deflated for 3 tried" in text
    assert "3,458 bars were left out, for every contender alike, because a live model" in text
    assert "level 3 version 1: 2025-11-21 20:00 to 2025-12-27 20:15" in text
    assert "…" not in done.out


def test_a_machine_gets_one_object_and_mlflow_a_run_with_the_same_numbers(backtest) -> None:
    answer = backtest("--json", "--tried", "5").json
    assert (answer["mode"], answer["n_masked"]) == ("frozen", 3458)
    assert answer["n_judged"] + answer["n_masked"] == int(DAYS) * 96
    assert len(answer["contenders"]) == 9
    run = logged(answer)
    assert run.data.tags["mlflow.runName"] == "backtest, levels 1, 2, 3, sample"
    assert run.data.tags["level2.version"] == "1"
    assert run.data.params["n_tried"] == "5"
    assert run.data.params["taker_fee_share"] == "0.0012"
    ladder = answer["contenders"]["ladder"]
    assert run.data.metrics["ladder.total_return"] == pytest.approx(ladder["total_return"])
    kept = {
        found.path: found
        for folder in ("", "figures")
        for found in mlflow.MlflowClient().list_artifacts(run.info.run_id, folder)
    }
    assert {"figures/equity.png", "trades.csv", "backtest.json"} <= set(kept)


def test_one_level_can_be_tested_alone_and_its_versions_are_counted(backtest) -> None:
    answer = backtest("--json", "--level", "3").json
    assert answer["answered_by"] == {"3": 1.0}
    assert [one["level"] for one in answer["learnt"]] == [3]
    assert logged(answer).data.params["n_tried"] == "1"


def test_trades_and_figure_are_written_where_they_are_wanted(backtest, tmp_path) -> None:
    out, figure = tmp_path / "trades.csv", tmp_path / "equity.png"
    answer = backtest("--json", "--out", str(out), "--figure", str(figure)).json
    trades = pd.read_csv(out)
    assert len(trades) == answer["contenders"]["ladder"]["n_trades"]
    assert set(trades["reason"]) <= {"stop", "target", "time_out", "turn", "masked", "end"}
    assert figure.read_bytes().startswith(b"\x89PNG")


def forget(home: Path, fetched_at: str) -> None:
    """Leave in the cache when its models were fetched, and not what they have learnt from."""
    index = home / "models" / "production.json"
    entries = json.loads(index.read_text())
    for entry in entries.values():
        entry["live"] |= {"fetched_at": fetched_at, "learnt_from": None}
    index.write_text(json.dumps(entries))


def test_bars_that_were_all_learnt_from_are_one_line(backtest, tmp_path) -> None:
    done = backtest("--cached")
    assert (done.code, done.out) == (1, "")
    assert "no level could be loaded (level 1: no version is cached" in done.err
    backtest("--json")
    forget(tmp_path / "home", "2026-01-01T00:00:00+00:00")
    done = backtest("--cached")
    assert (done.code, done.out, done.err.count("\n")) == (1, "", 1)
    assert "all 4,416 bars from 2025-11-16 to 2025-12-31 were learnt from" in done.err
    assert "level 1 version 1: any bar to " in done.err


def test_without_mlflow_the_same_bars_are_judged(backtest) -> None:
    asked, cached = backtest("--json").json, backtest("--json", "--cached").json
    assert cached["run_id"] is None
    for name in ("from", "until", "n_judged", "n_masked", "learnt"):
        assert cached[name] == asked[name]
    ladder = cached["contenders"]["ladder"]
    assert ladder["n_tried"] == 1
    assert ladder["total_return"] == asked["contenders"]["ladder"]["total_return"]


def test_where_the_cache_does_not_tell_bars_after_the_fetch_are_judged(backtest, tmp_path) -> None:
    backtest("--json")
    forget(tmp_path / "home", "2025-12-20T00:00:00+00:00")
    answer = backtest("--json", "--cached").json
    assert answer["from"] == "2025-12-20T00:15:00+00:00"
    assert (answer["run_id"], answer["learnt"][0]["learnt_from"]) == (None, None)


def test_walk_forward_trains_anew_and_tells_skill_by_level(backtest, tmp_path) -> None:
    bars = tmp_path / "bars.csv"
    sample_bars(31 + 8).to_csv(bars)
    lengths = ("--train-days", "6", "--test-days", "1")
    answer = backtest("--walk-forward", *lengths, "--json", data=str(bars), days="8").json
    assert answer["mode"] == "walk-forward"
    assert len(answer["steps"]) == 2
    assert set(answer["answered_by"]) == {"2"}
    assert set(answer["skill"]) == {"2", "3"}
    run = logged(answer)
    assert run.data.tags["mlflow.runName"] == "walk-forward, levels 2, 3, bars"
    assert (run.data.params["train_days"], run.data.params["step_days"]) == ("6", "1")
    assert run.data.metrics["level3.skill_vs_volatility_prior"] == pytest.approx(
        answer["skill"]["3"]["volatility_prior"]["estimate"]
    )
    history = mlflow.MlflowClient().get_metric_history(
        run.info.run_id, "step.level2.skill_vs_prior"
    )
    assert [metric.step for metric in history] == [1, 2]


def test_walk_forward_tells_a_person_that_no_gate_was_asked(backtest) -> None:
    lengths = ("--train-days", "6", "--test-days", "2", "--level", "3")
    done = backtest("--walk-forward", *lengths, days="8")
    assert done.code == 0, done.err
    text = " ".join(done.out.split())
    assert text.startswith("walk-forward, level 3, sample")
    assert "1 retrainings; no gate was asked" in text
    assert "log-loss saved in nats a bar: against the prior: " in text


def test_level_1_without_macro_data_says_what_to_pass(backtest, tmp_path) -> None:
    bars = tmp_path / "bars.csv"
    sample_bars(31 + 8).to_csv(bars)
    done = backtest("--walk-forward", "--level", "1", data=str(bars), days="8")
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert "pass --macro FILE or --macro live, or train level 2" in done.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("--level 4", "--level got '4', wanted 1, 2 or 3"),
        ("--tried 0", "--tried got 0, wanted 1 or more"),
        ("--out a.txt", "--out got 'a.txt', wanted a name that ends in .csv"),
        ("--figure a.jpg", "--figure got 'a.jpg', wanted a name that ends in .png"),
        ("--out no/such/a.csv", "cannot write no/such/a.csv: no/such is no folder"),
        ("--train-days 90", "--train-days got 90 without --walk-forward"),
        ("--walk-forward --train-days 0", "--train-days got 0, wanted 1 or more"),
        ("--walk-forward --cached", "--cached got --walk-forward"),
        ("--walk-forward --step-days 5", "--step-days got 5, wanted at least the 30"),
    ],
)
def test_wrong_use_is_one_line(tmp_path, monkeypatch, arguments: str, said: str) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KAIDAN_HOME", str(tmp_path / "home"))
    done = kaidan("backtest", "--data", "sample", *arguments.split())
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert said in done.err
    assert list(tmp_path.iterdir()) == []
