"""A bot on the small release, and the release's store as a file that can be taken away."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from kaidan.settings import Settings, load_settings
from tests.faults.bot.stage import Stage, unwatched
from tests.release import Release, filled_home


@pytest.fixture(scope="module")
def filled(release: Release, tmp_path_factory: pytest.TempPathFactory) -> Path:
    settings = load_settings(release.config)
    return filled_home(release, settings, tmp_path_factory.mktemp("filled"))


@pytest.fixture
def settings(release: Release, free_port: int) -> Settings:
    """Those of the release, and a bot that looks at the registry all the time."""
    settings = load_settings(release.config)
    ladder = settings.bot.ladder.model_copy(
        update={"refresh_seconds": 0.1, "refresh_timeout_seconds": 8.0}
    )
    health = settings.bot.health.model_copy(update={"port": free_port})
    bot = unwatched(settings.bot).model_copy(update={"ladder": ladder, "health": health})
    return settings.model_copy(update={"bot": bot})


@pytest.fixture
def home(filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with the release in its cache."""
    monkeypatch.setenv("KAIDAN_HOME", str(tmp_path / "home"))
    shutil.copytree(filled / "models", tmp_path / "home" / "models")
    return tmp_path / "home"


class Registry:
    """A copy of the release's store, which errands ask."""

    def __init__(self, release: Release, folder: Path) -> None:
        self.file = folder / "store.db"
        self._aside = folder / "aside.db"
        shutil.copy(release.database, self.file)

    def down(self) -> None:
        """In the store's place is something that is none."""
        self.file.rename(self._aside)
        self.file.mkdir()

    def up(self) -> None:
        self.file.rmdir()
        self._aside.rename(self.file)


@pytest.fixture
def registry(release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'store.db'}")
    monkeypatch.chdir(tmp_path)
    return Registry(release, tmp_path)


def noted(stage: Stage, text: str) -> Callable[[], bool]:
    """Until a note says so."""
    return lambda: any(text in note for note in stage.notes("trouble", "trouble over", "swap"))
