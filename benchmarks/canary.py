"""How often a canary takes a good release back, and how soon a bad one.

Run: `python benchmarks/canary.py [--quarters 200] [--seed 1]`. A simulation, with the real test and
the settings of bot.yaml: quarters of 8,640 bars (`forecast_market`). Good: both versions are the
truth with errors of their own, of several sizes; they are watched over a quarter, and over each of
12 weeks anew, as weekly retrainings are. Bad: the release answers the class prior with errors, as
one that was trained on shuffled labels does, over a version with the errors named. Prints one JSON
object; `nats_lost` is the sum of log-loss above that of the version before, until the rollback.
"""

import argparse
import json
import math
import time
from typing import Any

import numpy as np
from forecast_market import HORIZON, forecast, market

from kaidan.monitoring.loss_differences import LossDifferences
from kaidan.monitoring.sequential_test import wager_on_worse
from kaidan.settings import load_settings

QUARTER, WEEK, WEEKS = 8640, 672, 12
ERRORS = (0.1, 0.2, 0.3)
BAD_ERROR = 0.05
CANARY = load_settings().bot.monitoring.canary


def taken_back(differences: LossDifferences) -> int | None:
    """Bars after which it is, with the horizon that the last label took."""
    found = wager_on_worse(differences, horizon=HORIZON, error_rate=CANARY.error_rate)
    return None if found.settled_after is None else found.settled_after + HORIZON


def watch(rng: np.random.Generator, error: float, seconds: list[float]) -> dict[str, Any]:
    there = market(rng, QUARTER)
    before, good = (forecast(rng, there.chances, error, QUARTER) for _ in range(2))
    bad = forecast(rng, there.prior, BAD_ERROR, QUARTER)
    against = {
        name: LossDifferences.between(one, before, there.labels)
        for name, one in (("good", good), ("bad", bad))
    }
    began = time.perf_counter()
    after = {name: taken_back(one) for name, one in against.items()}
    seconds.append((time.perf_counter() - began) / 2)
    weeks = [slice(n * WEEK, (n + 1) * WEEK - HORIZON) for n in range(WEEKS)]
    alarms = sum(
        taken_back(LossDifferences.between(good[w], before[w], there.labels[w])) is not None
        for w in weeks
    )
    bars = after["bad"]
    lost = against["bad"].values[: QUARTER if bars is None else bars]
    return {
        "good": after["good"],
        "weekly": alarms,
        "bad": bars,
        "lost": float(lost.sum()),
        "means": [float(one.values.mean()) for one in against.values()],
        "deviations": [float(one.values.std()) for one in against.values()],
    }


def summary(found: list[dict[str, Any]]) -> dict[str, Any]:
    n = len(found)
    until = [math.inf if one["bad"] is None else one["bad"] for one in found]
    quantiles = np.quantile(until, [0.5, 0.9], method="higher")
    good_mean, bad_mean = np.mean([one["means"] for one in found], axis=0)
    good_deviation, bad_deviation = np.mean([one["deviations"] for one in found], axis=0)
    return {
        "quarters": n,
        "good": {
            "difference_nats": [round(good_mean, 4), round(good_deviation, 3)],
            "taken_back_in_a_quarter": sum(one["good"] is not None for one in found) / n,
            "taken_back_of_240_weekly_canaries": 240 * sum(o["weekly"] for o in found) / n / WEEKS,
        },
        "bad": {
            "difference_nats": [round(bad_mean, 4), round(bad_deviation, 3)],
            "taken_back_in_a_quarter": sum(map(math.isfinite, until)) / n,
            "taken_back_in_a_month": sum(bars <= 2880 for bars in until) / n,
            "taken_back_in_a_week": sum(bars <= WEEK for bars in until) / n,
            "bars_until_median_and_90_percent": [str(q) for q in quantiles],
            "nats_lost_median": round(float(np.median([one["lost"] for one in found])), 1),
        },
    }


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--quarters", type=int, default=200)
    given.add_argument("--seed", type=int, default=1)
    options = given.parse_args()
    rng, seconds = np.random.default_rng(options.seed), []
    found = {
        f"errors of the logits {error}": summary(
            [watch(rng, error, seconds) for _ in range(options.quarters)]
        )
        for error in ERRORS
    }
    said = {
        "what": "simulation: mean and deviation of the difference a bar, shares of quarters",
        "error_rate": CANARY.error_rate,
        "test_ms": round(1e3 * float(np.median(seconds)), 2),
        **found,
    }
    print(json.dumps(said, indent=2))


if __name__ == "__main__":
    main()
