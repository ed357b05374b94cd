import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from kaidan.errors import DataError
from kaidan.market.known_macro import MACRO_COLUMNS, KnownMacro
from kaidan.market.macro import as_known, check_macro, known_at


@pytest.fixture
def macro(raw_macro):
    return check_macro(raw_macro)


def test_each_value_is_there_with_the_instant_it_was_known(macro):
    known = KnownMacro.from_frame(macro)
    for column in MACRO_COLUMNS:
        present = macro[column].dropna()
        instants = pd.to_datetime(known[column].known, unit="s", utc=True)
        assert list(instants) == list(known_at(pd.DatetimeIndex(present.index), column))
        assert known[column].values.tolist() == present.tolist()
        assert known[column].known.dtype == np.int64


def test_a_day_without_a_value_is_not_there(macro):
    missing = macro.assign(nikkei_225=np.nan)
    assert len(KnownMacro.from_frame(missing)["nikkei_225"].values) == 0
    at = pd.DatetimeIndex(["2024-01-04T12:00"], tz="UTC")
    assert as_known(missing, at, 5)["nikkei_225"].isna().all()


def test_no_frame_gives_four_empty_series():
    known = KnownMacro.from_frame(None)
    assert [len(known[column].known) for column in MACRO_COLUMNS] == [0] * 4


def test_it_survives_json(macro):
    known = KnownMacro.from_frame(macro)
    read = KnownMacro.from_dict(json.loads(json.dumps(known.to_dict(), allow_nan=False)))
    for column in MACRO_COLUMNS:
        np.testing.assert_array_equal(read[column].known, known[column].known)
        np.testing.assert_array_equal(read[column].values, known[column].values)


@pytest.mark.parametrize(
    "spoiled",
    [
        None,
        {"known": [1, 2]},
        {"known": [1, 2], "values": [1.0]},
        {"known": [2, 1], "values": [1.0, 1.0]},
        {"known": [1, 2], "values": [1.0, float("nan")]},
        {"known": ["a"], "values": [1.0]},
        {"known": [[1]], "values": [[1.0]]},
    ],
)
def test_anything_else_is_refused_in_one_line(macro, spoiled):
    values = KnownMacro.from_frame(macro).to_dict() | {"usd_jpy": spoiled}
    with pytest.raises(DataError, match=r"want what KnownMacro\.to_dict gives") as caught:
        KnownMacro.from_dict(values)
    assert "\n" not in str(caught.value)


def test_a_series_that_is_missing_is_refused(macro):
    values = KnownMacro.from_frame(macro).to_dict()
    del values["nikkei_225"]
    with pytest.raises(DataError, match="nikkei_225"):
        KnownMacro.from_dict(values)


def test_it_is_read_without_pandas():
    code = (
        "import sys; from kaidan.market.known_macro import KnownMacro; "
        "KnownMacro.from_frame(None).to_dict(); print('pandas' in sys.modules)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "False"
