"""A bar that a live model was shown is no test of it."""

from dataclasses import replace

import mlflow
import pandas as pd
import pytest

from kaidan.bot.learnt import Learnt, cached, registered, unseen
from kaidan.errors import DataError, RegistryError
from kaidan.serving.cache import ModelCache
from tests.release import register_twin

TIMES = pd.date_range("2024-01-01", periods=6, freq="15min", tz="UTC")


def learnt(first: int | None, last: int, level: int = 3) -> Learnt:
    return Learnt(level, 1, None if first is None else TIMES[first], TIMES[last])


def test_bars_between_both_ends_are_left_out():
    assert unseen(TIMES, (learnt(1, 3),)).tolist() == [True, False, False, False, True, True]


def test_a_bar_that_any_level_has_learnt_from_is_left_out():
    mask = unseen(TIMES, (learnt(1, 2, level=2), learnt(4, 5)))
    assert mask.tolist() == [True, False, False, True, False, False]


def test_where_the_beginning_is_not_known_all_earlier_bars_are_left_out():
    assert unseen(TIMES, (learnt(None, 3),)).tolist() == [False] * 4 + [True] * 2
    assert str(learnt(None, 3)) == "level 3 version 1: any bar to 2024-01-01 00:45"
    assert learnt(None, 3).to_dict()["learnt_from"] is None


def test_nothing_left_to_judge_is_said_with_what_to_do():
    with pytest.raises(DataError, match="all 6 bars from 2024-01-01 to 2024-01-01 were learnt"):
        unseen(TIMES, (learnt(0, 5),))


def test_the_registry_tells_what_a_loaded_level_has_learnt_from(store, ladder):
    found = registered(ladder)
    assert [(one.level, one.version) for one in found] == [(1, 1), (2, 1), (3, 1)]
    tags = mlflow.MlflowClient().get_model_version("ensemble_level3", "1").tags
    assert found[2].to_dict() == {
        "level": 3,
        "version": 1,
        "learnt_from": tags["learnt_from"],
        "learnt_until": tags["learnt_until"],
    }


def test_a_version_that_went_live_meanwhile_is_noticed(store, ladder):
    version = register_twin(level=3)
    client = mlflow.MlflowClient()
    client.set_model_version_tag("ensemble_level3", str(version), "model_sha256", "0" * 64)
    client.set_registered_model_alias("ensemble_level3", "production", str(version))
    with pytest.raises(RegistryError, match="level 3 got another live version"):
        registered(ladder)


def test_the_cache_tells_the_same(store, ladder, home):
    assert cached(ladder, ModelCache(home)) == registered(ladder)


def test_where_the_cache_does_not_tell_only_bars_after_the_fetch_are_unseen(ladder, home, tmp_path):
    cache = ModelCache(tmp_path)
    index = ModelCache(home).index()
    cache.write(
        {
            level: replace(one, live=replace(one.live, learnt_from=None))
            for level, one in index.items()
        }
    )
    found = cached(ladder, cache)
    assert [one.first for one in found] == [None] * 3
    assert [one.last for one in found] == [
        pd.Timestamp(one.live.fetched_at) for one in index.values()
    ]
