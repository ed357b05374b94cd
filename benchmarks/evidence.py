"""One JSON object: choices of `config/training.yaml`, compared out of fold on real bars.

Every variant is trained on the same five windows of 180 days and judged on the test rows of its
purged folds. `saved` is the log-loss that it saves against the shipped settings, in nats a bar,
paired row by row and pooled over the windows, with a 95 % block-bootstrap interval.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from kaidan.evaluation.bootstrap import block_bootstrap
from kaidan.evaluation.report import ENSEMBLE, Judged, judge_out_of_fold, known_before
from kaidan.evaluation.scores import log_losses
from kaidan.learning.dataset import build_history
from kaidan.learning.ensemble import ProductionEnsemble
from kaidan.market.bars import BARS_PER_DAY
from kaidan.market.files import read_bars
from kaidan.settings import Settings, TrainingSettings, load_settings

SHIPPED = "none"
VARIANTS: dict[str, dict[str, object]] = {
    SHIPPED: {},
    "class weights": {"resampling": {"class_weight": True}},
    "SMOTE": {"resampling": {"smote": True}},
    "SMOTE + class weights": {"resampling": {"smote": True, "class_weight": True}},
    "price levels as inputs": {"inputs": "all"},
    "not calibrated": {"calibration": "none"},
}
DAYS = 180
ENDS = (21_000, 33_000, 45_000, 57_000, 70_176)  # bars from the beginning of the file


def varied(training: TrainingSettings, changes: dict[str, object]) -> TrainingSettings:
    values = training.model_dump()
    for key, change in changes.items():
        values[key] = values[key] | change if isinstance(change, dict) else change
    return TrainingSettings.model_validate(values)


def judge_window(bars: pd.DataFrame, level: int, settings: Settings) -> dict[str, Judged]:
    history = build_history(bars, None, settings, days=DAYS, source="the window")
    dataset = history.dataset(level, settings)
    rows = dataset.development
    known = known_before(history.labels, dataset.features, settings.training.label).take(rows)
    judged = {}
    for name, changes in VARIANTS.items():
        ensemble = ProductionEnsemble(varied(settings.training, changes))
        ensemble.fit(dataset.features.iloc[rows], dataset.y[rows])
        judged[name] = judge_out_of_fold(ensemble, dataset.times[rows], dataset.y[rows], known)
        print(f"level {level}, to {bars.index[-1]:%Y-%m-%d}: {name}", file=sys.stderr, flush=True)
    return judged


def scores(windows: list[Judged], source: str) -> dict[str, object]:
    found = [window.scores[source] for window in windows]
    means = {
        key: round(float(np.mean([getattr(one, key) for one in found])), 4)
        for key in ("log_loss", "macro_f1", "ece")
    }
    return means | {"log_loss_by_window": [round(one.log_loss, 4) for one in found]}


def compare(windows: list[dict[str, Judged]]) -> dict[str, dict[str, object]]:
    losses = {
        name: np.concatenate(
            [log_losses(one[name].y, one[name].probabilities[ENSEMBLE]) for one in windows]
        )
        for name in VARIANTS
    }
    table = {}
    for name, lost in losses.items():
        saved = block_bootstrap(losses[SHIPPED] - lost)
        table[name] = scores([one[name] for one in windows], ENSEMBLE) | {
            "saved": [round(value, 4) for value in (saved.estimate, saved.low, saved.high)]
        }
    shipped = [one[SHIPPED] for one in windows]
    return table | {name: scores(shipped, name) for name in ("prior", "volatility_prior")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help=f"{ENDS[-1]:,} bars or more")
    parser.add_argument("--levels", type=int, nargs="+", choices=(2, 3), default=[3])
    arguments = parser.parse_args()
    bars = read_bars(arguments.data)
    if len(bars) < ENDS[-1]:
        parser.error(f"{arguments.data} has {len(bars):,} bars, wanted {ENDS[-1]:,} or more")
    settings = load_settings()
    length = DAYS * BARS_PER_DAY + settings.levels.warmup_bars - 1
    report = {
        f"level {level}": compare(
            [judge_window(bars.iloc[end - length : end], level, settings) for end in ENDS]
        )
        for level in arguments.levels
    }
    print(json.dumps({"data": arguments.data.name, "days": DAYS} | report, indent=2))


if __name__ == "__main__":
    main()
