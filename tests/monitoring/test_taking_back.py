"""A canary that fails, in a real registry."""

import mlflow
import pytest

from kaidan.monitoring.canary import CanaryVerdict, Watch
from kaidan.monitoring.sequential_test import Evidence
from kaidan.monitoring.taking_back import take_back, watched_before
from kaidan.registry import journal
from kaidan.registry.promotion import promote
from kaidan.registry.record import Action, State
from kaidan.registry.rollback import OvertakenError, rollback
from kaidan.registry.store import get_version, live_version
from kaidan.settings import Settings
from tests.kit import small_settings
from tests.release import register_twin, release, store

__all__ = ["release", "store"]


@pytest.fixture
def settings() -> Settings:
    return small_settings()


def failing(version: int = 2, before: int = 1, verdict: Watch = Watch.fails) -> CanaryVerdict:
    evidence = Evidence(63.2, 0.02, 960, 944, 0.004)
    return CanaryVerdict(3, version, before, verdict, "it is worse", evidence, None, 960, 0.0)


def promote_twin(settings: Settings) -> None:
    promote(get_version(3, register_twin()), settings)


def test_a_version_whose_canary_fails_is_taken_back_and_the_history_says_so(
    store, settings
) -> None:
    promote_twin(settings)
    assert watched_before(live_version(3)) == 1
    done = take_back(failing(), settings)
    assert done.moved
    assert done.to_dict() == {
        "level": 3,
        "version": 2,
        "live": 1,
        "said": "level 3 is back at version 1: level 3 version 2: it is worse",
    }
    assert live_version(3).number == 1
    record = journal.standing(3)
    assert (record.action, record.reason) == (Action.rollback, "canary: it is worse")


def test_it_is_taken_back_once_and_what_came_back_is_not_watched(store, settings) -> None:
    promote_twin(settings)
    promote_twin(settings)
    verdict = failing(3, 2)
    assert take_back(verdict, settings).live == 2
    assert watched_before(live_version(3)) is None
    again = take_back(verdict, settings)
    assert (again.moved, live_version(3).number) == (False, 2)
    assert str(again) == (
        "level 3 version 3 is not what was promoted last over version 2: nothing is taken back"
    )


def test_a_release_that_replaced_it_in_the_meantime_stays(store, settings) -> None:
    promote_twin(settings)
    promote_twin(settings)
    assert not take_back(failing(2, 1), settings).moved
    assert not take_back(failing(3, 1), settings).moved
    assert live_version(3).number == 3


def test_a_writer_who_is_faster_while_one_waits_for_the_turn_wins(store, settings) -> None:
    promote_twin(settings)
    watched = journal.standing(3).number
    promote_twin(settings)
    with pytest.raises(OvertakenError, match=r"what record \d+ of kaidan_history made live is not"):
        rollback((3,), settings, while_standing={3: watched})
    assert live_version(3).number == 3
    newest = next(journal.newest_first())
    assert (newest.action, newest.state) == (Action.rollback, State.failed)


def test_what_was_set_live_by_hand_is_not_taken_back(store, settings) -> None:
    promote_twin(settings)
    third = register_twin()
    mlflow.MlflowClient().set_registered_model_alias("ensemble_level3", "production", str(third))
    assert watched_before(live_version(3)) is None
    done = take_back(failing(), settings)
    assert "not live any more; nothing was moved" in done.said
    assert live_version(3).number == third


def test_the_first_version_of_all_is_not_watched(store) -> None:
    assert watched_before(live_version(3)) is None


def test_it_is_only_told_where_the_settings_say_so(store, settings) -> None:
    promote_twin(settings)
    canary = settings.bot.monitoring.canary.model_copy(update={"rolls_back": False})
    monitoring = settings.bot.monitoring.model_copy(update={"canary": canary})
    bot = settings.bot.model_copy(update={"monitoring": monitoring})
    done = take_back(failing(), settings.model_copy(update={"bot": bot}))
    assert done.said == (
        "level 3 version 2 stays, for canary.rolls_back is false: it is worse; "
        "kaidan rollback --level 3 takes it back"
    )
    assert live_version(3).number == 2


def test_a_version_that_does_not_fail_stays(store, settings) -> None:
    promote_twin(settings)
    assert not take_back(failing(verdict=Watch.watching), settings).moved
    assert live_version(3).number == 2
