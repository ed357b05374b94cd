"""`kaidan compare`, as a user types it."""

from pathlib import Path

import pytest

from kaidan.bot.journal import Journal, journal_file
from tests.bot.journal.kit import IDENTITY, after, decided
from tests.release import kaidan

RISING = {"sell": 0.2, "hold": 0.3, "buy": 0.5}  # what version 7 says of a price that rises
DOUBTING = {"sell": 0.3, "hold": 0.4, "buy": 0.3}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KAIDAN_HOME", str(tmp_path))
    return tmp_path


def written(name: str, n_bars: int, shadow: dict[str, float] | None, since: int = 0) -> Path:
    """Level 2 in version 7 says BUY, which comes true on every bar; version 6 is its shadow."""
    path = journal_file(name)
    answer = {"signal": "HOLD", "confidence": 0.4, "probabilities": shadow}
    said = {"reason": "it is broken"} if shadow is None else answer
    with Journal.open(path, identity=IDENTITY) as journal:
        for n in range(since, n_bars):
            entry = decided(n, features=(), shadow=({"level": 2, "version": 6, **said},))
            journal.write(entry, after(n))
    return path


def test_the_better_version_is_named_with_the_evidence_and_the_error_rate() -> None:
    path = written("btc", 400, DOUBTING)
    found = kaidan("compare", "--json").json
    assert (found["journal"], found["level"], found["n_bars"]) == (str(path), 2, 384)
    live, shadow = found["live"], found["shadow"]
    assert (live["version"], shadow["version"]) == (7, 6)
    assert (live["log_loss"], shadow["log_loss"]) == pytest.approx((0.6931, 1.2040), abs=1e-4)
    assert (live["hit_rate"], shadow["hit_rate"]) == (1.0, 0.0)
    assert live["better"]["e_value"] >= live["better"]["threshold"] == 50.0
    assert shadow["better"]["e_value"] < 1.0
    assert found["difference"]["estimate"] == pytest.approx(-0.5108, abs=1e-4)
    assert found["verdict"].startswith("version 7 is better: e = ")
    assert found["verdict"].endswith("at error rate 0.02")


def test_a_person_reads_a_table() -> None:
    written("btc", 400, DOUBTING)
    done = kaidan("compare", "--name", "btc", "--level", "2")
    assert (done.code, done.err) == (0, "")
    assert "Level 2: 384 live bars that both answered" in done.out
    (row,) = [line for line in done.out.splitlines() if "7 (live)" in line]
    assert [cell.strip() for cell in row.split("│")[1:4]] == ["7 (live)", "0.6931", "100.0%"]
    assert "live above shadow: -0.5108 [-0.5108, -0.5108] nats a bar" in done.out
    assert "version 7 is better: e = " in done.out


def test_what_cannot_be_told_yet_says_how_long_it_will_take() -> None:
    path = written("btc", 60, DOUBTING)
    verdict = kaidan("compare", "--file", str(path), "--json").json["verdict"]
    assert verdict.startswith("cannot be told yet: about ")
    assert verdict.endswith(" more bars if version 7 stays as far ahead")


def test_two_that_answer_alike_are_never_told_apart() -> None:
    written("btc", 60, RISING)
    verdict = kaidan("compare", "--json").json["verdict"]
    assert verdict == "cannot be told yet: version 7 is not far enough ahead to say when"


def test_without_a_pair_or_a_label_it_says_what_is_missing() -> None:
    def refused(*options: str) -> str:
        done = kaidan("compare", *options)
        assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
        return done.err

    assert "no bot has written a journal yet" in refused()
    written("mute", 20, None)
    assert "no bar was answered by a live version and a shadow; wanted some" in refused()
    written("btc", 16, DOUBTING)
    assert "level 2: versions 7 and 6 have answered 16 bars, and no label" in refused()
    assert "no bar at level 1 was answered" in refused("--level", "1")
    assert "--name and --file got both" in refused("--name", "btc", "--file", "x")
