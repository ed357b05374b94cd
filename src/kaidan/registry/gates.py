"""Gates: a pure function of what was measured. The same metrics give the same decision."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from kaidan.errors import RegistryError
from kaidan.registry.decision import Decision, check
from kaidan.settings import GatesSettings


class Measure(NamedTuple):
    """The metric that a check reads, on which side of the threshold it passes, and in words."""

    metric: str
    side: Literal["above", "at least", "at most"]
    words: str


_LOW = "lower end of the 95 % interval"
_SURE = "lower end at 99.9 %"
MEASURED = {
    "parity": Measure("parity.max_difference", "at most", "largest difference of a probability"),
    "argmax_flips": Measure("parity.argmax_flips", "at most", "rows answered differently"),
    "reproducible": Measure("artifact.reexport_differs", "at most", "second export differs"),
    "latency_ms": Measure("artifact.row_ms", "at most", "median of one row, in ms"),
    "artifact_mb": Measure("artifact.mb", "at most", "size of the bundle, in MB"),
    "feature_leaks": Measure("probe.feature_leaks", "at most", "features that saw the future"),
    "shuffled_labels": Measure(
        "probe.shuffled_skill.low", "at most", f"nats a bar of skill in shuffled labels, {_SURE}"
    ),
    "one_bar_delay": Measure(
        "probe.delay_excess.low", "at most", f"nats that a bar's delay costs too much, {_SURE}"
    ),
    "next_bar": Measure(
        "probe.next_bar_excess.low", "at most", f"nats known too much of the next bar, {_SURE}"
    ),
    "implausible": Measure("oof.direction_auc", "at most", "AUC of BUY against SELL"),
    "skill_vs_prior": Measure(
        "oof.skill_vs_prior.low", "above", f"nats a bar saved against the class prior, {_LOW}"
    ),
    "volatility_margin": Measure(
        "oof.skill_vs_volatility_prior.low",
        "above",
        f"nats a bar saved against the volatility prior, {_LOW}",
    ),
    "skill_vs_volatility_prior": Measure(
        "oof.skill_vs_volatility_prior.low",
        "above",
        f"nats a bar saved against the volatility prior, {_LOW}",
    ),
    "direction": Measure("oof.direction_auc.low", "above", f"AUC of BUY against SELL, {_SURE}"),
    "weighted_f1": Measure("oof.ensemble.weighted_f1", "at least", "weighted F1"),
    "backtest": Measure("oof.backtest.sharpe.low", "above", f"Sharpe ratio after costs, {_LOW}"),
    "class_rows": Measure("oof.least_class_rows", "at least", "bars of the rarest class"),
    "one_class": Measure("oof.said.most_common", "at most", "share of the commonest answer"),
    "confidence_spread": Measure(
        "oof.confidence_std", "at least", "standard deviation of the confidence"
    ),
    "calibration_error": Measure("oof.ensemble.ece", "at most", "expected calibration error"),
    "champion": Measure(
        "champion.skill.low", "above", f"nats a bar saved against the champion, {_LOW}"
    ),
    "champion_trades": Measure(
        "champion.trades_ratio", "at least", "BUY and SELL against the champion's, the rarer first"
    ),
}

# Only where there is a champion to be compared with.
AGAINST_CHAMPION = ("champion", "champion_trades")


def decide(
    metrics: Mapping[str, float],
    settings: GatesSettings,
    *,
    candidate: int,
    champion: int | None,
    notes: tuple[str, ...] = (),
) -> Decision:
    """Hold what was measured against the gates.

    Parameters
    ----------
    metrics : mapping
        What the candidate's run measured and, with a champion, the comparison with it.
    settings : GatesSettings
    candidate : int
    champion : int or None
        The live version that the candidate was compared with; None: there was none to compare.
    notes : tuple of str
        Carried on the decision.

    Raises
    ------
    RegistryError
        A metric is missing: what was not measured is not let through.
    """
    checks = []
    for name, measure in MEASURED.items():
        if champion is None and name in AGAINST_CHAMPION:
            continue
        if measure.metric not in metrics:
            raise RegistryError(
                f"check {name} got no metric {measure.metric!r} from the run; "
                "train the version again"
            )
        checks.append(check(name, measure.words, metrics[measure.metric], measure.side, settings))
    return Decision(candidate, champion, settings.profile, tuple(checks), notes)
