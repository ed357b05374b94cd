"""What a bot weighs that starts from the cache: small enough for the smallest machine."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kaidan.market.sample import sample_bars
from tests.release import Release

HEAVY = [
    "apprise",
    "catboost",
    "ccxt",
    "imblearn",
    "lightgbm",
    "matplotlib",
    "mlflow",
    "onnx",
    "pandas",
    "pandera",
    "pyarrow",
    "scipy",
    "sklearn",
    "sqlalchemy",
    "talib",
    "xgboost",
]
MAX_RESIDENT_MB = 100
N_DECIDED = 200
# What the `kaidan` script does, and then what has become of its process.
BOT = """
import json, sys
from pathlib import Path
from kaidan.cli import main
try:
    main(sys.argv[2:])
except SystemExit as done:
    said = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    resident = {name: int(said[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM")}
    seen = {"exit": done.code, "modules": sorted({name.partition(".")[0] for name in sys.modules})}
    Path(sys.argv[1]).write_text(json.dumps(seen | resident))
"""


@pytest.fixture(scope="module")
def seen(home: Path, release: Release, tmp_path_factory: pytest.TempPathFactory) -> dict:
    """What was found in the process of a bot that ran through its bars."""
    folder = tmp_path_factory.mktemp("weight")
    bars = folder / "bars.parquet"
    sample_bars().iloc[-2976 - N_DECIDED :].to_parquet(bars)
    own_home = folder / "home"
    own_home.mkdir()
    (own_home / "models").symlink_to(home / "models")
    arguments = ["bot", f"--source=replay:{bars}", "--macro=sample", "--cached"]
    arguments += ["--json", "--config", str(release.config)]
    done = subprocess.run(
        [sys.executable, "-c", BOT, str(folder / "seen.json"), *arguments],
        env=os.environ | {"KAIDAN_HOME": str(own_home)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    answer = json.loads(done.stdout)
    assert (answer["n_decided"], answer["answered_by"]) == (N_DECIDED, {"level 1": N_DECIDED})
    return json.loads((folder / "seen.json").read_text())


def test_a_bot_that_starts_from_the_cache_imports_nothing_heavy(seen: dict) -> None:
    assert seen["exit"] in (0, None)
    assert {"numpy", "onnxruntime", "sqlite3", "prometheus_client"} <= set(seen["modules"])
    assert not set(HEAVY) & set(seen["modules"])


def test_a_bot_with_three_levels_stays_below_100_mb(seen: dict) -> None:
    assert 30 < seen["VmRSS"] <= seen["VmHWM"] < MAX_RESIDENT_MB
