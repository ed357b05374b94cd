"""Each macro source failing, hanging and lying, alone: level 1 goes, level 2 answers, 1 returns."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pandas as pd
import pytest

from kaidan.market import macro_sources
from kaidan.market.known_macro import MACRO_COLUMNS
from kaidan.market.sample import sample_macro
from kaidan.settings import Settings
from tests.bot.sources.kit import serving

DAY = timedelta(days=1)
SYMBOLS = {"JPY": "usd_jpy", "N225": "nikkei_225", "TNX": "us_10y_yield"}
MAX_AGE_DAYS = 3.5  # a weekend is no reason to be stale


class Sources:
    """The four public sources, as they were in the days of the sample; one of them at fault."""

    def __init__(self, market) -> None:
        self.market = market
        self.wrong = ""
        self.fault = ""
        self.frozen_at = None
        self._values = sample_macro()

    def __call__(self, path: str) -> tuple[int, str]:
        column = column_of(path)
        fault = self.fault if column == self.wrong else ""
        today = pd.Timestamp(self.market.clock).tz_localize(None)
        if fault == "failing":
            return 500, "no"
        if fault == "hanging":
            self.market.released.wait(1)
        if fault == "always yesterday's":
            today = self.frozen_at
        values = self._values[column].loc[today - pd.Timedelta(days=60) : today].dropna()
        if fault == "zero":
            values.iloc[-1] = 0.0
        if fault == "a hundred times too high":
            values *= 100
        seconds = [int(day.timestamp()) for day in values.index]
        return 200, json.dumps((_chart if "chart" in path else _index)(seconds, values.tolist()))

    def go_wrong(self, column: str, fault: str) -> None:
        self.wrong, self.fault = column, fault
        self.frozen_at = pd.Timestamp(self.market.clock).tz_localize(None) - DAY


def column_of(path: str) -> str:
    return next((name for key, name in SYMBOLS.items() if key in path), MACRO_COLUMNS[3])


def _chart(seconds: list[int], closes: list[float]) -> dict:
    quote = {"meta": {"gmtoffset": 0}, "timestamp": seconds}
    return {"chart": {"result": [quote | {"indicators": {"quote": [{"close": closes}]}}]}}


def _index(seconds: list[int], values: list[float]) -> dict:
    rows = zip(values, seconds, strict=True)
    return {"data": [{"value": str(v), "timestamp": str(s)} for v, s in rows]}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    freshness = settings.bot.freshness.model_copy(update={"max_macro_age_days": MAX_AGE_DAYS})
    bot = settings.bot.model_copy(update={"freshness": freshness})
    return settings.model_copy(update={"bot": bot})


@pytest.fixture
def sources(market, monkeypatch) -> Iterator[Sources]:
    sources = Sources(market)
    get_json = macro_sources.get_json

    def get(url: str, timeout_seconds: float) -> object:
        """Lose patience soon with the source that hangs, and not with others on a busy machine."""
        hangs = sources.fault == "hanging" and sources.wrong == column_of(url)
        return get_json(url, 0.05 if hangs else timeout_seconds)

    monkeypatch.setattr(macro_sources, "get_json", get)
    with serving(sources, lambda: None) as url:
        monkeypatch.setenv("KAIDAN_CHART_URL", f"{url}/chart")
        monkeypatch.setenv("KAIDAN_FEAR_GREED_URL", f"{url}/fng/")
        yield sources


SAID = {
    "failing": "500",
    "hanging": "timed out",
    "zero": "the source says 0 for ",
    "a hundred times too high": "the source says ",
    "always yesterday's": None,
}


@pytest.mark.parametrize("fault", SAID)
@pytest.mark.parametrize("column", MACRO_COLUMNS)
def test_a_macro_source_at_fault_takes_level_1_out_once_it_is_stale_and_no_other(
    stage, sources, column: str, fault: str
) -> None:
    stage.pace = timedelta(minutes=1)
    n_days = 5

    def script():
        yield stage.bars(3)
        sources.go_wrong(column, fault)
        for _ in range(n_days):
            stage.skip(DAY)
            yield stage.bars(1)
        assert stage.levels[-1] == 2
        sources.fault = ""
        yield lambda: stage.levels[-1] == 1
        yield stage.bars(2)

    stage.play(script(), macro="live")
    levels = stage.levels
    first, last = levels.index(2), len(levels) - 3
    assert levels == [1] * first + [2] * (last - first) + [1] * (len(levels) - last)
    # Until it was too old, the last value that was believed counted.
    ages = [entry.macro["ages_seconds"][column] / DAY.total_seconds() for entry in stage.decided]
    assert max(ages[:first]) <= MAX_AGE_DAYS < ages[first]
    assert max(ages[last:]) < MAX_AGE_DAYS
    assert stage.decided[first].macro["stale"] == [column]
    (attempt,) = stage.decided[first].prediction.attempts
    assert f"stale: {column}" in attempt.reason
    waits = [one.prediction.attempts[0].reason for one in stage.decided[last - 3 : last]]
    assert waits == [f"could answer for {n} of 4 bars: waits" for n in (1, 2, 3)]
    out, back = stage.notes("level")
    assert out.startswith("level 2 answers (level 1: ")
    assert back == "level 1 answers"
    if SAID[fault] is None:
        assert stage.notes("trouble", "trouble over") == []
    else:
        began, over = stage.notes("trouble", "trouble over")
        assert began.startswith(f"macro {column}: ")
        assert SAID[fault] in began
        assert over.startswith(f"macro {column} is well again after ")
