"""Tables that a command writes where its user wants them: CSV or Parquet, whole or not at all."""

from pathlib import Path
from typing import TYPE_CHECKING

from kaidan.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

_SUFFIXES = (".csv", ".parquet")


def require_table_name(out: Path | None) -> None:
    """Refuse a name that is neither CSV nor Parquet, before any work is done for it.

    Raises
    ------
    UsageError
        It is neither.
    """
    if out is not None and out.suffix not in _SUFFIXES:
        raise UsageError(f"--out got {out.name!r}, wanted a name that ends in .csv or .parquet")


def write_table(frame: "pd.DataFrame", out: Path) -> None:
    """Write a frame without its index.

    Raises
    ------
    UsageError
        The file cannot be written; there is no half of it.
    """
    partial = out.with_name(out.name + ".part")
    try:
        if out.suffix == ".csv":
            frame.to_csv(partial, index=False)
        else:
            frame.to_parquet(partial, index=False)
        partial.replace(out)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise UsageError(f"cannot write {out}: {error.strerror or error}") from error
