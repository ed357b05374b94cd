"""How well a version does on the bars of a journal whose label has come true.

Nothing is read that was not known then: the forecasts to beat are those of its training rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kaidan.evaluation.bootstrap import Interval, block_bootstrap, block_bootstrap_of_means
from kaidan.evaluation.direction import direction_auc
from kaidan.evaluation.performance import daily_returns
from kaidan.evaluation.scores import log_losses
from kaidan.learning.voting import decide
from kaidan.monitoring.decisions import Decisions
from kaidan.monitoring.loss_differences import LossDifferences
from kaidan.monitoring.sequential_test import Evidence, wager_on_worse
from kaidan.settings import Settings
from kaidan.signal import N_CLASSES, Signal
from kaidan.trading.replay import replay

_VOLATILITY = "natr_14"
_N_BINS = 10
_ONE_DAY = 1  # block of daily returns: what is held over midnight is a small part of a day


@dataclass(frozen=True)
class LiveScores:
    """Scores of one version's answers, with 95 % block-bootstrap intervals.

    Attributes
    ----------
    n_bars : int
        Whose label is known, of the newest that it answered.
    skill : Interval
        Log-loss saved against the class shares of its training rows, in nats a bar.
    volatility_skill : Interval
        The same against those by decile of volatility.
    direction : Interval
        AUC of BUY against SELL among the bars that moved.
    macro_f1, calibration_error, hit_rate : Interval
    daily_return : Interval
        Of its answers traded after costs, mean over days, as a share of the equity.
    worse : Evidence
        That those class shares do better; it may be asked at every look, an interval may not.
    """

    n_bars: int
    skill: Interval
    volatility_skill: Interval
    direction: Interval
    macro_f1: Interval
    calibration_error: Interval
    hit_rate: Interval
    daily_return: Interval
    worse: Evidence

    def __str__(self) -> str:
        return (
            f"{self.n_bars:,} bars: skill against the prior {self.skill}, against the volatility "
            f"prior {self.volatility_skill}; direction AUC {_positive(self.direction)}; macro F1 "
            f"{_positive(self.macro_f1)}; ECE {_positive(self.calibration_error)}; hit rate "
            f"{_positive(self.hit_rate)}; a day after costs {_share(self.daily_return)}"
        )

    @property
    def worse_than_prior(self) -> bool:
        """It is settled that whoever says the class shares of the training rows does better."""
        return self.worse.settled

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return {name: getattr(value, "__dict__", value) for name, value in vars(self).items()}

    def to_metrics(self, prefix: str = "live") -> dict[str, float]:
        """Flat metric names for MLflow: `live.skill`, `live.skill.low`, ..."""
        metrics = {f"{prefix}.n_bars": float(self.n_bars)}
        metrics[f"{prefix}.worse.e_value"] = self.worse.e_value
        for name, value in vars(self).items():
            if isinstance(value, Interval):
                metrics |= value.to_metrics(f"{prefix}.{name}")
        return metrics


def score_live(
    decisions: Decisions,
    level: int,
    version: int,
    reference: Mapping[str, Any],
    settings: Settings,
) -> LiveScores | None:
    """Score what a version answered live; None where too few labels are known.

    Parameters
    ----------
    decisions : Decisions
    level, version : int
    reference : mapping
        The version's `reference.json`.
    settings : Settings
    """
    answered = (decisions.level == level) & (decisions.version == version)
    return _score(decisions, answered, decisions.probabilities, decisions.said, reference, settings)


def score_shadow(
    decisions: Decisions,
    level: int,
    version: int,
    reference: Mapping[str, Any],
    settings: Settings,
) -> LiveScores | None:
    """Score what the version in the shadow would have said, on the bars of the live one.

    Parameters as for `score_live`; it is held against the same forecasts as the live version.
    """
    said = decisions.shadow_probabilities
    answered = (decisions.level == level) & (decisions.version == version)
    answered &= np.isfinite(said).all(axis=1)
    newest = decisions.shadow_version[answered][-1:]
    answered &= np.isin(decisions.shadow_version, newest)
    verdicts = decide(
        np.where(answered[:, None], said, 0.0), settings.training.confidence_threshold
    )
    return _score(decisions, answered, said, verdicts, reference, settings)


def _score(
    decisions: Decisions,
    answered: NDArray[np.bool_],
    probabilities: NDArray[np.float64],
    verdicts: NDArray[np.int64],
    reference: Mapping[str, Any],
    settings: Settings,
) -> LiveScores | None:
    wanted = settings.bot.monitoring.scores
    rows = np.flatnonzero(answered & np.isfinite(decisions.labels))[-wanted.window_bars :]
    if len(rows) < wanted.least_bars or "priors" not in reference:
        return None
    came = decisions.labels[rows].astype(np.int64)
    said, verdict = probabilities[rows], verdicts[rows]
    priors = _priors(decisions.features[_VOLATILITY].to_numpy()[rows], reference["priors"])
    own = log_losses(came, said)
    hit = verdict == came
    return LiveScores(
        n_bars=len(rows),
        skill=block_bootstrap(log_losses(came, priors["shares"]) - own),
        volatility_skill=block_bootstrap(log_losses(came, priors["volatility"]) - own),
        direction=direction_auc(came, said),
        macro_f1=_macro_f1(came, verdict),
        calibration_error=_calibration_error(said.max(axis=1), said.argmax(axis=1) == came),
        hit_rate=block_bootstrap(hit.astype(np.float64)),
        daily_return=_daily_return(decisions, rows, verdicts, settings),
        worse=wager_on_worse(
            LossDifferences.between(said, priors["shares"], decisions.labels[rows], rows - rows[0]),
            horizon=settings.training.label.horizon_bars,
            error_rate=settings.bot.monitoring.canary.error_rate,
        ),
    )


def _priors(
    volatility: NDArray[np.float64], known: Mapping[str, Any]
) -> dict[str, NDArray[np.float64]]:
    shares = np.tile(known["class_shares"], (len(volatility), 1))
    by_bin = np.asarray(known["volatility_shares"])
    # Of another contract's row it is not known, and would be sorted to the wildest.
    unknown = np.isnan(volatility)[:, None]
    bins = np.searchsorted(known["volatility_edges"], volatility)
    return {"shares": shares, "volatility": np.where(unknown, shares, by_bin[bins])}


def _macro_f1(came: NDArray[np.int64], said: NDArray[np.int64]) -> Interval:
    """From the cells of the confusion matrix: 2 TP / (2 TP + FP + FN), mean over the classes."""
    cells = np.eye(N_CLASSES**2)[came * N_CLASSES + said]

    def f1(shares: NDArray[np.float64]) -> NDArray[np.float64]:
        table = shares.reshape(-1, N_CLASSES, N_CLASSES)
        both = table.sum(axis=1) + table.sum(axis=2)
        right = 2.0 * np.diagonal(table, axis1=1, axis2=2)
        found: NDArray[np.float64] = np.divide(right, both, out=np.zeros_like(both), where=both > 0)
        return np.asarray(found.mean(axis=1))

    return block_bootstrap_of_means(f1, cells)


def _calibration_error(stated: NDArray[np.float64], hit: NDArray[np.bool_]) -> Interval:
    """As in `evaluation.scores`: in each bin, how far the hits are from what was said."""
    bins = np.minimum((stated * _N_BINS).astype(int), _N_BINS - 1)
    off = np.eye(_N_BINS)[bins] * (hit - stated)[:, None]
    return block_bootstrap_of_means(lambda means: np.abs(means).sum(axis=1), off)


def _daily_return(
    decisions: Decisions,
    rows: NDArray[np.int64],
    verdicts: NDArray[np.int64],
    settings: Settings,
) -> Interval:
    """Trade the answers from the first of them to the last; no position is held on other bars."""
    window = slice(int(rows[0]), int(rows[-1]) + 1)
    tradable = np.isin(np.arange(len(decisions)), rows)
    answers = np.where(tradable, verdicts, int(Signal.HOLD))
    traded = replay(
        decisions.bars.iloc[window],
        answers[window],
        settings.bot.trading,
        settings.training.label,
        tradable=tradable[window],
    )
    return block_bootstrap(daily_returns(traded), block=_ONE_DAY)


def _positive(interval: Interval) -> str:
    return f"{interval.estimate:.3f} [{interval.low:.3f}, {interval.high:.3f}]"


def _share(interval: Interval) -> str:
    return f"{interval.estimate:+.2%} [{interval.low:+.2%}, {interval.high:+.2%}]"
