"""What a run measures of a level: probes that find nothing, and answers that were traded on."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from kaidan.errors import ArtifactError
from kaidan.evaluation.leak_check import check_level, feature_leaks
from kaidan.evaluation.report import judge_out_of_fold, known_before
from kaidan.features import manager
from kaidan.features.contract import level_contract
from kaidan.learning.dataset import build_history
from kaidan.learning.ensemble import ProductionEnsemble
from kaidan.market.sample import sample_bars, sample_macro
from kaidan.registry.bundle import bundle_ensemble, require_parity
from kaidan.registry.card import evidence, performance_table
from kaidan.registry.gates import AGAINST_CHAMPION, MEASURED
from kaidan.registry.measures import MODEL, Measures, replay_out_of_fold
from kaidan.signal import Signal
from tests.kit import small_settings

DAYS = 40


@pytest.fixture(scope="module")
def settings():
    return small_settings()


@pytest.fixture(scope="module")
def history(settings):
    bars = sample_bars().iloc[-DAYS * 96 - settings.levels.warmup_bars + 1 :]
    return build_history(bars, sample_macro(), settings, days=DAYS, source="sample")


@pytest.fixture(scope="module")
def measures(history, settings, tmp_path_factory) -> Measures:
    dataset = history.dataset(3, settings)
    rows = dataset.development
    ensemble = ProductionEnsemble(settings.training).fit(
        dataset.features.iloc[rows], dataset.y[rows]
    )
    known = known_before(history.labels, dataset.features, settings.training.label)
    out_of_fold = judge_out_of_fold(
        ensemble, dataset.times[rows], dataset.y[rows], known.take(rows)
    )
    folder = tmp_path_factory.mktemp("measures") / "bundle"
    return Measures(
        dataset=dataset,
        ensemble=ensemble,
        out_of_fold=out_of_fold,
        holdout=out_of_fold,
        bundle=bundle_ensemble(ensemble, level_contract(settings, 3), dataset, folder),
        leaks=check_level((), history, dataset, ensemble, settings),
        replays=replay_out_of_fold(out_of_fold, history, settings),
        n_tried=7,
    )


def test_no_feature_of_kaidan_sees_the_future_on_the_bars_of_a_run(history, settings) -> None:
    assert feature_leaks(history, settings) == ()


@pytest.mark.parametrize("column", ["atr_14", "macd_hist"])
def test_a_feature_that_peeks_is_found_on_the_bars_of_a_run(
    history, settings, monkeypatch, column
) -> None:
    honest = manager.technical_features

    def peeking(ohlcv):
        columns = honest(ohlcv)
        return columns | {column: np.append(columns[column][1:], columns[column][-1])}

    monkeypatch.setattr(manager, "technical_features", peeking)
    found = {leak.feature for leak in feature_leaks(history, settings)}
    assert column in found


def test_leaks_of_features_that_a_level_does_not_have_are_not_its_own(
    measures, history, settings
) -> None:
    leaks = tuple(SimpleNamespace(feature=name) for name in ("usd_jpy_change", "rsi_14", "rsi_14"))
    checked = check_level(leaks, history, measures.dataset, measures.ensemble, settings)
    assert [leak.feature for leak in checked.features] == ["rsi_14", "rsi_14"]
    assert checked.to_metrics()["probe.feature_leaks"] == 1


def test_the_probes_find_nothing_in_an_honest_level(measures) -> None:
    metrics = measures.leaks.to_metrics()
    for name in ("shuffled_skill", "delay_excess", "next_bar_excess"):
        assert metrics[f"probe.{name}.low"] <= 0


def test_every_check_that_needs_no_champion_is_measured(measures) -> None:
    metrics = measures.to_metrics()
    wanted = {m.metric for name, m in MEASURED.items() if name not in AGAINST_CHAMPION}
    assert wanted <= set(metrics)
    assert np.isfinite([metrics[name] for name in wanted]).all()


def test_the_votes_that_are_kept_sum_to_one(measures) -> None:
    shares = [v for k, v in measures.to_metrics().items() if k.startswith("weight.")]
    assert len(shares) == 3
    assert sum(shares) == pytest.approx(1)


def test_a_bar_without_an_answer_is_not_traded_on(measures, history, settings) -> None:
    judged = measures.out_of_fold
    all_buy = np.full(len(judged.y), int(Signal.BUY))
    first = judged.times[0] - pd.Timedelta(hours=10)
    moved = SimpleNamespace(times=judged.times.insert(0, first), verdicts=np.append(0, all_buy))
    before = replay_out_of_fold(moved, history, settings)[MODEL]
    quiet = (before.times > first + pd.Timedelta(minutes=15)) & (before.times < judged.times[0])
    assert quiet.sum() > 30
    entries = [trade.entry_time for trade in before.trades]
    assert not set(before.times[quiet]) & set(entries)
    assert entries[0] == first + pd.Timedelta(minutes=15)


def test_the_model_and_whoever_needs_none_trade_the_same_bars(measures) -> None:
    names = list(measures.replays)
    assert names[0] == MODEL
    assert {"buy_and_hold", "always_HOLD", "ATRBased"} <= set(names)
    assert {len(one.equity) for one in measures.replays.values()} == {
        len(measures.replays[MODEL].times)
    }
    assert measures.performances["always_HOLD"].n_trades == 0


def test_the_evidence_names_who_was_tuned_and_how_many_were_tried(measures) -> None:
    text = evidence(measures, "sample", {})
    assert "Parameters of the members: as configured." in text
    assert "the luck of\n7 tried variants" in text
    assert "tuned: lightgbm." in evidence(measures, "sample", {"lightgbm": {"a": 1}})
    table = performance_table(measures).splitlines()
    assert len(table) == 2 + len(measures.replays)
    assert {row.count("|") for row in table} == {8}


def test_a_graph_that_says_something_else_is_refused(measures, settings) -> None:
    parity = measures.bundle.parity
    require_parity(parity, settings)
    for broken in (replace(parity, max_difference=1e-3), replace(parity, argmax_flips=1)):
        with pytest.raises(ArtifactError, match="does not say what was trained"):
            require_parity(broken, settings)
