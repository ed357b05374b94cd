"""A bot put together, stopped anywhere, and started again."""

import json
import logging
import re
import shutil
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from kaidan.bot.alerts.addresses import VARIABLE
from kaidan.bot.journal import JournalError
from kaidan.bot.journal.reader import read_journal
from kaidan.bot.sources import exchange_source
from kaidan.bot.start import run_bot
from kaidan.bot.summary import Summary
from kaidan.bot.tick import Decided
from kaidan.errors import DataError
from kaidan.market.sample import sample_macro
from kaidan.settings import Settings
from tests.bot.kit import WARMUP, a_plan, errands_in_process, sample, without_clocks
from tests.bot.sources.kit import Exchange, InProcess, serving

N_BARS, N_MISSING = 200, 4
N_DECIDED = N_BARS - N_MISSING


@pytest.fixture(scope="module")
def place(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with models; bars with a gap, and macro values that come back on the second day."""
    place = tmp_path_factory.mktemp("start")
    shutil.copytree(home, place, dirs_exist_ok=True)
    bars, macro = sample().iloc[: WARMUP + N_BARS], sample_macro()
    first = bars.index[WARMUP].tz_localize(None).normalize()
    macro.loc[first - pd.Timedelta(days=5) : first, "usd_jpy"] = np.nan
    bars.drop(bars.index[WARMUP + 60 : WARMUP + 60 + N_MISSING]).to_parquet(place / "bars.parquet")
    macro.to_parquet(place / "macro.parquet")
    return place


@pytest.fixture(autouse=True)
def _at_home(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAIDAN_HOME", str(place))
    errands_in_process(monkeypatch)


def run(
    place: Path,
    settings: Settings,
    n_bars: int | None = None,
    told: list[int] | None = None,
    **changes: Any,
) -> Summary:
    """Replay until the end, or stop after `n_bars` decisions; `told` gets its lengths."""
    stop, decided = threading.Event(), list[Decided]()

    def count(one: Decided) -> None:
        decided.append(one)
        if len(decided) == n_bars:
            stop.set()

    plan = a_plan(f"replay:{place / 'bars.parquet'}", macro=str(place / "macro.parquet"), **changes)
    return run_bot(
        plan, settings, stop, on_decision=count, on_length=([] if told is None else told).append
    )


def kept(summary: Summary) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """What is in the journal, but for the clock's part in it."""
    with read_journal(summary.journal) as journal:
        return without_clocks(journal.entries()), journal.state()


@pytest.fixture(scope="module")
def whole(place: Path, settings: Settings) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """The journal of a bot that was never stopped."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KAIDAN_HOME", str(place))
        errands_in_process(patch)
        return kept(run(place, settings, name="whole"))


def test_the_bars_of_the_restarts_have_all_kinds_of_things_in_them(whole) -> None:
    entries, _ = whole
    assert len(entries) == N_DECIDED
    assert {one["answer"]["level"] for one in entries} == {1, 2}
    assert any(one["fills"] for one in entries)
    assert any("missing before it" in note for one in entries for note in one["arrival"])
    reasons = {a["reason"][:14] for one in entries for a in one["answer"]["attempts"]}
    assert len(reasons) > 1


def test_how_long_a_replay_is_is_told_with_its_first_decision(place, settings) -> None:
    told: list[int] = []
    run(place, settings, 3, told=told, name="length", restart=True)
    run(place, settings, 2, told=told, name="length")
    assert told == [N_DECIDED, N_DECIDED - 3]


@given(st.lists(st.integers(1, 80), max_size=4))
@hypothesis_settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_stopped_after_any_bars_it_goes_on_as_if_it_had_not_been(
    place: Path, settings: Settings, whole, stops: Sequence[int]
) -> None:
    for n, n_bars in enumerate([*stops, None]):
        summary = run(place, settings, n_bars, name="stopped", restart=n == 0)
    assert kept(summary) == whole


def test_one_bar_at_a_time_is_the_same_too(place: Path, settings: Settings, whole) -> None:
    # 60 bars up to the gap, and the change of level after it.
    run(place, settings, 57, name="once")
    for _ in range(6):
        summary = run(place, settings, name="once", once=True)
        assert summary.n_decided == 1
    assert kept(summary)[0] == whole[0][:63]


def test_a_second_run_has_nothing_to_do_and_says_so(place: Path, settings: Settings) -> None:
    first, second = (run(place, settings, name="twice") for _ in range(2))
    with read_journal(second.journal) as journal:
        *_, end = journal.notes()
    assert end.text == "twice stops, its bars are at an end"
    assert (first.n_before, first.n_decided) == (0, N_DECIDED)
    assert (second.n_before, second.n_decided) == (N_DECIDED, 0)


def test_its_begin_and_its_end_are_noted(place: Path, settings: Settings) -> None:
    summary = run(place, settings, name="noted", once=True)
    with read_journal(summary.journal) as journal:
        begin, *_, end = [(note.kind, note.text) for note in journal.notes()]
    assert begin[0] == "begin"
    assert re.match(r"noted: replay:.*bars.parquet on paper, the registry's word of 20", begin[1])
    assert end == ("end", "noted stops, as it was asked to")


def test_bars_that_the_models_have_learnt_from_are_told(place: Path, settings: Settings) -> None:
    summary = run(place, settings, name="learnt")
    assert [text.split(":")[0] for text in summary.learnt] == [
        f"level {level} version 1" for level in (1, 2, 3)
    ]
    again = run(place, settings, name="learnt")
    assert (again.n_decided, again.learnt) == (0, ())


def test_a_bot_that_cannot_go_on_says_why_in_its_journal(place: Path, settings: Settings) -> None:
    sample().iloc[:100].to_parquet(place / "short.parquet")
    plan = a_plan(f"replay:{place / 'short.parquet'}", name="short")
    with pytest.raises(DataError, match="got 100 bars, need more than"):
        run_bot(plan, settings, threading.Event())
    with read_journal(place / "journal" / "short.sqlite") as journal:
        *_, end = journal.notes()
    assert end.kind == "end"
    assert end.text.startswith("short stops: replay:")


def test_a_bug_is_told_and_raised(place: Path, settings: Settings) -> None:
    plan = a_plan(f"replay:{place / 'bars.parquet'}", name="bug")

    def divide(_: Decided) -> None:
        raise ZeroDivisionError("by nothing")

    with pytest.raises(ZeroDivisionError):
        run_bot(plan, settings, threading.Event(), on_decision=divide)
    with read_journal(place / "journal" / "bug.sqlite") as journal:
        *_, end = journal.notes()
        assert journal.n_bars() == 1
    assert end.text == "bug stops: ZeroDivisionError('by nothing'), report it"


def test_other_macro_values_are_another_journal(place: Path, settings: Settings) -> None:
    run(place, settings, name="other", once=True)
    plan = a_plan(f"replay:{place / 'bars.parquet'}", name="other")
    with pytest.raises(JournalError, match=r"was begun with macro .*, got none: begin a new one"):
        run_bot(plan, settings, threading.Event())


def test_without_any_model_the_dummy_decides(
    settings: Settings, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAIDAN_HOME", str(tmp_path))
    summary = run(place, settings, 3)
    assert dict(summary.answered_by) == {"dummy": 3}
    with read_journal(summary.journal) as journal:
        (entry, *_) = journal.entries()
    assert [str(attempt) for attempt in entry.prediction.attempts] == [
        f"level {level}: no version is cached; start once with the registry" for level in (1, 2, 3)
    ]


def test_health_and_metrics_are_served_while_it_runs(
    place: Path, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    health = settings.bot.health.model_copy(update={"port": 0})
    served = settings.model_copy(update={"bot": settings.bot.model_copy(update={"health": health})})
    answers = {}

    def ask(_: Decided) -> None:
        said = next(text for text in caplog.messages if text.startswith("health and metrics"))
        url = re.search(r"(http://[\d.:]+)/healthz", said)[1]
        for path in ("livez", "healthz", "metrics"):
            try:
                with urllib.request.urlopen(f"{url}/{path}", timeout=5) as answer:
                    answers[path] = answer.status, answer.read().decode()
            except urllib.error.HTTPError as error:
                with error:
                    answers[path] = error.code, error.read().decode()

    plan = a_plan(f"replay:{place / 'bars.parquet'}", name="served", once=True, serves=True)
    with caplog.at_level(logging.INFO, logger="kaidan"):
        run_bot(plan, served, threading.Event(), on_decision=ask)
    assert answers["livez"][0] == 200
    status, report = answers["healthz"][0], json.loads(answers["healthz"][1])
    assert (status, report["live"], report["level"]) == (503, True, 2)
    assert re.match(r"the newest bar closed \d+ s ago", report["not_ready"][0])
    assert report["versions"] == {"1": 1, "2": 1, "3": 1}
    assert "kaidan_level 2.0" in answers["metrics"][1]


def test_a_live_bot_decides_on_the_bar_that_just_closed(
    settings: Settings, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange = Exchange(datetime(2024, 1, 10, 6, 15, 20, tzinfo=UTC))
    monkeypatch.setattr(time, "sleep", lambda _: None)  # ccxt's pauses
    monkeypatch.setattr(exchange_source, "Errand", InProcess)
    monkeypatch.delenv(VARIABLE, raising=False)
    with serving(exchange, lambda: exchange.clock) as url:
        monkeypatch.setenv("KAIDAN_EXCHANGE_URL", url)
        plan = a_plan("exchange:bitbank/BTC_JPY", name="live", once=True)
        summary = run_bot(plan, settings, threading.Event(), clock=lambda: exchange.clock)
    with read_journal(summary.journal) as journal:
        (entry,) = journal.entries()
        assert journal.identity() == {"source": "exchange:bitbank/BTC_JPY"}
    assert entry.bar.time == datetime(2024, 1, 10, 6, tzinfo=UTC)
    assert (entry.arrival, entry.prediction.level) == ((), 2)
    assert (place / "alerts" / "live.sqlite").exists()
