"""`kaidan journal`, as a user types it."""

import json
import os
from pathlib import Path

import pandas as pd
import pytest

from kaidan.bot.journal import Journal, journal_file
from kaidan.bot.journal.reader import read_journal
from kaidan.market.files import read_bars
from tests.bot.journal.kit import IDENTITY, after, bar_time, decided, filled
from tests.release import Done, kaidan


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KAIDAN_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def btc(home: Path) -> Path:
    """30 bars and a note."""
    path = filled(journal_file("btc"), 30)
    with Journal.open(path, identity=IDENTITY) as journal:
        journal.note("swap", "level 2: version 7 instead of 6 [promoted]", bar_time(4))
    return path


def lines(done: Done) -> list[str]:
    assert (done.code, done.err) == (0, "")
    return done.out.splitlines()


def one_line(done: Done, code: int) -> str:
    assert (done.code, done.out, done.err.count("\n")) == (code, "", 1)
    return done.err


def test_the_last_bars_are_a_table(btc: Path) -> None:
    said = lines(kaidan("journal", "--last", "3"))
    assert said[0].strip() == "btc: 3 of 30 bars"
    (row,) = [line for line in said if "2026-11-01 07:00" in line]
    assert [cell.strip() for cell in row.split("│")[2:8]] == [
        *("129", "BUY", "0.500", "2", "LONG", "1.0280")
    ]
    text = " ".join(" ".join(said).replace("│", " ").split())
    assert "veto: spread; level 1: not finite: usd_jpy, nikkei_225" in text
    assert "order: LONG 10.0%; told 130 s after its close" in text


def test_bars_are_chosen_by_time_level_and_veto(btc: Path) -> None:
    def times(*options: str) -> list[str]:
        found = kaidan("journal", "--json", *options).json["entries"]
        return [one["bar"]["time"][11:16] for one in found]

    assert len(times()) == 20
    assert len(times("--since", "2026-11-01")) == 30
    assert times("--since", "2026-11-01T16:00+09:00") == ["07:00", "07:15"]
    assert times("--until", "2026-11-01T00:30Z") == ["00:00", "00:15"]
    assert times("--vetoed", "--last", "2") == ["06:00", "06:45"]
    assert times("--level", "1") == []
    assert len(times("--level", "ensemble_level2", "--last", "3")) == 3


def test_one_bar_is_told_from_its_arrival_to_its_decision(btc: Path) -> None:
    said = lines(kaidan("journal", "--bar", "2026-11-01T00:00Z"))
    assert said == [
        "bar of 2026-11-01 00:00 UTC: open 100, high 102.5, low 99.25, close 101, volume 12.5",
        "  arrived     told 130 s after its close",
        "  fill        side LONG, price 101.25, partial False",
        "  trade       side LONG, net_return -0.004, reason stop, number 0",
        "  answer      BUY with confidence 0.500 from level 2 version 7",
        "              sell 0.200, hold 0.300, buy 0.500, model cdcdcdcdcdcd",
        "    out       level 1: not finite: usd_jpy, nikkei_225",
        "  shadow      level 2 version 6 says HOLD with confidence 0.400",
        "  macro       known for usd_jpy 1 h; stale: nikkei_225",
        "  verdict     score +0.310, LONG: nothing",
        "    model     BUY 0.50 (sell 0.20, hold 0.30, buy 0.50)",
        "              strategies +0.60 (ATRBased +0.60)",
        "    against   spread: 0.3 % is wider than 0.2 % [of the price]",
        "  order       none",
        "  holds       LONG, 10.0% of the equity",
        "  equity      1.000000 of that at the start",
        "  decided     2026-11-01 00:15:01 UTC, 640 µs after the bar was there, on features "
        "000000000000",
    ]


def test_one_bar_for_machines_is_all_that_was_written(btc: Path) -> None:
    answer = kaidan("journal", "--bar", "2026-11-01T00:15", "--json").json
    assert answer.pop("journal") == str(btc)
    assert answer == json.loads(json.dumps(decided(1).to_dict()))


def test_trades_and_notes_are_shown_instead_of_bars(btc: Path) -> None:
    trades = kaidan("journal", "--trades", "--last", "2", "--json").json["trades"]
    assert [trade["number"] for trade in trades] == [20, 25]
    assert sum("stop" in line for line in lines(kaidan("journal", "--trades"))) == 6
    said = " ".join(lines(kaidan("journal", "--notes")))
    assert "2026-11-01 01:00:00" in said
    assert "level 2: version 7 instead of 6 [promoted]" in said
    (note,) = kaidan("journal", "--notes", "--json").json["notes"]
    assert (note["kind"], note["at"]) == ("swap", "2026-11-01T01:00:00+00:00")


@pytest.mark.parametrize("view", ["--trades", "--notes", "--vetoed"])
def test_where_there_is_nothing_it_says_so(home: Path, view: str) -> None:
    Journal.open(journal_file("new"), identity=IDENTITY).close()
    (said,) = lines(kaidan("journal", view))
    assert said in ("no trade", "no note", "no bar")


