"""`kaidan pull`: the cache brought up to date, as a user types it."""

from kaidan.registry.store import get_version, set_live
from kaidan.serving.cache import ModelCache
from kaidan.serving.ladder import Ladder
from tests.release import kaidan, register_twin, using


def test_it_says_what_was_brought(store, release, tmp_path) -> None:
    done = kaidan("pull", "--config", str(release.config))
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [f"level {level}: version 1, fetched" for level in (1, 2, 3)]
    assert sorted(ModelCache(tmp_path / "home").entries()) == [1, 2, 3]


def test_the_shadow_is_said_beside_the_live_version(store, release) -> None:
    set_live(get_version(3, register_twin()), 1, stages=True)
    done = kaidan("pull", "--config", str(release.config))
    assert done.out.splitlines()[2:] == [
        "level 3: version 2, fetched",
        "  in the shadow: version 1, found in the cache",
    ]


def test_for_a_machine_it_says_the_same(store, release) -> None:
    kaidan("pull", "--config", str(release.config))
    found = kaidan("pull", "--json", "--config", str(release.config)).json
    assert found["failed"] is False
    assert [one["live"] for one in found["levels"]] == [
        {"what": "unchanged", "version": 1, "why": None}
    ] * 3


def test_a_registry_that_does_not_answer_is_exit_1_and_one_line(store, release, tmp_path) -> None:
    kaidan("pull", "--config", str(release.config))
    (tmp_path / "file").touch()
    with using(tmp_path / "file" / "store.db"):
        done = kaidan("pull", "--config", str(release.config))
        as_json = kaidan("pull", "--json", "--config", str(release.config))
    assert (done.code, as_json.code) == (1, 1)
    assert done.out == ""
    (line,) = done.err.splitlines()
    assert line.startswith("kaidan: cannot look for the version of ensemble_level1 ")
    assert line.endswith("(the cached models stay)")
    assert as_json.json["failed"] is True
    assert not Ladder.from_cache(home=tmp_path / "home").unloaded


def test_what_is_wrong_with_the_configuration_is_wrong_use(tmp_path) -> None:
    assert kaidan("pull", "--config", str(tmp_path)).code == 2
