"""The way back, and what stands in it."""

import mlflow
import pytest

from kaidan.errors import RegistryError
from kaidan.registry.promotion import promote, promote_all
from kaidan.registry.rollback import rollback as roll_levels_back
from kaidan.registry.store import get_version, live_version
from tests.kit import wanting
from tests.registry.test_promotion import alias, stages, tampered
from tests.release import register_twin

__all__ = ["tampered"]


def rollback(level: int, settings, **options) -> tuple[int | None, int]:
    (move,) = roll_levels_back((level,), settings, **options)
    return move.before, move.after


def test_rollback_goes_back_and_further_back_until_there_is_nothing(twin, settings) -> None:
    for _ in range(2):
        promote(twin(), settings)
    assert stages() == {1: "Archived", 2: "Archived", 3: "Production"}
    assert rollback(3, settings) == (3, 2)
    assert stages() == {1: "Archived", 2: "Production", 3: "Archived"}
    assert (alias("production"), alias("previous")) == (2, 1)
    rollback(3, settings)
    assert stages() == {1: "Production", 2: "Archived", 3: "Archived"}
    assert get_version(3, 1).aliases == ("production",)
    with pytest.raises(RegistryError, match="version 1 replaced no other"):
        rollback(3, settings)
    assert alias("production") == 1


def test_promotion_then_rollback_is_identity(twin, settings) -> None:
    promote(twin(), settings)
    before = stages(), alias("production"), alias("previous")
    promote(twin(), settings)
    rollback(3, settings)
    now = stages(), alias("production"), alias("previous")
    assert now == ({**before[0], 3: "Archived"}, *before[1:])


def test_rollback_can_name_a_version_that_was_live_before(twin, settings) -> None:
    for _ in range(2):
        promote(twin(), settings)
    rollback(3, settings, to=1)
    assert alias("production") == 1


def test_rollback_to_a_version_that_was_never_live_is_refused(twin, settings) -> None:
    twin()
    with pytest.raises(RegistryError, match=r"never in Production; judge it first: kaidan promote"):
        rollback(3, settings, to=2)


def test_rollback_to_the_live_version_is_refused(twin, settings) -> None:
    promote(twin(), settings)
    with pytest.raises(RegistryError, match="version 2 is live already"):
        rollback(3, settings, to=2)


def test_rollback_to_a_version_that_was_tampered_with_is_refused(twin, tampered, settings) -> None:
    promote(twin(), settings)
    tampered("graph.onnx")
    with pytest.raises(RegistryError, match="is not what was registered"):
        rollback(3, settings)
    assert alias("production") == 2


def test_without_anything_live_there_is_nothing_to_roll_back(store, settings) -> None:
    client = mlflow.MlflowClient()
    for name in ("ensemble_level3", "kaidan_history"):
        client.delete_registered_model(name)
    with pytest.raises(RegistryError, match="level 3 has no Production version; train one first"):
        rollback(3, settings)


def test_a_version_that_is_promoted_again_does_not_swap_for_ever(twin, settings) -> None:
    promote(twin(), settings)
    promote(get_version(3, 1), settings)
    assert rollback(3, settings) == (1, 2)
    assert rollback(3, settings) == (2, 1)
    with pytest.raises(RegistryError, match="version 1 replaced no other"):
        rollback(3, settings)


def test_what_was_rolled_away_from_can_be_named_and_goes_on_top_again(twin, settings) -> None:
    promote(twin(), settings)
    rollback(3, settings)
    assert rollback(3, settings, to=2) == (1, 2)
    assert rollback(3, settings) == (2, 1)


def test_a_deleted_target_is_refused_and_the_nearest_alternative_named(twin, settings) -> None:
    for _ in range(2):
        promote(twin(), settings)
    mlflow.MlflowClient().delete_model_version("ensemble_level3", "2")
    nearest = (
        r"level 3 cannot go back to version 2: ensemble_level3 has no version 2; .*; the nearest "
        r"that can be gone back to: kaidan rollback --level 3 --to 1$"
    )
    with pytest.raises(RegistryError, match=nearest):
        rollback(3, settings)
    assert rollback(3, settings, to=1) == (3, 1)


def test_without_an_alternative_that_is_said(twin, tampered, settings) -> None:
    promote(twin(), settings)
    tampered("graph.onnx")
    with pytest.raises(RegistryError, match=r"no other version that was live verifies$"):
        rollback(3, settings)


def test_when_the_live_version_was_deleted_a_rollback_brings_back_what_it_replaced(
    twin, settings
) -> None:
    promote(twin(), settings)
    mlflow.MlflowClient().delete_model_version("ensemble_level3", "2")
    assert live_version(3) is None
    assert rollback(3, settings) == (None, 1)
    assert stages() == {1: "Production"}


def candidates() -> list:
    return [get_version(level, register_twin(level)) for level in (1, 2, 3)]


def live() -> tuple[int, ...]:
    return tuple(live_version(level).number for level in (1, 2, 3))


def test_all_levels_go_back_together(store, settings) -> None:
    promote_all(candidates(), settings)
    assert live() == (2, 2, 2)
    moves = roll_levels_back((1, 2, 3), settings)
    assert [(move.level, move.before, move.after) for move in moves] == [
        (level, 2, 1) for level in (1, 2, 3)
    ]
    assert live() == (1, 1, 1)


def test_levels_that_were_promoted_one_by_one_go_back_together_too(store, settings) -> None:
    for candidate in candidates():
        promote(candidate, settings)
    roll_levels_back((1, 2, 3), settings)
    assert live() == (1, 1, 1)


def test_when_one_level_cannot_go_back_none_does(store, twin, settings) -> None:
    promote(twin(), settings)
    with pytest.raises(RegistryError, match="level 1: version 1 replaced no other"):
        roll_levels_back((1, 2, 3), settings)
    assert live() == (1, 1, 2)


def test_a_level_that_the_release_left_as_it_was_stays_so(store, settings) -> None:
    promote_all(candidates(), settings)
    second = candidates()
    # A gate of their own for one level: its candidate's run measured something else.
    mlflow.MlflowClient().log_metric(second[1].run_id, "oof.skill_vs_prior.low", -9.0)
    try:
        outcomes = promote_all(second, settings)
    finally:
        mlflow.MlflowClient().log_metric(second[1].run_id, "oof.skill_vs_prior.low", 0.0)
    assert [outcome.live for outcome in outcomes] == [True, False, True]
    assert live() == (3, 2, 3)
    roll_levels_back((1, 2, 3), settings)
    assert live() == (2, 2, 2)


def test_under_the_policy_whole_a_refused_level_holds_the_others_back(store, settings) -> None:
    gates = settings.gates.model_copy(update={"release": "whole"})
    whole = settings.model_copy(update={"gates": gates})
    versions = candidates()
    strict = wanting(whole, skill_vs_prior=9.0)
    assert not any(outcome.live for outcome in promote_all(versions, strict))
    assert live() == (1, 1, 1)
    assert all(outcome.live for outcome in promote_all(versions, whole))
    assert live() == (2, 2, 2)
