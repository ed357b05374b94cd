"""The door: rules about a frame, checked by pandera in order, the first failure told in one line.

Bars and macro series differ in their rules and in nothing else, so they share the door.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from kaidan.errors import DataError


@dataclass(frozen=True)
class Rule:
    """One thing that must hold for every row.

    Parameters
    ----------
    holds : function of the frame, to a bool Series with one value per row
    got : function of the frame and the position of the first failing row, to text
    wanted : str
        What was wanted and what to do, in one clause.
    """

    holds: Callable[[pd.DataFrame], pd.Series]
    got: Callable[[pd.DataFrame, int], str]
    wanted: str


def number_columns(raw: pd.DataFrame, names: tuple[str, ...], source: str) -> pd.DataFrame:
    """Copy the columns `names` of `raw` as float64, without the index; other columns are dropped.

    Raises
    ------
    DataError
        `raw` is empty, a column is missing or there twice, or a value is not a number.
    """
    found = [str(column) for column in raw.columns]
    missing = [name for name in names if name not in found]
    if missing:
        raise DataError(
            f"{source}: missing {', '.join(missing)}; got the columns {', '.join(found) or 'none'}"
            f" and want {', '.join(names)}: rename or add them"
        )
    doubled = [name for name in names if found.count(name) > 1]
    if doubled:
        raise DataError(f"{source}: {doubled[0]} appears twice; want each column once: drop one")
    if raw.empty:
        raise DataError(f"{source}: no rows; want at least one: check how the file was written")
    return pd.DataFrame({name: _floats(raw[name], name, source) for name in names})


def enforce(frame: pd.DataFrame, rules: tuple[Rule, ...], *, time: str, source: str) -> None:
    """Check `rules` in order; `frame` has a plain row number as its index and a column `time`.

    Raises
    ------
    DataError
        The first rule that fails, its first failing row and how many rows fail.
    """
    import pandera.pandas as pandera  # 0.4 s: only who checks data pays for it
    from pandera.errors import SchemaError

    checks = [pandera.Check(rule.holds, ignore_na=False) for rule in rules]
    try:
        pandera.DataFrameSchema(checks=checks).validate(frame)
    except SchemaError as error:
        rule = rules[int(error.check_index or 0)]
        failing = ~rule.holds(frame).to_numpy(dtype=bool)
        row = int(failing.argmax())
        count = int(failing.sum())
        more = f" ({count} such rows)" if count > 1 else ""
        when = pd.Timestamp(frame[time].iloc[row]).isoformat()
        raise DataError(
            f"{source}: row {row + 1} ({when}): {rule.got(frame, row)}{more}; {rule.wanted}"
        ) from error


def _floats(values: pd.Series, name: str, source: str) -> pd.Series:
    numbers = pd.to_numeric(values, errors="coerce").astype("float64").reset_index(drop=True)
    lost = (numbers.isna() & values.notna().reset_index(drop=True)).to_numpy(dtype=bool)
    if lost.any():
        row = int(lost.argmax())
        raise DataError(
            f"{source}: row {row + 1}: {name} is {values.iloc[row]!r}; want a number: correct it"
        )
    return numbers
