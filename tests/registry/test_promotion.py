"""What is live, how it changes, and what never changes it."""

import sqlite3
import threading
from pathlib import Path

import mlflow
import pytest

from kaidan.errors import RefusedError, RegistryError
from kaidan.registry.promotion import promote
from kaidan.registry.store import BUNDLE_PATH, get_version, live_version
from tests.packages import stored_package
from tests.server import only_sqlite


def stages(level: int = 3) -> dict[int, str]:
    found = mlflow.MlflowClient().search_model_versions(f"name = 'ensemble_level{level}'")
    return {int(version.version): version.current_stage for version in found}


def alias(name: str, level: int = 3) -> int:
    found = mlflow.MlflowClient().get_model_version_by_alias(f"ensemble_level{level}", name)
    return int(found.version)


def test_the_next_version_archives_the_first_and_remembers_it(twin, settings) -> None:
    candidate = twin()
    assert promote(candidate, settings).passed
    assert stages() == {1: "Archived", 2: "Production"}
    assert (alias("production"), alias("previous")) == (2, 1)
    live = live_version(3)
    assert live.number == 2
    assert live.tag("verdict") == "promoted"
    assert live.tag("replaced_version") == "1"
    text = mlflow.MlflowClient().get_registered_model("ensemble_level3").description
    assert text.startswith("**Live: version 2**, instead of version 1, since ")
    assert stages(2) == {1: "Production"}


def test_promoting_what_is_live_changes_nothing(store, settings) -> None:
    before = live_version(3)
    assert promote(before, settings).passed
    assert live_version(3) == before


def test_a_refused_candidate_is_marked_and_the_live_one_stays(twin, strict) -> None:
    candidate = twin()
    with pytest.raises(RefusedError, match=r"version 2 is refused: skill_vs_prior is .*--force"):
        promote(candidate, strict)
    assert get_version(3, 2).tag("verdict") == "refused"
    assert stages() == {1: "Production", 2: "None"}
    assert alias("production") == 1


def test_force_with_a_reason_overrules_and_is_remembered(twin, strict) -> None:
    decision = promote(twin(), strict, force=True, reason="the gate is wrong")
    assert not decision.passed
    live = live_version(3)
    assert (live.number, live.tag("verdict")) == (2, "forced")
    assert live.tag("promotion_reason") == "the gate is wrong"
    text = mlflow.MlflowClient().get_registered_model("ensemble_level3").description
    assert "the gate is wrong" in text


@pytest.fixture
def tampered(store, release):
    """Damages a file of level 3's bundle in the artifact store, until the test is over."""
    root = stored_package(get_version(3, 1), release.artifacts) / BUNDLE_PATH
    saved: dict[Path, bytes] = {}

    def tamper(name: str) -> None:
        path = root / name
        saved[path] = path.read_bytes()
        path.write_bytes(saved[path][:-1] + b"!")

    yield tamper
    for path, data in saved.items():
        path.write_bytes(data)


@pytest.mark.parametrize("name", ["graph.onnx", "contract.json", "manifest.json"])
def test_a_version_that_was_tampered_with_is_refused_and_the_live_one_stays(
    twin, tampered, settings, name
) -> None:
    candidate = twin()
    tampered(name)
    with pytest.raises(RegistryError, match="version 2 is not what was registered") as refused:
        promote(candidate, settings, force=True, reason="no reason is good enough")
    assert "\n" not in str(refused.value)
    assert stages() == {1: "Production", 2: "None"}
    assert alias("production") == 1


def test_a_version_of_another_contract_is_refused(twin, settings) -> None:
    levels = settings.levels.model_copy(update={"formula_version": 99})
    with pytest.raises(RegistryError, match=r"trained for contract .*train a new version"):
        promote(twin(), settings.model_copy(update={"levels": levels}))
    assert alias("production") == 1


def test_a_version_whose_bundle_is_of_another_contract_than_its_tag_is_refused(
    twin, settings, store
) -> None:
    level_2 = get_version(2, 1)
    source = mlflow.MlflowClient().get_model_version("ensemble_level2", "1").source
    swapped = {key: level_2.tag(key) for key in ("model_sha256", "package_sha256")}
    tags = get_version(3, 1).tags | swapped
    mlflow.register_model(source, "ensemble_level3", tags=tags)
    with pytest.raises(RegistryError, match="version 2 is a model of level 2"):
        promote(get_version(3, 2), settings)


def test_a_version_that_something_else_registered_is_refused(twin, settings, store) -> None:
    source = mlflow.MlflowClient().get_model_version("ensemble_level3", "1").source
    mlflow.register_model(source, "ensemble_level3")
    with pytest.raises(RegistryError, match="no tag 'model_sha256': kaidan did not register"):
        promote(get_version(3, 2), settings)


def test_without_stages_the_aliases_alone_move(twin, settings) -> None:
    registry = settings.bot.registry.model_copy(update={"stages": False})
    bot = settings.bot.model_copy(update={"registry": registry})
    promote(twin(), settings.model_copy(update={"bot": bot}))
    assert stages() == {1: "Production", 2: "None"}
    assert (alias("production"), alias("previous")) == (2, 1)


def test_after_a_kill_between_stage_and_alias_the_same_promotion_mends_it(twin, settings) -> None:
    candidate = twin()
    with pytest.warns(FutureWarning, match="stages"):
        mlflow.MlflowClient().transition_model_version_stage(
            "ensemble_level3", "2", "Production", archive_existing_versions=True
        )
    promote(candidate, settings)
    assert stages() == {1: "Archived", 2: "Production"}
    assert (alias("production"), alias("previous")) == (2, 1)


def test_after_such_a_kill_promoting_the_old_version_brings_stage_and_alias_in_step(
    twin, settings
) -> None:
    twin()
    with pytest.warns(FutureWarning, match="stages"):
        mlflow.MlflowClient().transition_model_version_stage(
            "ensemble_level3", "2", "Production", archive_existing_versions=True
        )
    promote(get_version(3, 1), settings)
    assert stages() == {1: "Production", 2: "Archived"}
    assert alias("production") == 1


def test_a_live_version_is_not_marked_refused_by_gates_that_came_later(store, strict) -> None:
    assert not promote(live_version(3), strict).passed
    assert live_version(3).tag("verdict") == "promoted"


@only_sqlite
def test_a_reader_sees_exactly_one_production_version_during_30_promotions(
    twin, settings, store
) -> None:
    pair = [get_version(3, 1), twin()]
    seen: list[int] = []
    lost: list[str] = []
    over = threading.Event()

    def count() -> None:
        query = (
            "select count(*) from model_versions "
            "where name = 'ensemble_level3' and current_stage = 'Production'"
        )
        with sqlite3.connect(store, timeout=30) as database:
            while not over.is_set():
                seen.append(database.execute(query).fetchone()[0])
        database.close()

    def ask() -> None:
        while not over.is_set():
            live = live_version(3)
            if live is None or live.number not in (1, 2):
                lost.append(str(live))

    readers = [threading.Thread(target=count), threading.Thread(target=ask)]
    for reader in readers:
        reader.start()
    try:
        for number in range(30):
            promote(pair[(number + 1) % 2], settings)
    finally:
        over.set()
        for reader in readers:
            reader.join()
    assert set(seen) == {1}
    assert len(seen) > 100
    assert lost == []
    assert alias("production") == 1
