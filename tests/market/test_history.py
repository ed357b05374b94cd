import os
import time

import pandas as pd
import pytest

from kaidan.errors import DataError
from kaidan.market.history import load_history, save_history


def test_what_is_saved_is_loaded(tmp_path, raw_bars):
    path = tmp_path / "deep" / "er" / "bars.parquet"
    save_history(raw_bars, path)
    pd.testing.assert_frame_equal(load_history(path), raw_bars)


def test_there_is_no_history_before_the_first_save(tmp_path):
    assert load_history(tmp_path / "bars.parquet") is None


def test_a_damaged_history_says_what_to_do(tmp_path):
    (tmp_path / "bars.parquet").write_bytes(b"half a fi")
    with pytest.raises(DataError, match=r"is damaged; .*delete it to fetch again"):
        load_history(tmp_path / "bars.parquet")


def test_a_failed_save_leaves_the_old_history_and_no_draft(tmp_path, raw_bars, monkeypatch):
    path = tmp_path / "bars.parquet"
    save_history(raw_bars, path)

    def full_disk(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full_disk)
    with pytest.raises(DataError, match="No space left on device"):
        save_history(raw_bars.iloc[:1], path)
    assert len(load_history(path)) == len(raw_bars)
    assert [entry.name for entry in tmp_path.iterdir()] == ["bars.parquet"]


def test_a_folder_that_cannot_be_made_is_told(tmp_path, raw_bars):
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="set KAIDAN_HOME"):
        save_history(raw_bars, tmp_path / "file" / "bars.parquet")


def test_a_draft_of_who_was_killed_while_writing_goes_and_one_being_written_stays(
    tmp_path, raw_bars
):
    path = tmp_path / "bars.parquet"
    forsaken, written = (tmp_path / f"bars.parquet.{name}.tmp" for name in ("old", "new"))
    for draft in (forsaken, written):
        draft.touch()
    two_hours_ago = time.time() - 7200
    os.utime(forsaken, (two_hours_ago, two_hours_ago))
    save_history(raw_bars, path)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["bars.parquet", written.name]
