"""From `mlflow run` to an answer: the project, the registry and a client that has no kaidan."""

import json
import os
import subprocess
import sys
from pathlib import Path

import mlflow
import pandas as pd
import pytest

from kaidan.features.manager import FeatureManager
from kaidan.market.sample import sample_bars, sample_macro
from kaidan.settings import load_settings
from tests.release import using

PROJECT = Path(__file__).resolve().parents[2]

CLIENT = """
import json, sys, warnings
sys.modules["kaidan"] = None
warnings.simplefilter("ignore")
import mlflow, pandas as pd
model = mlflow.pyfunc.load_model("models:/ensemble_level3/Production")
frame = pd.read_parquet(sys.argv[1])
def refusal(frame):
    try:
        return str(model.predict(frame))
    except Exception as error:
        return str(error)
print(json.dumps({
    "plain": model.predict(frame).to_dict("list"),
    "shuffled": model.predict(frame[frame.columns[::-1]]).to_dict("list"),
    "missing": refusal(frame.drop(columns="rsi_14")),
}))
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("workspace")


def run(workspace: Path, command: list[str], **environment: str) -> subprocess.CompletedProcess:
    """A process whose store, home and interpreter are the test's."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("MLFLOW_")}
    return subprocess.run(
        command,
        cwd=workspace,
        env=inherited
        | {
            "PATH": path,
            "MLFLOW_TRACKING_URI": f"sqlite:///{workspace}/store.db",
            "KAIDAN_HOME": str(workspace / "home"),
        }
        | environment,
        check=False,
        capture_output=True,
        text=True,
    )


def mlflow_run(workspace: Path, **parameters: str) -> subprocess.CompletedProcess:
    given = [word for name, value in parameters.items() for word in ("-P", f"{name}={value}")]
    command = [sys.executable, "-m", "mlflow", "run", str(PROJECT), "--env-manager", "local"]
    return run(workspace, [*command, "--experiment-name", "kaidan", *given])


@pytest.fixture(scope="module")
def trained(workspace: Path) -> Path:
    """Level 3, trained and promoted by `mlflow run` on a user's CSV file."""
    bars = workspace / "bars.csv"
    sample_bars(80).to_csv(bars)
    done = mlflow_run(workspace, level="3", data=str(bars), days="48")
    assert done.returncode == 0, done.stdout + done.stderr
    return workspace


@pytest.fixture(scope="module")
def client(trained: Path) -> dict:
    """What another process sees."""
    bars = sample_bars().iloc[-load_settings().levels.warmup_bars - 19 :]
    features = FeatureManager().generate_features(bars, macro=sample_macro())
    features.to_parquet(trained / "features.parquet")
    done = run(
        trained,
        [sys.executable, "-c", CLIENT, "features.parquet"],
        MLFLOW_ALLOW_PICKLE_DESERIALIZATION="false",
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_one_command_trains_logs_and_promotes(trained: Path) -> None:
    with using(trained / "store.db"):
        registry = mlflow.MlflowClient()
        found = registry.get_model_version_by_alias("ensemble_level3", "production")
        run_found = registry.get_run(found.run_id)
    assert (int(found.version), found.current_stage) == (1, "Production")
    assert found.tags["verdict"] == "promoted"
    assert run_found.info.status == "FINISHED"
    assert run_found.data.params["level"] == "3"
    assert run_found.data.params["data"] == str(trained / "bars.csv")
    assert "oof.ensemble.log_loss" in run_found.data.metrics


def test_a_client_without_kaidan_is_answered(client: dict) -> None:
    answer = pd.DataFrame(client["plain"])
    assert list(answer) == ["signal", "confidence", "p_sell", "p_hold", "p_buy"]
    assert len(answer) == 20
    assert set(answer["signal"]) <= {"SELL", "HOLD", "BUY"}
    assert answer[["p_sell", "p_hold", "p_buy"]].sum(axis=1).to_numpy() == pytest.approx(1)


def test_shuffled_columns_get_the_same_answer(client: dict) -> None:
    assert client["shuffled"] == client["plain"]


def test_a_missing_column_is_refused_by_name(client: dict) -> None:
    assert "missing" in client["missing"]
    assert "rsi_14" in client["missing"]


def test_the_ladder_answers_with_what_was_promoted(trained: Path, client: dict) -> None:
    code = (
        "import json, pandas as pd\n"
        "from kaidan import Ladder\n"
        "row = pd.read_parquet('features.parquet').iloc[-1]\n"
        "print(json.dumps(Ladder.from_registry().predict(row).to_dict()))\n"
    )
    done = run(trained, [sys.executable, "-c", code])
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout.splitlines()[-1])
    assert answer["level"] == 3
    assert answer["signal"] == client["plain"]["signal"][-1]
    assert answer["confidence"] == pytest.approx(client["plain"]["confidence"][-1], abs=1e-7)
    assert [attempt["reason"] for attempt in answer["attempts"]] == [
        "no Production version is registered"
    ] * 2


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"level": "abc"}, "kaidan: --level got 'abc', wanted 1, 2, 3 or all"),
        ({"levle": "1"}, "kaidan: No such option: --levle"),
    ],
)
def test_a_wrong_parameter_fails_the_run(
    trained: Path, parameters: dict[str, str], said: str
) -> None:
    done = mlflow_run(trained, **parameters)
    assert done.returncode != 0
    assert said in done.stderr
    with using(trained / "store.db"):
        assert len(mlflow.MlflowClient().search_model_versions("name = 'ensemble_level2'")) == 0
