"""One JSON object: the choices of `config/training.yaml`, compared by walking forward on real bars.

Every variant learns from the days before a test part and answers the 30 days after it; the test
parts are the same for all. `saved` is the log-loss saved against the shipped settings, in nats a
bar, paired bar by bar over all test parts, with a 95 % block-bootstrap interval. With `--write`
the tables of docs/evidence.md are replaced, too. Steps that are done are kept in `--work`.
"""

import argparse
import json
import pickle
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from evidence_tables import SHIPPED, rendered, tables
from scipy.optimize import minimize, minimize_scalar
from scipy.special import softmax
from sklearn.isotonic import IsotonicRegression

from kaidan.bot.walk_forward import judge_step, train_window
from kaidan.bot.walk_steps import Step, plan_steps
from kaidan.evaluation.report import ENSEMBLE, Judged
from kaidan.learning.dataset import Dataset, History, build_history
from kaidan.learning.ensemble import ProductionEnsemble
from kaidan.learning.members import Member
from kaidan.learning.voting import vote
from kaidan.market.files import read_bars, read_macro
from kaidan.settings import Settings, load_settings


@dataclass(frozen=True)
class Variant:
    """What differs from the shipped settings: keys of training.yaml, level and days."""

    changes: dict
    level: int = 3
    days: int = 180


VARIANTS = {
    SHIPPED: Variant({}),
    "SMOTE": Variant({"resampling": {"smote": True}}),
    "class weights": Variant({"resampling": {"class_weight": True}}),
    "SMOTE and class weights": Variant({"resampling": {"smote": True, "class_weight": True}}),
    "price levels as inputs": Variant({"inputs": "all"}),
    "horizon 4": Variant({"label": {"horizon_bars": 4}}),
    "horizon 8": Variant({"label": {"horizon_bars": 8}}),
    "90 days": Variant({}, days=90),
    "365 days": Variant({}, days=365),
    "level 2": Variant({}, level=2),
    "level 1": Variant({}, level=1),
}
EPS = 1e-6


def varied(settings: Settings, changes: dict) -> Settings:
    values = settings.training.model_dump()
    for key, change in changes.items():
        values[key] = values[key] | change if isinstance(change, dict) else change
    return settings.with_training(type(settings.training).model_validate(values))


def judge_variant(
    history: History, test: Step, variant: Variant, settings: Settings
) -> tuple[Judged, ProductionEnsemble, Dataset]:
    step = Step(test.test_from - pd.Timedelta(days=variant.days), test.test_from, test.test_until)
    chosen = varied(settings, variant.changes)
    if "label" in variant.changes:
        history = build_history(history.bars, history.macro, chosen, days=9999, source="bars")
    ensemble, dataset = train_window(history, step, variant.level, chosen)
    judged = judge_step(history, step, ensemble, dataset, chosen)
    assert judged is not None
    return judged, ensemble, dataset


def recombined(ensemble: ProductionEnsemble, judged: Judged, y: np.ndarray) -> dict:
    """The shipped members with other weights."""
    found = ensemble.out_of_fold_
    names = list(found.calibrated)
    true = y[found.rows]
    past = np.stack([found.calibrated[name][np.arange(len(true)), true] for name in names])

    def cost(z: np.ndarray) -> float:
        return -float(np.log(np.clip(softmax(z) @ past, EPS, 1)).mean())

    fitted = softmax(minimize(cost, np.zeros(len(names)), method="L-BFGS-B").x)
    said = {name: judged.probabilities[name] for name in names}
    return {
        "equal weights": vote(said, dict.fromkeys(names, 1.0), "weighted"),
        "fitted weights": vote(said, dict(zip(names, fitted, strict=True)), "weighted"),
    }


