"""The ladder with a memory and a shadow, bar by bar and many bars at once."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from kaidan.serving.ladder import Ladder
from kaidan.serving.live_ladder import LiveLadder
from kaidan.settings import load_settings
from kaidan.signal import Signal
from tests.serving.broken import write_broken
from tests.serving.constant import ROW, Constants, p_buy
from tests.serving.one_by_one import frame_of

SETTINGS = load_settings()
OUT = {1: "usd_jpy", 2: "strategy_signal_ATRBased", 3: "rsi_14"}


@pytest.fixture
def constants(tmp_path: Path) -> Constants:
    """Version 2 of each level is live; levels 1 and 2 have a shadow."""
    found = Constants(tmp_path, SETTINGS)
    found.name({1: 2, 2: 2, 3: 2}, shadow={1: 1, 2: 7})
    return found


def live_ladder(constants: Constants, climb_after_bars: int = 3) -> LiveLadder:
    ladder = Ladder.from_cache(SETTINGS, home=constants.home)
    return LiveLadder(ladder, climb_after_bars=climb_after_bars)


def without(level: int) -> dict[str, float]:
    """A row that is not whole for a level and those above it."""
    return ROW | {OUT[level]: np.nan}


def test_an_answer_names_the_version_and_the_model_that_gave_it(constants) -> None:
    answer = live_ladder(constants).predict(ROW)
    assert (answer.prediction.level, answer.version) == (1, 2)
    assert answer.model_sha256 == constants.entry(1, 2).model_sha256
    assert answer.prediction == Ladder.from_cache(SETTINGS, home=constants.home).predict(ROW)


def test_a_level_that_was_out_waits_and_says_so(constants) -> None:
    live = live_ladder(constants)
    live.predict(without(1))
    said = [live.predict(ROW).prediction for _ in range(3)]
    assert [one.level for one in said] == [2, 2, 1]
    assert [str(one.attempts[0]) for one in said[:2]] == [
        "level 1: could answer for 1 of 3 bars: waits",
        "level 1: could answer for 2 of 3 bars: waits",
    ]
    assert said[2].attempts == ()


def test_a_stale_value_puts_a_level_out_and_makes_it_wait(constants) -> None:
    live = live_ladder(constants)
    answers = [live.predict(ROW, stale=stale) for stale in (("usd_jpy",), (), (), ())]
    assert [one.prediction.level for one in answers] == [2, 2, 2, 1]
    assert answers[0].prediction.attempts[0].reason == "stale: usd_jpy"


def test_a_level_whose_model_comes_back_waits_too(constants) -> None:
    constants.name({1: None, 2: 2, 3: 2})
    live = live_ladder(constants)
    assert live.predict(ROW).prediction.level == 2
    constants.name({1: 3, 2: 2, 3: 2})
    live.refresh()
    assert [live.predict(ROW).version for _ in range(3)] == [2, 2, 3]


def test_the_dummy_has_no_version_and_no_shadow(constants) -> None:
    answer = live_ladder(constants).predict({})
    assert (answer.prediction.level, answer.version, answer.model_sha256) == (None, None, None)
    assert answer.prediction.signal is Signal.HOLD
    assert answer.shadow == ()


def test_who_waits_goes_on_waiting_after_a_restart(constants) -> None:
    first, second = live_ladder(constants), live_ladder(constants)
    first.predict(without(1))
    first.predict(ROW)
    second.restore(json.loads(json.dumps(first.state())))
    assert [second.predict(ROW).prediction.level for _ in range(2)] == [2, 1]


def test_the_shadow_of_the_level_that_answers_is_heard(constants) -> None:
    live = live_ladder(constants)
    (shadow,) = live.predict(ROW).shadow
    assert (shadow.level, shadow.version) == (1, 1)
    told = shadow.to_dict()
    assert json.loads(json.dumps(told)) == told
    assert told["signal"] == "BUY"
    assert told["confidence"] == pytest.approx(p_buy(1, 1))
    assert told["probabilities"]["buy"] == pytest.approx(p_buy(1, 1))
    (below,) = live.predict(without(1)).shadow
    assert (below.level, below.version) == (2, 7)
    assert live.predict(without(2)).shadow == ()


@pytest.mark.parametrize("kind", ["session fails", "not a distribution", "contract wrong"])
def test_a_shadow_that_cannot_answer_says_why_and_changes_nothing(constants, kind) -> None:
    alone = live_ladder(constants).predict(ROW)
    source = constants.home / "broken"
    entry = write_broken(source, kind, 1, SETTINGS)
    constants.cache.put(source, entry)
    constants.name({1: 2, 2: 2, 3: 2})
    index = constants.cache.index()
    index[1] = type(index[1])(index[1].live, index[1].confirmed_at, shadow=entry)
    constants.cache.write(index)
    answer = live_ladder(constants).predict(ROW)
    (shadow,) = answer.shadow
    assert answer.prediction == alone.prediction
    assert set(shadow.to_dict()) == {"level", "version", "reason"}
    assert shadow.to_dict()["reason"].startswith("version 2 ")


def test_many_bars_are_answered_like_one_after_the_other(ladder, features) -> None:
    rows = features.copy()
    rng = np.random.default_rng(5)
    for name in OUT.values():
        rows.loc[rng.random(len(rows)) < 0.15, name] = np.nan
    one, many = (LiveLadder(ladder, climb_after_bars=3) for _ in range(2))
    found = pd.concat([many.predict_frame(rows.iloc[:17]), many.predict_frame(rows.iloc[17:])])
    assert found["level"].isna().any()
    assert found["attempts"].str.contains("waits").any()
    expected = frame_of(_Plain(one), rows)
    pd.testing.assert_frame_equal(found, expected, rtol=0, atol=1e-6, check_dtype=False)
    assert one.state() == many.state()


@given(st.lists(st.sampled_from([None, 1, 2, 3]), min_size=1, max_size=25), st.integers(1, 4))
@hypothesis_settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_whatever_is_out_when_both_ways_decide_alike(ladder, features, outs, after_bars) -> None:
    rows = features.iloc[: len(outs)].copy()
    for place, level in enumerate(outs):
        if level is not None:
            rows.iloc[place, rows.columns.get_loc(OUT[level])] = np.inf
    one, many = (LiveLadder(ladder, climb_after_bars=after_bars) for _ in range(2))
    pd.testing.assert_frame_equal(
        many.predict_frame(rows),
        frame_of(_Plain(one), rows),
        rtol=0,
        atol=1e-6,
        check_dtype=False,
    )


def test_no_bars_are_no_answers(ladder, features) -> None:
    assert len(LiveLadder(ladder, climb_after_bars=2).predict_frame(features.head(0))) == 0


class _Plain:
    """A live ladder that says no more than a ladder does."""

    def __init__(self, live: LiveLadder) -> None:
        self._live = live

    def predict(self, row):
        return self._live.predict(row).prediction