@pytest.mark.parametrize("name", ["out.csv", "out.parquet"])
def test_an_export_holds_every_bar_and_can_be_read_as_bars(
    btc: Path, tmp_path: Path, name: str
) -> None:
    out = tmp_path / name
    answer = kaidan("journal", "--out", str(out), "--json").json
    assert answer == {"journal": str(btc), "out": str(out), "n_rows": 30}
    frame = pd.read_csv(out) if name.endswith("csv") else pd.read_parquet(out)
    assert list(frame)[:6] == ["timestamp", "open", "high", "low", "close", "volume"]
    assert (frame["level"] == 2).all()
    assert json.loads(frame["verdict"][0]) == decided(0).verdict
    assert len(read_bars(out)) == 30
    assert not list(tmp_path.glob("*.part"))


def test_trades_and_notes_are_exported_too(btc: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    assert lines(kaidan("journal", "--trades", "--last", "2", "--out", str(out)))
    assert pd.read_csv(out)["number"].tolist() == [20, 25]
    assert kaidan("journal", "--notes", "--out", str(out), "--json").json["n_rows"] == 1
    assert pd.read_csv(out)["kind"].tolist() == ["swap"]


def test_an_export_of_nothing_or_to_nowhere_writes_nothing(btc: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    assert "nothing of the journal matches" in one_line(
        kaidan("journal", "--since", "2030-01-01", "--out", str(out)), 2
    )
    assert not out.exists()
    nowhere = str(tmp_path / "nowhere" / "out.csv")
    assert "cannot write" in one_line(kaidan("journal", "--out", nowhere), 2)


def test_the_journal_written_last_is_shown_unless_one_is_named(btc: Path, tmp_path: Path) -> None:
    eth = filled(journal_file("eth"), 2)
    os.utime(btc, (1e9, 1e9))
    assert lines(kaidan("journal"))[0].strip() == "eth: 2 of 2 bars"
    assert lines(kaidan("journal", "--name", "btc"))[0].strip() == "btc: 20 of 30 bars"
    elsewhere = eth.rename(tmp_path / "moved.sqlite")
    said = lines(kaidan("journal", "--file", str(elsewhere)))
    assert said[0].strip() == "moved: 2 of 2 bars"


def test_all_journals_are_listed_a_broken_one_too(btc: Path) -> None:
    broken = journal_file("broken")
    broken.write_text("<html>", encoding="utf-8")
    said = lines(kaidan("journal", "--list"))
    assert said[0].startswith("broken: journal ")
    assert said[-1] == (
        "btc: 30 bars, the last of 2026-11-01 07:15 UTC; config_id 0123456789ab, "
        "source replay:bars.csv"
    )
    found = {one["name"]: one for one in kaidan("journal", "--list", "--json").json["journals"]}
    assert found["btc"]["n_bars"] == 30
    assert "damaged, or no journal at all" in found["broken"]["failure"]


def test_a_running_bot_is_read_and_not_disturbed(home: Path) -> None:
    with Journal.open(journal_file("btc"), identity=IDENTITY) as journal:
        for n in range(5):
            journal.write(decided(n), after(n))
            assert len(kaidan("journal", "--json").json["entries"]) == n + 1
        journal.tidy()
    with read_journal(journal_file("btc")) as reader:
        assert reader.n_bars() == 5


def test_before_any_bot_ran_it_says_so() -> None:
    assert "no bot has written a journal yet" in one_line(kaidan("journal"), 2)
    (said,) = lines(kaidan("journal", "--list"))
    assert said == "no bot has written a journal yet; kaidan bot does"


WRONG = [
    (("--bar", "noon"), "--bar got 'noon', wanted a time such as 2026-11-01T12:00Z"),
    (("--bar", "2026-11-01T00:05Z"), "wanted an open time up to 2026-11-01T07:15Z"),
    (("--since", "yesterday"), "--since got 'yesterday', wanted a time such as"),
    (("--name", "btc", "--file", "x"), "--name and --file got both, wanted one of them"),
    (("--name", "../btc"), "--name got '../btc', wanted at most 64 letters"),
    (("--trades", "--notes"), "--trades and --notes got together, wanted one of them"),
    (("--trades", "--vetoed"), "--trades got --vetoed, wanted it without"),
    (("--bar", "2026-11-01", "--last", "3"), "--bar got --last, wanted it without"),
    (("--list", "--name", "btc"), "--list got --name, wanted it without"),
    (("--list", "--out", "x.csv"), "--list got --out, wanted it without"),
    (("--out", "x.txt"), "wanted a name that ends in .csv or .parquet"),
    (("--level", "4"), "--level got '4', wanted 1, 2 or 3"),
    (("--last", "0"), "Invalid value for '--last'"),
]


@pytest.mark.parametrize(("options", "said"), WRONG)
def test_wrong_use_is_one_line(btc: Path, options: tuple[str, ...], said: str) -> None:
    assert said in one_line(kaidan("journal", *options), 2)


def test_a_journal_that_is_not_there_or_damaged_is_one_line(btc: Path) -> None:
    assert "does not exist: kaidan journal --list" in one_line(
        kaidan("journal", "--name", "eth"), 1
    )
    data = btc.read_bytes()
    btc.write_bytes(data[: len(data) // 2])
    assert "damaged" in one_line(kaidan("journal"), 1)
