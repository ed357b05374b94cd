"""Leak probes: proof by experiment that no feature sees the future.

A bar's features may not depend on whether later bars and macro values exist, nor on what they are.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kaidan.errors import UsageError
from kaidan.market.bars import BAR_LENGTH
from kaidan.market.macro import known_at

Generate = Callable[[pd.DataFrame, pd.DataFrame | None], pd.DataFrame]

RELATIVE = 1e-9


@dataclass(frozen=True)
class Leak:
    """One feature that changed when only the future did.

    Parameters
    ----------
    feature : str
    cut : int
        Row of the last bar that was left alone.
    kind : str
        `truncate` or `perturb`.
    got, wanted : float
        The value with another future, and with the real one, at the first row that differs.
    """

    feature: str
    cut: int
    kind: str
    got: float
    wanted: float

    def __str__(self) -> str:
        return (
            f"{self.feature} sees past bar {self.cut} ({self.kind}): "
            f"got {self.got:.9g}, wanted {self.wanted:.9g}"
        )


def probe_features(
    generate: Generate,
    bars: pd.DataFrame,
    macro: pd.DataFrame | None,
    *,
    cuts: Sequence[int],
    seed: int,
) -> tuple[Leak, ...]:
    """Change the future at several bars and look for features that notice.

    At each cut twice: without any later bar and macro value (`truncate`), and with later bars
    shuffled and scaled and later macro values scaled (`perturb`). Values must agree to 1e-9 of
    their own size, or of the feature's usual size where that is larger.

    Parameters
    ----------
    generate : function of bars and macro, to features on some of the bars' timestamps
    bars : DataFrame of shape (n_bars, 5), checked
    macro : DataFrame of shape (n_days, 4), checked, or None
    cuts : sequence of int
        Rows of `bars` that have features and at least one bar after them. Let some close
        just when something becomes known, and just before: a look-ahead of one bar shows there
        and nowhere else.
    seed : int
        Of the perturbation.

    Returns
    -------
    tuple of Leak
        Empty when nothing sees the future.

    Raises
    ------
    UsageError
        A cut has no features, or nothing after it.
    """
    wanted = generate(bars, macro)
    rng = np.random.default_rng(seed)
    leaks: list[Leak] = []
    for cut in cuts:
        if not 0 <= cut < len(bars) - 1 or bars.index[cut] not in wanted.index:
            raise UsageError(f"cannot cut at bar {cut}: want one with features and a later bar")
        past = wanted.loc[: bars.index[cut]]
        closed = bars.index[cut] + BAR_LENGTH
        for kind, futures in (
            ("truncate", (bars.iloc[: cut + 1], _macro_after(macro, closed, None))),
            ("perturb", (_shuffled(bars, cut, rng), _macro_after(macro, closed, rng))),
        ):
            got = generate(*futures).reindex(past.index)
            leaks.extend(_differences(got, past, cut, kind))
    return tuple(leaks)


def _shuffled(bars: pd.DataFrame, cut: int, rng: np.random.Generator) -> pd.DataFrame:
    """Put later bars in random order and at another price, so that even a flat future changes."""
    future = bars.iloc[cut + 1 :].to_numpy()
    changed = bars.copy()
    changed.iloc[cut + 1 :] = rng.permutation(future) * rng.uniform(1.2, 1.5)
    return changed


def _macro_after(
    macro: pd.DataFrame | None, closed: pd.Timestamp, rng: np.random.Generator | None
) -> pd.DataFrame | None:
    """Scale each macro value that was not known yet at `closed`; without `rng`, remove it."""
    if macro is None:
        return None
    days = pd.DatetimeIndex(macro.index)
    unknown = np.column_stack([known_at(days, str(name)) > closed for name in macro.columns])
    # Downwards, so that an index of at most 100 stays one.
    factors = np.nan if rng is None else rng.uniform(0.6, 0.9, macro.shape)
    return macro.mask(unknown, macro * factors)


def _differences(got: pd.DataFrame, wanted: pd.DataFrame, cut: int, kind: str) -> Iterator[Leak]:
    usual = wanted.abs().median().fillna(0.0)
    for name in wanted.columns:
        a, b = got[name].to_numpy(), wanted[name].to_numpy()
        tolerance = RELATIVE * np.maximum(np.abs(b), usual[name])
        same = (np.abs(a - b) <= tolerance) | (np.isnan(a) & np.isnan(b))
        if not same.all():
            row = int(np.argmin(same))
            yield Leak(str(name), cut, kind, got=float(a[row]), wanted=float(b[row]))
