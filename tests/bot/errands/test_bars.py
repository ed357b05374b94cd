import numpy as np
import pytest

from kaidan.bot.errands.bars import answer
from kaidan.bot.errands.outside import OutsideError, ask
from kaidan.bot.sources.bars_answer import BarsAnswer
from kaidan.errors import DataError
from kaidan.market.history import save_history
from kaidan.market.sample import sample_bars
from kaidan.market.source import data_sha256

SINCE = "1700000000"


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("KAIDAN_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture(scope="module")
def bars():
    return sample_bars(2)


def test_a_file_comes_whole_and_exact(bars, tmp_path):
    bars.to_parquet(tmp_path / "bars.parquet")
    said = answer(["replay", str(tmp_path / "bars.parquet")])
    assert np.array_equal(said.bars[:, 0], [time.timestamp() for time in bars.index])
    assert np.array_equal(said.bars[:, 1:], bars.to_numpy())
    assert said.data_sha256 == data_sha256(bars, None)
    assert said.gaps.startswith("192 bars, 0 missing in 0 gaps")


def test_two_years_of_real_bars_come_exact_and_within_seconds(real_bars, tmp_path):
    real_bars.to_parquet(tmp_path / "bars.parquet")
    written = ask(
        "kaidan.bot.errands.bars",
        arguments=["replay", str(tmp_path / "bars.parquet")],
        timeout_seconds=30,
    )
    assert len(written) < 4_000_000
    said = BarsAnswer.from_bytes(written)
    assert np.array_equal(said.bars[:, 1:], real_bars.set_index("timestamp").to_numpy())


def test_what_is_stored_comes_without_asking_anybody(bars, home):
    save_history(bars, home / "bars" / "bitbank" / "BTC_JPY.parquet")
    since = bars.index[100].timestamp()
    said = answer(["stored", "bitbank/BTC_JPY", "--since", str(since)])
    assert len(said.bars) == 92
    assert said.bars[0, 0] == since
    nothing = answer(["stored", "bitbank/ETH_JPY", "--since", SINCE])
    assert nothing.bars.shape == (0, 6)
    assert nothing.gaps == "no bars"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["replay", "s3://bucket/bars.csv"], "unknown kind of source"),
        (["stored", "bitbank", "--since", SINCE], "want exchange:NAME/BASE_QUOTE"),
        (
            ["exchange", "bitbonk/BTC_JPY", "--since", SINCE, "--again", "1", "--now", SINCE],
            "unknown exchange",
        ),
    ],
)
def test_what_can_never_be_had_is_told_as_wrong_use(asked, said):
    assert said in answer(asked).wrong_use


def test_a_damaged_history_is_one_line(home):
    path = home / "bars" / "bitbank" / "BTC_JPY.parquet"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"half a fi")
    with pytest.raises(DataError, match="the local history is damaged"):
        answer(["stored", "bitbank/BTC_JPY", "--since", SINCE])


def test_a_file_that_is_no_bars_fails_the_process_with_one_line(tmp_path):
    (tmp_path / "bars.csv").write_text("time,price\n1,2\n")
    with pytest.raises(OutsideError, match=r"exit code 1\): bars\.csv: missing open") as caught:
        ask(
            "kaidan.bot.errands.bars",
            arguments=["replay", str(tmp_path / "bars.csv")],
            timeout_seconds=30,
        )
    assert "\n" not in str(caught.value)
