from pathlib import Path

import pytest
from platformdirs import user_cache_path

from kaidan.home import kaidan_home


def test_the_environment_names_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAIDAN_HOME", str(tmp_path / "here"))
    assert kaidan_home() == tmp_path / "here"


def test_without_it_the_platforms_cache_folder_is_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KAIDAN_HOME", raising=False)
    assert kaidan_home() == user_cache_path("kaidan")


def test_asking_makes_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAIDAN_HOME", str(tmp_path / "here"))
    kaidan_home()
    assert not (tmp_path / "here").exists()
