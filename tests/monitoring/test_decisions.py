import numpy as np
import pytest

from kaidan.features.contract import level_contract
from kaidan.features.manager import FeatureManager
from kaidan.learning.labels import make_labels
from kaidan.market.sample import sample_macro
from kaidan.monitoring.decisions import Decisions, read_decisions
from kaidan.signal import Signal
from tests.bot.kit import (
    SETTINGS,
    WARMUP,
    bars_from,
    constant_ladder,
    journal_in,
    sample,
    tick_at,
    told,
)

N_BARS = 40
HORIZON = SETTINGS.training.label.horizon_bars


@pytest.fixture(scope="module")
def decisions(tmp_path_factory) -> Decisions:
    folder = tmp_path_factory.mktemp("journal")
    with journal_in(folder) as journal:
        tick = tick_at(0, constant_ladder(folder / "home"), journal)
        for bar in bars_from(0, N_BARS):
            tick.hear(told(bar))
        return read_decisions(journal, SETTINGS)


def test_each_decided_bar_is_there_with_who_answered_it_and_who_was_asked_beside(decisions) -> None:
    bars = sample().iloc[WARMUP : WARMUP + N_BARS]
    assert decisions.times.equals(bars.index)
    assert decisions.bars.to_numpy().tolist() == bars.to_numpy().tolist()
    assert set(decisions.level) == {1}
    assert set(decisions.version) == {2}
    assert set(decisions.shadow_version) == {1}
    assert set(decisions.said) == {int(Signal.BUY)}
    assert np.allclose(decisions.probabilities.sum(axis=1), 1)
    assert np.isfinite(decisions.shadow_probabilities).all()
    assert decisions.attempts == ((),) * N_BARS


def test_a_label_is_known_once_its_horizon_has_passed_and_is_that_of_training(decisions) -> None:
    assert np.isfinite(decisions.labels[:-HORIZON]).all()
    assert np.isnan(decisions.labels[-HORIZON:]).all()
    trained_on = make_labels(sample(), SETTINGS.training.label).reindex(decisions.times)
    assert decisions.labels[:-HORIZON].tolist() == trained_on[:-HORIZON].tolist()


def test_the_rows_are_those_that_training_would_have_computed(decisions) -> None:
    batch = FeatureManager().generate_features(
        sample().iloc[: WARMUP + N_BARS], macro=sample_macro()
    )
    assert list(decisions.features.columns) == list(level_contract(SETTINGS, 1).features)
    wanted = batch.loc[decisions.times, decisions.features.columns]
    assert np.allclose(decisions.features, wanted, rtol=1e-9, atol=1e-12)


def test_a_part_keeps_the_labels_that_the_whole_gave_it(decisions) -> None:
    part = decisions.take(slice(3, 9))
    assert len(part) == 6
    assert part.labels.tolist() == decisions.labels[3:9].tolist()
    assert part.attempts == decisions.attempts[3:9]
    assert len(decisions.of_version(1, 2)) == N_BARS
    assert len(decisions.of_version(1, 1)) == 0


def test_bars_of_the_warm_up_have_no_row_and_no_version(tmp_path) -> None:
    with journal_in(tmp_path) as journal:
        tick = tick_at(0, constant_ladder(tmp_path / "home"), journal, n_loaded=WARMUP - 3)
        for bar in bars_from(0, 4):
            tick.hear(told(bar))
        found = read_decisions(journal, SETTINGS)
    assert found.level.tolist() == [0, 0, 1, 1]
    assert found.version.tolist() == [0, 0, 2, 2]
    assert np.isnan(found.features.iloc[:2]).all(axis=None)
    assert found.features.iloc[2:].notna().all(axis=None)


def test_a_journal_without_bars_has_no_decisions(tmp_path) -> None:
    with journal_in(tmp_path) as journal:
        found = read_decisions(journal, SETTINGS)
    assert len(found) == 0
    assert found.features.shape == (0, 70)
    assert found.labels.shape == (0,)
