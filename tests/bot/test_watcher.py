"""The journal is looked at every few bars, by a child that the bot neither waits for nor trusts."""

import sys
import time
from pathlib import Path

import pytest

from kaidan.bot import watcher as module
from kaidan.bot.alerts.severity import Severity
from kaidan.bot.watcher import Looked, Matter, Watcher
from tests.bot.kit import SETTINGS

EVERY = SETTINGS.bot.monitoring.every_bars
SAYS = {
    "told": 'print(\'{"matters": [{"key": "drift 1", "severity": "warning", "text": "psi"}, '
    '{"key": "canary 1", "severity": null, "text": "well"}], "moved": true}\')',
    "html": "print('<html>')",
    "list": "print('[]')",
    "fails": "raise SystemExit('no store')",
}


@pytest.fixture
def errand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Children that say these things, where Python finds them."""
    for name, source in SAYS.items():
        (tmp_path / f"look_{name}.py").write_text(source, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))


def looked(monkeypatch: pytest.MonkeyPatch, says: str) -> Looked:
    monkeypatch.setattr(module, "MODULE", f"look_{says}")
    watcher = Watcher(Path("bot.sqlite"), SETTINGS, config=None)
    for _ in range(EVERY):
        assert watcher.poll() is None
        watcher.decided()
    deadline = time.monotonic() + 30
    while (found := watcher.poll()) is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert watcher.poll() is None, "it looks again before the next bars"
    return found


def test_it_looks_once_in_so_many_bars_and_tells_what_was_found(errand, monkeypatch) -> None:
    assert looked(monkeypatch, "told") == Looked(
        (Matter("drift 1", Severity.warning, "psi"), Matter("canary 1", None, "well")), moved=True
    )


@pytest.mark.parametrize(
    ("says", "why"), [("html", "cannot be read"), ("list", "cannot be read"), ("fails", "no store")]
)
def test_a_child_that_fails_or_says_nonsense_is_a_failure_in_words(
    errand, monkeypatch, says, why
) -> None:
    found = looked(monkeypatch, says)
    assert why in found.failure
    assert (found.matters, found.moved) == ((), False)


def test_a_child_that_cannot_be_started_is_a_failure_in_words(monkeypatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    watcher = Watcher(Path("bot.sqlite"), SETTINGS, config=None)
    for _ in range(EVERY):
        watcher.decided()
    found = watcher.poll()
    assert found is not None
    assert found.failure
    watcher.stop()
