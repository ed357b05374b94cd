"""Whether skill is there every month or was one lucky month."""

import numpy as np
from matplotlib.figure import Figure

from kaidan.evaluation.bootstrap import block_bootstrap
from kaidan.evaluation.plots.palette import BLUE, VERMILLION
from kaidan.evaluation.plots.time_axis import calendar_parts
from kaidan.evaluation.report import ENSEMBLE, Judged
from kaidan.evaluation.scores import log_losses
from kaidan.market.bar import BARS_PER_DAY

# Blocks of the bootstrap are days: an interval from fewer than a week of them is far too narrow.
_MIN_DAYS = 7
_MAX_NAMES = 18  # of months, side by side
_LOOKS = {
    "prior": ("against the class prior", "o", BLUE, -0.12),
    "volatility_prior": ("against the volatility prior", "D", VERMILLION, 0.12),
}


def skill_by_month(judged: Judged, title: str) -> Figure:
    """Log-loss that the ensemble saves against free knowledge, by calendar month.

    Parameters
    ----------
    judged : Judged
        A month with fewer than 7 days of bars is drawn with its neighbour, and marked.
    title : str
    """
    own = log_losses(judged.y, judged.probabilities[ENSEMBLE])
    parts = calendar_parts(judged.times, "month", min_rows=_MIN_DAYS * BARS_PER_DAY)
    figure = Figure(figsize=(8, 4.2), layout="constrained")
    axes = figure.add_subplot()
    axes.axhline(0, color="black", linewidth=1)
    for baseline, (label, marker, colour, aside) in _LOOKS.items():
        saved = log_losses(judged.y, judged.probabilities[baseline]) - own
        found = [block_bootstrap(saved[rows]) for rows in parts]
        at = np.arange(len(parts)) + aside
        axes.vlines(at, [i.low for i in found], [i.high for i in found], color=colour, linewidth=2)
        axes.plot(at, [i.estimate for i in found], marker, color=colour, markersize=8, label=label)
    step = -(-len(parts) // _MAX_NAMES)
    names = _month_names(judged, parts[::step])
    axes.set_xticks(range(0, len(parts), step), names)
    axes.set_xlim(-0.6, len(parts) - 0.4)
    joined = any("*" in name for name in names)
    note = f" (* with a neighbour of fewer than {_MIN_DAYS} days)" if joined else ""
    axes.set_xlabel(f"month, UTC{note}")
    axes.set_ylabel("log-loss saved, 95 % interval (nats a bar)")
    axes.set_title(title)
    # Outside, because intervals may be anywhere inside.
    figure.legend(loc="outside lower center", ncols=len(_LOOKS))
    return figure


def _month_names(judged: Judged, parts: list[slice]) -> list[str]:
    """Name each part after the month that most of its bars are in, the year where it begins."""
    names: list[str] = []
    last_year = ""
    for rows in parts:
        months = judged.times[rows].tz_convert("UTC").strftime("%Y %b").value_counts()
        year, month = months.index[0].split()
        names.append(month + "*" * (len(months) > 1) + (f"\n{year}" if year != last_year else ""))
        last_year = year
    return names
