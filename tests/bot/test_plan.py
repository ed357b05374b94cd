"""What a bot is asked for, and which journal that belongs to."""

from pathlib import Path

import pytest

from kaidan.bot.journal import journal_file
from kaidan.bot.plan import default_name
from kaidan.errors import DataError, UsageError
from kaidan.settings import load_settings
from tests.bot.kit import a_plan as plan
from tests.kit import small_settings

SETTINGS = load_settings()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "bars.csv"
    path.write_text("some bars")
    return path


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("replay:sample", "replay-sample"),
        ("replay:/data/btc_15m.parquet", "replay-btc_15m"),
        ("replay:../my bars (2024).csv", "replay-my-bars-2024-"),
        ("exchange:bitbank/BTC_JPY", "paper-bitbank-BTC_JPY"),
        ("replay:" + "x" * 99, "replay-" + "x" * 57),
    ],
)
def test_a_source_names_its_journal(source: str, name: str, tmp_path: Path) -> None:
    assert default_name(source) == name
    assert journal_file(name, tmp_path).name == f"{name}.sqlite"


@pytest.mark.parametrize("source", ["", "sample", "bars.csv", "replay:", "kafka:x", "exchange:"])
def test_what_is_no_source_is_wrong_use_in_one_line(source: str) -> None:
    with pytest.raises(UsageError, match=r"wanted replay:FILE.*exchange:NAME/BASE_QUOTE") as error:
        default_name(source)
    assert "\n" not in str(error.value)


def test_a_replay_and_an_exchange_are_told_apart() -> None:
    assert plan("replay:sample").replays
    live = plan("exchange:bitbank/BTC_JPY")
    assert (live.replays, live.place) == (False, "bitbank/BTC_JPY")


def test_a_replay_is_about_its_bars_its_macro_values_and_its_settings(file: Path) -> None:
    one = plan(f"replay:{file}", macro="sample").identity(SETTINGS)
    assert sorted(one) == ["data", "macro", "settings", "source"]
    assert one == plan(f"replay:{file}", macro="sample", once=True).identity(SETTINGS)
    assert one["macro"] == "sample"
    assert one | {"macro": "none"} == plan(f"replay:{file}").identity(SETTINGS)
    assert one["settings"] == SETTINGS.config_id
    assert one["settings"] != plan(f"replay:{file}").identity(small_settings())["settings"]
    file.write_text("other bars")
    other = plan(f"replay:{file}", macro="sample").identity(SETTINGS)
    assert {name for name in one if one[name] != other[name]} == {"data"}


def test_a_live_bot_goes_on_with_other_settings() -> None:
    live = plan("exchange:bitbank/BTC_JPY", macro="live")
    assert live.identity(SETTINGS) == live.identity(small_settings())


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no\.csv: cannot be read \(No such file") as error:
        plan(f"replay:{tmp_path / 'no.csv'}").identity(SETTINGS)
    assert "\n" not in str(error.value)
