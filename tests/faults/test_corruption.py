"""A thousand ways to damage a model, and not one of them is loaded."""

import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import mlflow
import pytest

from kaidan.artifact.runtime import RuntimeRefusal
from kaidan.errors import RegistryError
from kaidan.registry.store import BUNDLE_PATH, PRODUCTION_ALIAS, Version
from kaidan.registry.verification import open_package, verify
from kaidan.serving.cache import Entry, ModelCache
from kaidan.serving.ladder import Ladder
from kaidan.settings import Settings, load_settings
from tests.faults.damage import TO_A_BUNDLE, TO_A_PACKAGE, TO_BYTES, Harm, Scene
from tests.packages import register_like, stored_package
from tests.release import using

N = 1_000
N_THROUGH_MLFLOW = 70
N_IN_THE_CACHE = 60
N_BY_CLIENTS = 40
RUNTIME_PATH = "artifacts/runtime.py"


@dataclass(frozen=True)
class Victim:
    """A live version of level 1 with artifacts of its own, and what may be put in their place.

    `pristine`, `sibling` and `stranger` are copies; `stored` is what the store gives out.
    """

    version: Version
    settings: Settings
    stored: Path
    pristine: Path
    sibling: Path
    stranger: Path

    @property
    def entry(self) -> Entry:
        tags = self.version.tags
        return Entry(self.version.number, tags["model_sha256"], tags["contract_sha256"], "")

    def restore(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.pristine, folder)

    def scene(self, folder: Path, aside: Path, seed: int) -> Scene:
        """A whole package in `folder`."""
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir()
        bundle = folder / BUNDLE_PATH
        return Scene(folder, bundle, self.sibling, self.stranger, aside, Random(seed))


@pytest.fixture(scope="module")
def victim(release, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Victim]:
    folder = tmp_path_factory.mktemp("victim")
    shutil.copy(release.database, folder / "store.db")
    with using(folder / "store.db"):
        version, sibling = (
            register_like(1, folder / m / "bundle", mark=m) for m in ("victim", "sibling")
        )
        mlflow.MlflowClient().set_registered_model_alias(
            version.name, PRODUCTION_ALIAS, str(version.number)
        )
        stranger = register_like(3, folder / "stranger" / "bundle", mark="stranger")
        stored = stored_package(version, release.artifacts)
        copies = {
            name: Path(shutil.copytree(source, folder / "copies" / name))
            for name, source in {
                "pristine": stored,
                "sibling": stored_package(sibling, release.artifacts),
                "stranger": stored_package(stranger, release.artifacts) / BUNDLE_PATH,
            }.items()
        }
        yield Victim(version, load_settings(release.config), stored, **copies)


def chosen(kinds: tuple[Harm, ...], seed: int) -> Harm:
    return kinds[seed % len(kinds)]


def one_line(error: Exception) -> str:
    assert "\n" not in str(error)
    return str(error)


def test_the_undamaged_version_is_loaded_by_everybody(victim, tmp_path) -> None:
    assert verify(victim.version, victim.settings).level == 1
    assert open_package(victim.pristine, victim.version, victim.settings).level == 1
    assert sorted(Ladder.from_registry(victim.settings, home=tmp_path).loaded) == [1, 2, 3]
    assert mlflow.pyfunc.load_model(str(victim.pristine))


def test_of_a_thousand_damaged_packages_none_is_verified_and_no_damaged_bundle_is_kept(
    victim, tmp_path
) -> None:
    folder, home = tmp_path / "package", tmp_path / "home"
    refused: Counter[str] = Counter()
    loaded: list[tuple[str, str]] = []
    for seed in range(N):
        victim.restore(folder)
        scene = victim.scene(folder, tmp_path / "aside", seed)
        harm = chosen(TO_A_PACKAGE, seed)
        path = harm(scene)
        what = (harm.__name__, str(path.relative_to(folder)))
        try:
            open_package(folder, victim.version, victim.settings)
            loaded.append(what)
        except RegistryError as error:
            refused[harm.__name__] += "is not what was registered" in one_line(error)
        if path.is_relative_to(scene.bundle):
            try:
                ModelCache(home).put(scene.bundle, victim.entry)
                loaded.append(what)
            except RuntimeRefusal as error:
                one_line(error)
    assert loaded == []
    assert refused.total() == N
    assert set(refused) == {harm.__name__ for harm in TO_A_PACKAGE}
    assert not home.exists()


