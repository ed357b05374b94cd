"""One column of live rows against the same column of the training rows."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kaidan.artifact.reference_windows import (
    bin_counts,
    gumbel_quantile,
    raw_score,
    size_of,
    stability_index,
)

# More missing values than in training, as a share of the rows, that nobody would overlook.
MISSING_RISE = 0.05


@dataclass(frozen=True)
class ColumnDrift:
    """How far a column is from training, over the window in which it is furthest.

    Attributes
    ----------
    name : str
    family : str
        `features`, `row` (summaries of a row) or `answers`.
    window_bars : int
    psi, psi_threshold : float
        Population stability index.
    shift, shift_threshold : float
        Distance of the means, in standard deviations of the training rows; the size has a sign.
    missing_share, trained_missing_share : float
    drifted : bool
    excess : float
        How many thresholds the worse of both sizes is: above 1 it has drifted.
    edges, trained_shares, live_shares : tuple of float
        What a picture shows: the shares lie below, between and above the edges.
    """

    name: str
    family: str
    window_bars: int
    psi: float
    psi_threshold: float
    shift: float
    shift_threshold: float
    missing_share: float
    trained_missing_share: float
    drifted: bool
    excess: float
    edges: tuple[float, ...]
    trained_shares: tuple[float, ...]
    live_shares: tuple[float, ...]

    def __str__(self) -> str:
        if self.missing_share > self.trained_missing_share + MISSING_RISE:
            return f"{self.name} (missing in {self.missing_share:.0%})"
        return f"{self.name} (PSI {self.psi:.2f}, moved {self.shift:+.1f} std)"

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def column_drift(
    name: str,
    family: str,
    values: NDArray[np.float64],
    known: Mapping[str, Any],
    windows: Mapping[str, Any],
    *,
    error_rate: float,
    least_psi: float,
    least_shift: float,
) -> ColumnDrift:
    """Compare the newest rows of a column with its training rows.

    Parameters
    ----------
    values : float array of shape (window_bars,)
    known : mapping
        The column's part of a training reference.
    windows : mapping
        The part of `window_spread` for this length.
    error_rate : float
        Of all columns of the family together.
    """
    edges, trained = known["edges"], np.array(known["shares"])
    present = values[np.isfinite(values)]
    missing = 1 - len(present) / len(values)
    counts = bin_counts(values, edges)
    shares = counts / max(len(present), 1)
    psi = float(stability_index(shares, trained)) if len(present) else 0.0
    shift = (float(present.mean()) - known["mean"]) / (known["std"] or 1) if len(present) else 0.0
    quantile = gumbel_quantile(windows["place"], windows["scale"], error_rate)
    limits = {
        kind: size_of(kind, mean + quantile * spread)
        for kind, (mean, spread) in windows["scores"][name].items()
    }
    # A size below what matters is no drift, however rare it is.
    psi_limit, shift_limit = max(limits["psi"], least_psi), max(limits["shift"], least_shift)
    reached = {"psi": (psi, psi_limit), "shift": (abs(shift), shift_limit)}
    # On the scale on which the threshold was found, so that kinds and columns can be ranked.
    excess = max(
        float(np.exp(raw_score(kind, np.array(size)) - raw_score(kind, np.array(limit))))
        for kind, (size, limit) in reached.items()
    )
    rise = (missing - known["missing_share"]) / MISSING_RISE
    return ColumnDrift(
        name=name,
        family=family,
        window_bars=len(values),
        psi=psi,
        psi_threshold=psi_limit,
        shift=shift,
        shift_threshold=shift_limit,
        missing_share=missing,
        trained_missing_share=known["missing_share"],
        drifted=max(excess, rise) > 1,
        excess=max(excess, rise),
        edges=tuple(edges),
        trained_shares=tuple(trained.tolist()),
        live_shares=tuple(shares.tolist()),
    )
