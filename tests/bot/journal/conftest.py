from collections.abc import Iterator
from pathlib import Path

import pytest

from kaidan.bot.journal import Journal
from tests.bot.journal.kit import IDENTITY


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "journal" / "bot.sqlite"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    with Journal.open(path, identity=IDENTITY) as opened:
        yield opened
