from collections.abc import Callable

import pytest

from kaidan.registry.store import Version, get_version
from kaidan.settings import Settings
from tests.kit import small_settings, wanting
from tests.release import register_twin
from tests.server import release, server, store

__all__ = ["release", "server", "store"]


@pytest.fixture
def settings() -> Settings:
    """Those that the release was trained with."""
    return small_settings()


@pytest.fixture
def strict(settings: Settings) -> Settings:
    """A gate that no model passes."""
    return wanting(settings, skill_vs_prior=9.0)


@pytest.fixture
def twin(store) -> Callable[[], Version]:
    """Registers the live model of level 3 once more, as a candidate."""
    return lambda: get_version(3, register_twin())
