"""A registered model over many rows on Spark, against the runtime that the bot uses.

Run: `python benchmarks/spark.py [--rows 1000000]`, with Java and pyspark (`pip install pyspark`);
trains a small level 2 in a folder of its own. Prints one JSON object. Every answer of
`mlflow.pyfunc.spark_udf` is compared with the runtime's on the same row.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from contextlib import chdir, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from pyspark.sql import SparkSession
from pyspark.sql.functions import struct

from kaidan import FeatureManager
from kaidan.artifact.runtime import Runtime
from kaidan.cli import main as kaidan
from kaidan.market.sample import sample_bars, sample_macro
from kaidan.registry.store import fetch_bundle, live_version

LEVEL, SEED, N_PROCESSES = 2, 7, 2
URI = f"models:/ensemble_level{LEVEL}/Production"


def train(folder: Path) -> None:
    os.environ["KAIDAN_HOME"] = str(folder / "home")
    mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
    said = StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        try:
            kaidan(["train", "--level", str(LEVEL)])
        except SystemExit as done:
            if done.code:
                sys.exit(said.getvalue())


def rows_like_the_sample(n_rows: int) -> pd.DataFrame:
    """Real rows of the sample, each value drawn from its own column, so that no two are alike."""
    manager = FeatureManager()
    features = manager.generate_features(sample_bars(), macro=sample_macro()).dropna()
    known = features[list(manager.get_feature_names(LEVEL))].to_numpy(dtype=np.float64)
    rng = np.random.default_rng(SEED)
    drawn = rng.integers(0, len(known), size=(n_rows, known.shape[1]))
    values = np.take_along_axis(known, drawn, axis=0)
    return pd.DataFrame(values, columns=manager.get_feature_names(LEVEL))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    n_rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as name, chdir(name):
        folder = Path(name)
        train(folder)
        rows = rows_like_the_sample(n_rows).rename_axis("row").reset_index()
        rows.to_parquet(folder / "rows.parquet", index=False)
        version = live_version(LEVEL)
        runtime = Runtime.open(
            fetch_bundle(version, folder), expected_sha256=version.tag("model_sha256"), threads=1
        )
        values = rows[list(runtime.features)].to_numpy()
        began = time.perf_counter()
        expected = runtime.predict(values)
        decided, _ = runtime.decide(expected)
        runtime_s = time.perf_counter() - began

        # The workers' Python is this one, with its packages.
        os.environ["PYSPARK_PYTHON"] = sys.executable
        spark = (
            SparkSession.builder.master(f"local[{N_PROCESSES}]")
            .config("spark.driver.memory", "4g")
            .config("spark.sql.execution.arrow.pyspark.enabled", "true")
            .config("spark.ui.enabled", "false")
            .getOrCreate()
        )
        spark.sparkContext.setLogLevel("ERROR")
        types = "signal string, confidence double, p_sell double, p_hold double, p_buy double"
        udf = mlflow.pyfunc.spark_udf(spark, URI, env_manager="local", result_type=types)
        frame = spark.read.parquet(str(folder / "rows.parquet"))
        began = time.perf_counter()
        answers = frame.select("row", udf(struct(*runtime.features)).alias("answer"))
        answers.select("row", "answer.*").write.parquet(str(folder / "answers"))
        spark_s = time.perf_counter() - began
        spark.stop()
        said = pq.read_table(folder / "answers").to_pandas().sort_values("row")
    differences = np.abs(said[["p_sell", "p_hold", "p_buy"]].to_numpy() - expected).max()
    other = int((said["signal"].to_numpy() != np.array(runtime.classes)[decided]).sum())
    print(
        json.dumps(
            {
                "how": f"level {LEVEL}, 62 columns; local[{N_PROCESSES}]; with reading and writing",
                "rows": len(said),
                "signals_that_differ": other,
                "largest_difference_of_a_probability": float(differences),
                "spark_s": round(spark_s, 1),
                "runtime_s": round(runtime_s, 1),
                "spark_to_runtime": round(spark_s / runtime_s, 1),
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
