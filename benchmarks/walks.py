"""One JSON object: what the gates make of markets in which there is nothing to find, and of one in
which there is.

Each market is trained, judged and registered by a normal run of 180 days, in a store of its own;
then the same measurements are held against the default and the strict gates. `promoted` counts
first versions: no champion stands in their way.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

import mlflow
import pandas as pd

from kaidan.cli import main as kaidan
from kaidan.market.sample_walk import walk_bars
from kaidan.registry.gates import decide
from kaidan.registry.store import get_version, run_metrics
from kaidan.settings import load_settings

LEVEL, DAYS, WARMUP_DAYS = 3, 180, 32
PROFILES = ("default", "strict")


def judge(data: str) -> dict:
    """Train on `data` into the store in use; the decision by profile, and what was found."""
    try:
        kaidan(f"train --level {LEVEL} --data {data} --days {DAYS} --promote never --json".split())
    except SystemExit as done:
        if done.code:
            raise
    (newest,) = mlflow.MlflowClient().search_model_versions(
        f"name = 'ensemble_level{LEVEL}'", order_by=["creation_timestamp DESC"], max_results=1
    )
    metrics = run_metrics(get_version(LEVEL, int(newest.version)))
    decisions = {
        profile: decide(
            metrics, load_settings().with_profile(profile).gates, candidate=1, champion=None
        )
        for profile in PROFILES
    }
    return {
        "promoted": {profile: one.passed for profile, one in decisions.items()},
        "refused_by": {
            profile: [check.name for check in one.blocking] for profile, one in decisions.items()
        },
        "direction": decisions["default"].to_tags()["direction"],
        "said_direction_not_found": "Direction was not found" in newest.description,
        "direction_auc": [
            round(metrics[f"oof.direction_auc{e}"], 3) for e in ("", ".low", ".high")
        ],
        "skill_vs_prior": [
            round(metrics[f"oof.skill_vs_prior{e}"], 4) for e in ("", ".low", ".high")
        ],
        "seconds": round(metrics["wall_seconds"], 1),
    }


def counted(found: list[dict]) -> dict:
    return {
        "markets": len(found),
        "promoted": {p: sum(one["promoted"][p] for one in found) for p in PROFILES},
        "direction_found": sum(one["direction"] == "found" for one in found),
        "cards_that_say_not_found": sum(one["said_direction_not_found"] for one in found),
        "each": found,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=20, help="random walks of each kind")
    arguments = parser.parse_args()
    report = {"level": LEVEL, "days": DAYS}
    stdout = sys.stdout
    with tempfile.TemporaryDirectory() as folder:
        mlflow.set_tracking_uri(f"sqlite:///{folder}/store.db")
        mlflow.create_experiment("kaidan", artifact_location=f"file://{folder}/artifacts")
        sys.stdout = sys.stderr  # each run's own answer is not this report
        report["sample"] = counted([judge("sample")])
        for kind in ("constant", "clustered"):
            found = []
            for seed in range(1, arguments.n + 1):
                path = Path(folder) / f"{kind}{seed}.parquet"
                bars: pd.DataFrame = walk_bars(
                    DAYS + WARMUP_DAYS, seed=seed, clustered=kind == "clustered"
                )
                bars.reset_index().to_parquet(path)
                found.append(judge(str(path)))
            report[kind] = counted(found)
        sys.stdout = stdout
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
