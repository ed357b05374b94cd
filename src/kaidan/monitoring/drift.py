"""Drift of what a live version is asked and answers, away from what it was trained on.

It warns. Nothing is traded, stopped or taken back because of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from kaidan.artifact.reference_answers import answer_columns
from kaidan.artifact.reference_rows import row_summaries, watched
from kaidan.artifact.reference_windows import LENGTHS
from kaidan.monitoring.decisions import Decisions
from kaidan.monitoring.drift_sizes import ColumnDrift, column_drift
from kaidan.monitoring_settings import DriftSettings

# Shares of the error rate, larger where a break of the regime is seen best (a weighted Bonferroni
# correction: Genovese, Roeder and Wasserman 2006). Most of it goes to the day, which must be quick.
_FAMILIES = {"features": 0.05, "row": 0.9, "answers": 0.05}
_LENGTHS = {LENGTHS[0]: 0.9, LENGTHS[1]: 0.1}
_NAMED = 3


@dataclass(frozen=True)
class DriftReport:
    """What was found in the newest bars that a version answered.

    Attributes
    ----------
    n_bars : int
        Since it went live, at most the longest window.
    columns : tuple of ColumnDrift
        Worst first.
    untold : str
        Why nothing can be said; empty where something can.
    """

    n_bars: int
    columns: tuple[ColumnDrift, ...]
    untold: str = ""

    @property
    def drifted(self) -> tuple[ColumnDrift, ...]:
        """Columns that have drifted, worst first."""
        return tuple(one for one in self.columns if one.drifted)

    @property
    def verdict(self) -> str:
        """`untold`, `steady` or `drifted`."""
        if self.untold:
            return "untold"
        return "drifted" if self.drifted else "steady"

    def __str__(self) -> str:
        if self.untold:
            return f"drift cannot be told: {self.untold}"
        n = len(self.columns)
        if not self.drifted:
            return f"no drift in {n} columns over {self.n_bars} bars; furthest: {self.columns[0]}"
        worst = ", ".join(map(str, self.drifted[:_NAMED]))
        return f"{len(self.drifted)} of {n} columns drifted from training; worst: {worst}"

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for `--json` and as an artifact."""
        return {
            "verdict": self.verdict,
            "said": str(self),
            "n_bars": self.n_bars,
            "columns": [one.to_dict() for one in self.columns],
        }

    def to_metrics(self) -> dict[str, float]:
        """Flat metric names for MLflow; none where nothing can be told."""
        if self.untold:
            return {}
        found = {
            "drift.n_bars": float(self.n_bars),
            "drift.drifted": float(bool(self.drifted)),
            "drift.n_drifted": float(len(self.drifted)),
            "drift.max_excess": self.columns[0].excess,
        }
        for one in self.columns:
            found[f"drift.psi.{one.name}"] = one.psi
            if one.family != "features":
                found[f"drift.shift.{one.name}"] = one.shift
        return found


def check_drift(
    reference: Mapping[str, Any], decisions: Decisions, settings: DriftSettings
) -> DriftReport:
    """Compare bars with the training reference of the version that answered them.

    Parameters
    ----------
    reference : mapping
        The version's `reference.json`.
    decisions : Decisions
        `of_version` of it: what another one answered says nothing about it.
    settings : DriftSettings
    """
    n = min(len(decisions), settings.window_bars)
    if not reference.get("windows"):
        return DriftReport(
            n, (), "the version was trained without windows to compare with; train a new one"
        )
    if n < settings.least_bars or n < LENGTHS[0]:
        least = max(settings.least_bars, LENGTHS[0])
        return DriftReport(n, (), f"got {n} bars since it went live, want {least}; wait")
    rows = decisions.take(slice(len(decisions) - n, None))
    features = rows.features[[name for name in reference["features"] if name in rows.features]]
    frames = {
        "features": (features[watched(list(features.columns))], reference),
        "row": (row_summaries(features, reference["features"]), reference["row"]),
        "answers": (answer_columns(rows.said, rows.confidence), reference.get("answers", {})),
    }
    columns = [
        one
        for family, (frame, known) in frames.items()
        for one in _family(family, frame, known, settings)
    ]
    return DriftReport(n, tuple(sorted(columns, key=lambda one: (-one.excess, one.name))))


def _family(
    family: str, frame: pd.DataFrame, known: Mapping[str, Any], settings: DriftSettings
) -> list[ColumnDrift]:
    found: dict[str, ColumnDrift] = {}
    for length, share in _LENGTHS.items():
        windows = known.get("windows", {}).get(str(length))
        if windows is None or len(frame) < length:
            continue
        for name in windows["scores"]:
            one = column_drift(
                name,
                family,
                frame[name].to_numpy(dtype=np.float64)[-length:],
                known["features"][name],
                windows,
                error_rate=settings.error_rate * _FAMILIES[family] * share,
                least_psi=settings.least_psi,
                least_shift=settings.least_shift,
            )
            if name not in found or one.excess > found[name].excess:
                found[name] = one
    return list(found.values())
