"""All leak probes of a training run: of the features once, of what is learnt from them by level."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kaidan.evaluation.bootstrap import Interval
from kaidan.evaluation.label_probe import shuffled_skill
from kaidan.evaluation.probes import Leak, probe_features
from kaidan.evaluation.shift_probe import delay_excess, next_bar_excess, next_bar_signals
from kaidan.features.manager import FeatureManager
from kaidan.learning.dataset import Dataset, History
from kaidan.learning.ensemble import ProductionEnsemble
from kaidan.market.bar import BARS_PER_DAY
from kaidan.market.bars import BAR_LENGTH
from kaidan.settings import Settings

# Bars that close on a full hour, and the ones before them: there 4-hour bars close and macro
# values become known, and a look-ahead of one bar shows there and nowhere else.
_HOURS_BETWEEN_CUTS = 2
_DAYS = 2


def feature_leaks(history: History, settings: Settings) -> tuple[Leak, ...]:
    """Change the future of the last days of a history and look for features that notice.

    The bars are those of the run, the features those of `FeatureManager`.
    """
    bars = history.bars.iloc[-(settings.levels.warmup_bars + _DAYS * BARS_PER_DAY) :]
    closes = pd.DatetimeIndex(bars.index) + BAR_LENGTH
    on_the_hour = (closes.minute == 0) & (closes.hour % _HOURS_BETWEEN_CUTS == 0)
    places = np.flatnonzero(on_the_hour)
    cuts = np.union1d(places, places - 1)
    first, last = settings.levels.warmup_bars, len(bars) - 2
    return probe_features(
        lambda b, m: FeatureManager(settings).generate_features(b, macro=m),
        bars,
        history.macro,
        cuts=[int(cut) for cut in cuts if first <= cut <= min(last, first + BARS_PER_DAY)],
        seed=settings.training.seed,
    )


@dataclass(frozen=True)
class LeakCheck:
    """What the probes of one level found.

    Attributes
    ----------
    features : tuple of Leak
        Features that saw the future; empty when none does.
    shuffled : Interval
        Skill in shuffled labels.
    delay : Interval
        What one bar less costs, beyond what it may.
    next_bar : Interval
        What is known of the next bar, beyond what may be.
    """

    features: tuple[Leak, ...]
    shuffled: Interval
    delay: Interval
    next_bar: Interval

    def to_metrics(self) -> dict[str, float]:
        """Flat metric names for MLflow."""
        return {
            "probe.feature_leaks": float(len({leak.feature for leak in self.features})),
            **self.shuffled.to_metrics("probe.shuffled_skill"),
            **self.delay.to_metrics("probe.delay_excess"),
            **self.next_bar.to_metrics("probe.next_bar_excess"),
        }


def check_level(
    leaks: tuple[Leak, ...],
    history: History,
    dataset: Dataset,
    ensemble: ProductionEnsemble,
    settings: Settings,
) -> LeakCheck:
    """Probe what a level learns from its development rows.

    Parameters
    ----------
    leaks : tuple of Leak
        Of `feature_leaks`; those of features that the level does not have are left out.
    history : History
    dataset : Dataset
    ensemble : ProductionEnsemble
        Fitted on the dataset's development rows.
    settings : Settings
    """
    rows = dataset.features[list(ensemble.input_names_)].iloc[dataset.development]
    X, y = rows.to_numpy(dtype=np.float32), dataset.y[dataset.development]
    return LeakCheck(
        features=tuple(leak for leak in leaks if leak.feature in dataset.features.columns),
        shuffled=shuffled_skill(X, y, settings.training),
        delay=delay_excess(X, y, settings.training),
        next_bar=next_bar_excess(
            X,
            next_bar_signals(history.bars, pd.DatetimeIndex(rows.index)),
            settings.training,
        ),
    )
