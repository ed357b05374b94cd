import gzip
from pathlib import Path

import pandas as pd
import pytest

from kaidan.errors import DataError
from kaidan.market.bars import check_bars
from kaidan.market.files import read_bars, read_macro
from kaidan.market.gaps import find_gaps
from kaidan.market.macro import check_macro

SPOT = (
    Path(__file__).resolve().parents[3]
    / "shared/data/btc_15m_binance-spot_20230101_20241231.parquet"
)


@pytest.mark.parametrize("name", ["bars.csv", "bars.csv.gz", "bars.parquet"])
def test_bars_are_the_same_from_every_format(tmp_path, raw_bars, name):
    raw_bars["close"] = 100.0 + raw_bars["volume"] / 7  # digits that a hasty parser gets wrong
    path = tmp_path / name
    if name.endswith("parquet"):
        raw_bars.to_parquet(path)
    else:
        raw_bars.to_csv(path, index=False)
    pd.testing.assert_frame_equal(read_bars(path), check_bars(raw_bars), check_exact=True)


def test_epoch_seconds_in_a_csv_file_are_read(tmp_path, raw_bars):
    path = tmp_path / "bars.csv"
    raw_bars.assign(timestamp=raw_bars["timestamp"].dt.as_unit("s").astype("int64")).to_csv(path)
    pd.testing.assert_frame_equal(read_bars(path), check_bars(raw_bars))


@pytest.mark.parametrize("name", ["macro.csv", "macro.parquet"])
def test_macro_series_are_the_same_from_every_format(tmp_path, raw_macro, name):
    path = tmp_path / name
    if name.endswith("csv"):
        raw_macro.to_csv(path, index=False)
    else:
        raw_macro.set_index("date").to_parquet(path)
    pd.testing.assert_frame_equal(read_macro(path), check_macro(raw_macro))


@pytest.mark.parametrize("read", [read_bars, read_macro])
def test_a_missing_file_is_refused(tmp_path, read):
    with pytest.raises(DataError, match=r"absent\.csv: no such file"):
        read(tmp_path / "absent.csv")


@pytest.mark.parametrize("read", [read_bars, read_macro])
def test_an_unknown_suffix_is_refused(tmp_path, read):
    with pytest.raises(DataError, match=r"bars\.xlsx: want a file that ends in \.csv"):
        read(tmp_path / "bars.xlsx")


@pytest.mark.parametrize("name", ["empty.csv", "empty.parquet"])
def test_an_empty_file_is_refused(tmp_path, name):
    (tmp_path / name).touch()
    with pytest.raises(DataError, match="the file is empty"):
        read_bars(tmp_path / name)


def test_a_file_with_a_header_and_no_bars_is_refused(tmp_path):
    (tmp_path / "bars.csv").write_text("timestamp,open,high,low,close,volume\n")
    with pytest.raises(DataError, match=r"bars\.csv: no rows"):
        read_bars(tmp_path / "bars.csv")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("noise.parquet", b"PAR1 this is not Parquet"),
        ("noise.csv", b"\xff\xfe\x00\x81 this is not text"),
        ("ragged.csv", b"a,b\n1,2\n1,2,3\n"),
        ("blank.csv", b"\n\n"),
        ("plain.csv.gz", b"timestamp,open\n"),
        ("cut.csv.gz", gzip.compress(b"timestamp,open\n" * 1000, mtime=0)[:-20]),
    ],
)
def test_garbage_is_refused_in_one_line(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=r"cannot be read as .*write it again") as caught:
        read_bars(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_a_web_page_saved_as_csv_is_refused_for_its_columns(tmp_path):
    (tmp_path / "page.csv").write_text("<html>\n<body>Not found</body>\n</html>\n")
    with pytest.raises(DataError, match=r"page\.csv: missing open, high, low, close, volume"):
        read_bars(tmp_path / "page.csv")


@pytest.mark.skipif(not SPOT.exists(), reason="real market data is absent")
def test_the_spot_outage_is_five_filler_and_five_missing_bars():
    report = find_gaps(read_bars(SPOT))
    assert (report.n_bars, report.n_missing, report.n_filler) == (70_171, 5, 5)
    assert report.first_gaps[0].start == "2023-03-24T12:45:00+00:00"
