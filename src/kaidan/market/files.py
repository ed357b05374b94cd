"""Bars and macro series from CSV and Parquet files."""

import zlib
from datetime import datetime
from pathlib import Path

import pandas as pd

from kaidan.errors import DataError
from kaidan.market.bars import check_bars
from kaidan.market.macro import check_macro

SUFFIXES = (".csv", ".csv.gz", ".parquet")


def read_bars(path: Path, *, now: datetime | None = None) -> pd.DataFrame:
    """Read and check a file of bars; see `check_bars`.

    Raises
    ------
    DataError
        The file cannot be read, or what is in it is not bars.
    """
    return check_bars(_read(path), source=path.name, now=now)


def read_macro(path: Path) -> pd.DataFrame:
    """Read and check a file of macro series; see `check_macro`.

    Raises
    ------
    DataError
        The file cannot be read, or what is in it is not macro series.
    """
    return check_macro(_read(path), source=path.name)


def _read(path: Path) -> pd.DataFrame:
    if not path.name.endswith(SUFFIXES):
        raise DataError(f"{path}: want a file that ends in {', '.join(SUFFIXES)}: convert it")
    if not path.is_file():
        raise DataError(f"{path}: no such file; want a CSV or Parquet file: check the path")
    if path.stat().st_size == 0:
        raise DataError(f"{path}: the file is empty; want data: check how it was written")
    try:
        if path.suffix == ".parquet":
            return pd.read_parquet(path)
        return pd.read_csv(path, low_memory=False)
    except (OSError, ValueError, EOFError, zlib.error) as error:
        reason = " ".join(str(error).split())[:120]
        raise DataError(
            f"{path}: cannot be read as {path.suffix[1:]} ({reason}): write it again"
        ) from error
