"""How far a day or a week of the training rows is from the rest of them.

Bars resemble their neighbours, so a window of them is never like all rows, and no formula for
independent rows says how much it may differ. The training rows themselves do.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kaidan.market.bar import BARS_PER_DAY

LENGTHS = (BARS_PER_DAY, 7 * BARS_PER_DAY)
KINDS = ("psi", "shift")
# Half a bar of a day: an empty bin is not an infinite surprise, whatever the window's length.
_LEAST_SHARE = 0.5 / BARS_PER_DAY
# What nobody would call a difference; below it the logarithm is flat.
_FLAT = {"psi": 0.01, "shift": 0.1}
_LEAST_SPREAD = 0.1
_LEAST_WINDOWS = 28
_EULER = 0.5772156649015329

Floats = NDArray[np.float64]


def window_spread(frame: pd.DataFrame, reference: Mapping[str, Any]) -> dict[str, Any]:
    """Differences of windows of rows, one beginning each day, from the half they are not in.

    Each half is held against the other, as live rows are held against rows of before; so what
    moves slowly is known to move. The largest difference of a window over all columns follows a
    Gumbel law, the limit of maxima (Coles 2001, chapter 3), here fitted by its L-moments: the
    threshold for the maximum holds for all columns together, however they hang together
    (Westfall and Young 1993, max-T).

    Parameters
    ----------
    frame : DataFrame of shape (n_rows, n_columns)
        In time order. Rows that do not fill a day are left out at the start.
    reference : mapping
        What `training_reference` said of these columns.

    Returns
    -------
    dict
        By length in bars (as text, for JSON): `n_windows`; `place` and `scale` of the Gumbel law
        of the largest score; and by column under `scores`, by kind, mean and std of `raw_score`.
        A length of which there are too few windows is absent.
    """
    n_days = len(frame) // BARS_PER_DAY
    rows = frame.iloc[len(frame) - n_days * BARS_PER_DAY :]
    days = {
        str(name): _daily(values.to_numpy(dtype=np.float64), reference["features"][str(name)])
        for name, values in rows.items()
        if reference["features"][str(name)]["edges"]
    }
    return {
        str(length): _spread(days, n_days, length // BARS_PER_DAY)
        for length in LENGTHS
        if days and n_days - length // BARS_PER_DAY + 1 >= _LEAST_WINDOWS
    }


def bin_counts(values: Floats, edges: list[float]) -> Floats:
    """How many present values lie between the edges of a training reference."""
    present = values[np.isfinite(values)]
    bins = np.searchsorted(edges, present, side="left")
    return np.bincount(bins, minlength=len(edges) + 1).astype(np.float64)


def stability_index(shares: Floats, reference: Floats) -> Floats:
    """Population stability index over the last axis: sum of (p - q) log(p / q)."""
    p, q = np.maximum(shares, _LEAST_SHARE), np.maximum(reference, _LEAST_SHARE)
    return np.asarray(((p - q) * np.log(p / q)).sum(axis=-1))


def raw_score(kind: str, size: Floats) -> Floats:
    """An effect size on the scale on which windows are compared."""
    return np.asarray(np.log(size + _FLAT[kind]))


def size_of(kind: str, score: float) -> float:
    """Effect size of a raw score; the inverse of `raw_score`."""
    return float(np.exp(score) - _FLAT[kind])


def gumbel_quantile(place: float, scale: float, error_rate: float) -> float:
    """What the largest score exceeds with a chance of `error_rate`."""
    return place - scale * float(np.log(-np.log1p(-error_rate)))


def _daily(values: Floats, known: Mapping[str, Any]) -> tuple[Floats, Floats, float]:
    """Counts by day and bin, sum by day, and the standard deviation."""
    days = values.reshape(-1, BARS_PER_DAY)
    counts = np.array([bin_counts(day, known["edges"]) for day in days])
    return counts, np.nansum(np.where(np.isfinite(days), days, np.nan), axis=1), known["std"]


def _spread(
    days: Mapping[str, tuple[Floats, Floats, float]], n_days: int, span: int
) -> dict[str, Any]:
    late = np.arange(n_days) >= n_days // 2
    in_late = late[: n_days - span + 1]
    scores: dict[str, dict[str, list[float]]] = {}
    largest = np.full(len(in_late), -np.inf)
    for name, (counts, sums, std) in days.items():
        many = np.maximum(_rolled(counts.sum(axis=1), span), 1)
        shares = _rolled(counts, span) / many[:, None]
        means = _rolled(sums, span) / many
        sizes = {kind: np.empty(len(in_late)) for kind in KINDS}
        for own, other in ((in_late, ~late), (~in_late, late)):
            n_other = max(counts[other].sum(), 1)
            far = np.abs(means[own] - sums[other].sum() / n_other)
            sizes["shift"][own] = far / std if std else 0.0
            sizes["psi"][own] = stability_index(shares[own], counts[other].sum(axis=0) / n_other)
        scores[name] = {}
        for kind, size in sizes.items():
            raw = raw_score(kind, size)
            mean, spread = float(raw.mean()), max(float(raw.std()), _LEAST_SPREAD)
            scores[name][kind] = [mean, spread]
            largest = np.maximum(largest, (raw - mean) / spread)
    place, scale = _gumbel(np.sort(largest))
    return {"n_windows": len(largest), "place": place, "scale": scale, "scores": scores}


def _rolled(values: Floats, span: int) -> Floats:
    total = np.concatenate([np.zeros_like(values[:1]), np.cumsum(values, axis=0)])
    return np.asarray(total[span:] - total[:-span])


def _gumbel(ordered: Floats) -> tuple[float, float]:
    n = len(ordered)
    second = 2 * float((np.arange(n) / (n - 1) * ordered).mean()) - float(ordered.mean())
    scale = second / float(np.log(2))
    return float(ordered.mean()) - _EULER * scale, scale