def test_what_the_registry_gives_out_damaged_is_not_moved_and_the_ladder_steps_down(
    victim, tmp_path
) -> None:
    row = dict.fromkeys(victim.settings.levels.technical + victim.settings.levels.strategy, 0.5)
    row |= dict.fromkeys(victim.settings.levels.macro, 0.5)
    try:
        for seed in range(N_THROUGH_MLFLOW):
            victim.restore(victim.stored)
            scene = victim.scene(victim.stored, tmp_path / "aside", N + seed)
            path = chosen(TO_A_PACKAGE, seed)(scene)
            with pytest.raises(RegistryError) as error:
                verify(victim.version, victim.settings)
            one_line(error.value)
            if not path.is_relative_to(scene.bundle):
                continue
            ladder = Ladder.from_registry(victim.settings, home=tmp_path / str(seed))
            assert sorted(ladder.loaded) == [2, 3]
            answer = ladder.predict(row)
            assert (answer.level, [a.level for a in answer.attempts]) == (2, [1])
            assert answer.attempts[0].reason == ladder.unloaded[1] != ""
            assert "\n" not in ladder.unloaded[1]
    finally:
        victim.restore(victim.stored)


def test_a_damaged_copy_in_the_cache_is_stepped_over_and_fetched_again(victim, tmp_path) -> None:
    settings = victim.settings
    Ladder.from_registry(settings, home=tmp_path / "home")
    cached = ModelCache(tmp_path / "home").bundle(victim.entry.model_sha256)
    for seed in range(N_IN_THE_CACHE):
        aside = tmp_path / f"aside{seed}"
        aside.mkdir()
        sibling = victim.sibling / BUNDLE_PATH
        scene = Scene(cached, cached, sibling, victim.stranger, aside, Random(2 * N + seed))
        chosen(TO_A_BUNDLE, seed)(scene)
        assert sorted(Ladder.from_cache(settings, home=tmp_path / "home").unloaded) == [1]
        assert not Ladder.from_registry(settings, home=tmp_path / "home").unloaded
        assert not Ladder.from_cache(settings, home=tmp_path / "home").unloaded
        assert not cached.is_symlink()


def test_a_client_of_mlflow_loads_no_damaged_bundle(victim, tmp_path) -> None:
    folder = tmp_path / "package"
    for seed in range(N_BY_CLIENTS):
        victim.restore(folder)
        whole = victim.scene(folder, tmp_path / "aside", 3 * N + seed)
        sibling = victim.sibling / BUNDLE_PATH
        chosen(TO_A_BUNDLE, seed)(replace(whole, folder=whole.bundle, sibling=sibling))
        with pytest.raises(Exception, match="fetch the model again"):
            mlflow.pyfunc.load_model(str(folder))


@pytest.mark.parametrize("seed", range(2 * len(TO_BYTES)))
def test_a_client_of_mlflow_executes_no_damaged_runtime(victim, tmp_path, seed) -> None:
    victim.restore(tmp_path / "package")
    runtime = tmp_path / "package" / RUNTIME_PATH
    whole = victim.scene(tmp_path / "package", tmp_path / "aside", 4 * N + seed)
    chosen(TO_BYTES, seed)(replace(whole, folder=runtime))
    with pytest.raises(
        (ImportError, FileNotFoundError), match=r"fetch the model again|runtime\.py"
    ):
        mlflow.pyfunc.load_model(str(tmp_path / "package"))