def recalibrated(
    ensemble: ProductionEnsemble, judged: Judged, features: pd.DataFrame, dataset: Dataset
) -> dict:
    """The shipped members, calibrated otherwise on the same rows that they were not fitted on."""
    X, y = features[list(ensemble.input_names_)].to_numpy(np.float32), judged.y
    rows = dataset.features[list(ensemble.input_names_)].to_numpy(np.float32)
    fold, found = ensemble.final_fold_, ensemble.out_of_fold_
    answers: dict[str, dict] = {"not calibrated": {}, "temperature": {}, "isotonic": {}}
    for name, fitted in ensemble.members_.items():
        member: Member = fitted.member
        earlier = found.rows < fold.stopping[0]
        said = np.concatenate([found.raw[name][earlier], member.predict_proba(rows[fold.stopping])])
        true = dataset.y[np.concatenate([found.rows[earlier], fold.stopping])]
        raw = member.predict_proba(X)
        answers["not calibrated"][name] = raw
        answers["temperature"][name] = temperature(said, true, raw)
        answers["isotonic"][name] = isotonic(said, true, raw)
    assert len(y) == len(X)
    return {how: ensemble.combine(by_member) for how, by_member in answers.items()}


def temperature(said: np.ndarray, true: np.ndarray, raw: np.ndarray) -> np.ndarray:
    def scaled(p: np.ndarray, t: float) -> np.ndarray:
        return softmax(np.log(np.clip(p, EPS, 1)) / t, axis=1)

    def cost(t: float) -> float:
        return -float(np.log(scaled(said, t)[np.arange(len(true)), true]).mean())

    return scaled(raw, minimize_scalar(cost, bounds=(0.2, 5), method="bounded").x)


def isotonic(said: np.ndarray, true: np.ndarray, raw: np.ndarray) -> np.ndarray:
    columns = [
        IsotonicRegression(y_min=1e-3, y_max=1, out_of_bounds="clip")
        .fit(said[:, c], true == c)
        .predict(raw[:, c])
        for c in range(3)
    ]
    mended = np.column_stack(columns)
    return mended / mended.sum(axis=1, keepdims=True)


def walk_step(history: History, test: Step, settings: Settings) -> dict[str, Judged]:
    found = {}
    for name, variant in VARIANTS.items():
        judged, ensemble, dataset = judge_variant(history, test, variant, settings)
        found[name] = judged
        if name == SHIPPED:
            features = history.features.loc[judged.times]
            others = recombined(ensemble, judged, dataset.y)
            others |= recalibrated(ensemble, judged, features, dataset)
            for other, p in others.items():
                found[other] = Judged(
                    judged.times, judged.y, judged.probabilities | {ENSEMBLE: p}, p.argmax(axis=1)
                )
        print(f"test part from {test.test_from:%Y-%m-%d}: {name}", file=sys.stderr, flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="two years of bars or more")
    parser.add_argument("--macro", type=Path, required=True)
    parser.add_argument("--step-days", type=int, default=60, help="from a test part to the next")
    parser.add_argument("--work", type=Path, help="keep each step here and go on after a stop")
    parser.add_argument("--write", type=Path, metavar="EVIDENCE_MD")
    arguments = parser.parse_args()
    settings = load_settings()
    bars, macro = read_bars(arguments.data), read_macro(arguments.macro)
    history = build_history(bars, macro, settings, days=9999, source=str(arguments.data))
    steps = plan_steps(
        history.features.index, train_days=365, test_days=30, step_days=arguments.step_days
    )
    walked = []
    for step in steps:
        kept = arguments.work and arguments.work / f"{step.test_from:%Y%m%d}.pickle"
        if kept and kept.exists():
            walked.append(pickle.loads(kept.read_bytes()))
            continue
        walked.append(walk_step(history, step, settings))
        if kept:
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_bytes(pickle.dumps(walked[-1]))
    found = tables(walked)
    about = {
        "data": arguments.data.name,
        "test_parts": len(steps),
        "test_from": f"{steps[0].test_from:%Y-%m-%d}",
        "test_to": f"{steps[-1].test_until:%Y-%m-%d}",
        "test_bars": int(sum(len(one[SHIPPED].y) for one in walked)),
    }
    if arguments.write:
        text = arguments.write.read_text(encoding="utf-8")
        arguments.write.write_text(rendered(text, about, found), encoding="utf-8")
    print(json.dumps(about | found, indent=2))


if __name__ == "__main__":
    main()
