import pytest

from kaidan.bot.sources import replay_source
from kaidan.bot.sources.events import Told
from kaidan.bot.sources.replay_source import ReplaySource
from kaidan.errors import DataError, UsageError
from kaidan.market.sample import sample_bars
from kaidan.market.source import data_sha256
from tests.bot.sources.conftest import START
from tests.bot.sources.kit import WARMUP, InProcess, settings


@pytest.fixture(autouse=True)
def _in_process(monkeypatch):
    monkeypatch.setattr(replay_source, "Errand", InProcess)


@pytest.fixture(scope="module")
def bars():
    return sample_bars(1)


@pytest.fixture
def file(bars, tmp_path):
    path = tmp_path / "bars.parquet"
    bars.to_parquet(path)
    return str(path)


def everything(source):
    told = []
    while not source.finished:
        told += source.poll(START, 0.0)
    return told


def test_the_history_is_the_warm_up_and_the_hash_that_of_the_whole_file(bars, file):
    (loaded,) = ReplaySource(file, settings()).poll(START, 0.0)
    assert loaded.data_sha256 == data_sha256(bars, None)
    assert loaded.history[:, 0].tolist() == [t.timestamp() for t in bars.index[:WARMUP]]
    assert (loaded.history[:, 1:] == bars.to_numpy()[:WARMUP]).all()


def test_a_restart_goes_on_after_the_last_bar_with_the_same_hash(bars, file):
    whole = everything(ReplaySource(file, settings()))
    last = bars.index[50].to_pydatetime()
    loaded, *told = everything(ReplaySource(file, settings(), after=last))
    assert told == whole[-len(told) :]
    assert told[0].bar.time == bars.index[51]
    assert loaded.history[-1, 0] == last.timestamp()
    assert loaded.data_sha256 == whole[0].data_sha256


def test_a_restart_after_the_last_bar_has_nothing_to_tell(bars, file):
    source = ReplaySource(file, settings(), after=bars.index[-1].to_pydatetime())
    assert len(everything(source)) == 1
    assert source.poll(START, 0.0) == []


def test_gaps_are_told_and_not_filled(bars, tmp_path):
    bars.drop(bars.index[40:45]).to_parquet(tmp_path / "holes.parquet")
    loaded, *told = everything(ReplaySource(str(tmp_path / "holes.parquet"), settings()))
    assert "5 missing in 1 gap" in loaded.gaps
    assert all(isinstance(event, Told) for event in told)
    assert len(told) == 96 - 5 - WARMUP


def test_a_file_shorter_than_the_warm_up_is_refused(bars, tmp_path):
    bars.iloc[:WARMUP].to_parquet(tmp_path / "short.parquet")
    with pytest.raises(DataError, match=r"got 20 bars, need more than 20 \(warm-up\)"):
        ReplaySource(str(tmp_path / "short.parquet"), settings()).poll(START, 0.0)


def test_another_file_than_the_one_replayed_before_is_refused(bars, file):
    with pytest.raises(DataError, match=r"only 0 bars up to .*pass the file that it replayed"):
        ReplaySource(file, settings(), after=START).poll(START, 0.0)


def test_a_scheme_that_nobody_knows_is_wrong_use(file):
    with pytest.raises(UsageError, match="unknown kind of source"):
        ReplaySource("s3://bucket/bars.parquet", settings()).poll(START, 0.0)
