"""Dates in names of files and folders, and in JSON."""

from datetime import UTC, datetime

import pytest

from kaidan.registry.legacy.time import instant, stamp, without_stamp


@pytest.mark.parametrize(
    ("name", "when"),
    [
        ("production_ensemble_20250901", datetime(2025, 9, 1, tzinfo=UTC)),
        ("production_ensemble_20250901_0310", datetime(2025, 9, 1, 3, 10, tzinfo=UTC)),
        ("production_backup_2025-09-01T031059", datetime(2025, 9, 1, 3, 10, 59, tzinfo=UTC)),
        ("20250901031059_model", datetime(2025, 9, 1, 3, 10, 59, tzinfo=UTC)),
        ("model_20259901_20250901", datetime(2025, 9, 1, tzinfo=UTC)),
        ("model_20250231", None),
        ("production_ensemble_57", None),
        ("model_120250901", None),
    ],
)
def test_a_stamp_is_a_date_that_exists(name, when) -> None:
    assert stamp(name) == when


@pytest.mark.parametrize(
    "stem",
    ["production_ensemble_57_20250901_0310", "20250901-production_ensemble_57"],
)
def test_a_name_is_found_beneath_its_stamp(stem) -> None:
    assert without_stamp(stem) == "production_ensemble_57"


@pytest.mark.parametrize(
    "value",
    [
        "2025-10-31T12:00:00+09:00",
        "2025-10-31T03:00:00Z",
        "2025-10-31 03:00:00",
        "20251031_0300",
        1761879600,
        1761879600.0,
        1761879600000,
    ],
)
def test_a_moment_is_read_as_utc_however_it_is_written(value) -> None:
    assert instant(value) == datetime(2025, 10, 31, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [None, True, "", "yesterday", 0, 17000, float("nan"), float("inf"), 10**400, "1970-01-01", []],
)
def test_what_is_no_moment_at_which_a_model_was_made_is_none(value) -> None:
    assert instant(value) is None
