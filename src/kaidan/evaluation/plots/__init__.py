"""Pictures of a run, legible at the size at which MLflow shows them, safe for colour-blind eyes."""

from kaidan.evaluation.plots.equity_curves import equity
from kaidan.evaluation.plots.folds import fold_timeline
from kaidan.evaluation.plots.group_bars import importance
from kaidan.evaluation.plots.monthly_skill import skill_by_month
from kaidan.evaluation.plots.said_and_true import confusion, reliability
from kaidan.evaluation.plots.weekly_mix import class_mix

__all__ = [
    "class_mix",
    "confusion",
    "equity",
    "fold_timeline",
    "importance",
    "reliability",
    "skill_by_month",
]
