import json

import pytest

from kaidan.market.bars import check_bars
from kaidan.market.gaps import bars_since_gap, find_gaps


@pytest.fixture
def faulty_bars(raw_bars):
    """Bars 0, 1, 4 to 7 of the eight: two are missing, and bar 5 is filler."""
    raw_bars.loc[5, "volume"] = 0.0
    return check_bars(raw_bars.drop([2, 3]))


def test_a_whole_history_has_nothing_to_report(raw_bars):
    report = find_gaps(check_bars(raw_bars))
    assert (report.n_gaps, report.n_missing, report.n_filler) == (0, 0, 0)
    assert str(report) == "8 bars, 0 missing in 0 gaps, 0 zero-volume filler"


def test_missing_and_filler_bars_are_counted(faulty_bars):
    assert str(find_gaps(faulty_bars)) == (
        "6 bars, 2 missing in 1 gap (2 from 2024-01-01T00:30:00+00:00), 1 zero-volume filler"
    )


def test_the_report_is_plain_json(faulty_bars):
    assert json.loads(json.dumps(find_gaps(faulty_bars).to_dict())) == {
        "n_bars": 6,
        "n_gaps": 1,
        "n_missing": 2,
        "n_filler": 1,
        "first_gaps": [{"start": "2024-01-01T00:30:00+00:00", "n_bars": 2}],
    }


def test_whole_bars_are_counted_from_the_first_one(raw_bars):
    assert bars_since_gap(check_bars(raw_bars)).tolist() == [1, 2, 3, 4, 5, 6, 7, 8]


def test_the_count_starts_again_after_missing_bars_and_after_filler(faulty_bars):
    counts = bars_since_gap(faulty_bars)
    assert counts.tolist() == [1, 2, 1, 0, 1, 2]
    assert counts.dtype == "int64"
    assert counts.index.equals(faulty_bars.index)


def test_a_history_that_begins_with_filler_counts_from_after_it(raw_bars):
    raw_bars.loc[[0, 1], "volume"] = 0.0
    assert bars_since_gap(check_bars(raw_bars)).tolist() == [0, 0, 1, 2, 3, 4, 5, 6]


def test_filler_right_after_missing_bars_counts_zero(raw_bars):
    raw_bars.loc[4, "volume"] = 0.0
    assert bars_since_gap(check_bars(raw_bars.drop(3))).tolist() == [1, 2, 3, 0, 1, 2, 3]


def test_the_yen_market_has_64_missing_bars_in_9_gaps(yen_bars):
    report = find_gaps(check_bars(yen_bars))
    assert (report.n_missing, report.n_gaps, report.n_filler) == (64, 9, 0)
    assert report.first_gaps[0].n_bars == 7
    assert len(report.first_gaps) == 5
    assert ", ...)" in str(report)


def test_the_dollar_market_has_four_filler_bars(real_bars):
    report = find_gaps(check_bars(real_bars))
    assert (report.n_missing, report.n_filler) == (0, 4)
