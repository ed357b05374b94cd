"""A quarter in the life of a bot, in minutes: what goes wrong, and what kaidan does about it.

Run: `python benchmarks/quarter.py [--quick] [--weeks N] [--data FILE --macro FILE] [--figure PNG]`.
The bars of the last N weeks are heard one by one by the bot's real tick, with its journal; each
day its journal is looked at as its child does it; each Sunday the levels are trained anew by the
real command, behind the gates. Planted: an exchange that is silent for ten hours, a release whose
labels slipped by a decimal (0.05 % for 0.5 %) and which somebody promotes by force, a registry
that is down from a Friday to a Monday, and a break of the regime: bars move six times as far.
Prints one JSON object; `--figure` draws it.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from quarter_market import Story, make_quarter
from quarter_registry import Registry

from kaidan.settings import load_settings


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("--weeks", type=int, default=12)
    made.add_argument("--train-days", type=int, default=120, help="each training learns from")
    made.add_argument("--seed", type=int, default=3, help="of the sample market")
    made.add_argument("--data", help="bars, instead of the sample market")
    made.add_argument("--macro", help="macro series of these bars")
    made.add_argument("--quick", action="store_true", help="few trees, and gates that only warn")
    made.add_argument("--calm", action="store_true", help="plant nothing: whatever alarms is false")
    made.add_argument("--figure", type=Path, metavar="PNG")
    return made


def main() -> None:
    given = parser().parse_args()
    if given.figure is not None:
        given.figure.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(live_through(given, Path(folder)), indent=2))


def live_through(given: argparse.Namespace, folder: Path) -> dict[str, Any]:
    began = time.perf_counter()
    registry = Registry(folder, quick=given.quick, train_days=given.train_days)
    settings = load_settings(registry.config)
    story = Story.none() if given.calm else Story.of(given.weeks)
    quarter = make_quarter(
        settings,
        story,
        weeks=given.weeks,
        train_days=given.train_days,
        seed=given.seed,
        data=given.data,
        macro=given.macro,
    )

    from quarter_life import live
    from quarter_report import report

    lived = live(quarter, registry, settings, told=lambda said: print(said, file=sys.stderr))
    found = report(lived, quarter, settings)
    if given.figure is not None:
        from quarter_figure import draw

        draw(lived, quarter, given.figure.absolute())
    return {
        "data": given.data or f"sample, seed {given.seed}",
        "weeks": given.weeks,
        "train_days": given.train_days,
        "settings": "quick" if given.quick else "config/",
        "seconds": round(time.perf_counter() - began, 1),
        **found,
    }


if __name__ == "__main__":
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    main()
