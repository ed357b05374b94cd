"""Models loaded by an old name, a new one, or any URI."""

import subprocess
import sys
from pathlib import Path

import mlflow
import pandas as pd
import pytest
from mlflow import MlflowClient

import kaidan
from kaidan.errors import UsageError
from tests.legacy import empty_store, empty_store_file

__all__ = ["empty_store", "empty_store_file"]

LEVELS = {"production_ensemble_full": 1, "production_ensemble": 2, "production_ensemble_57": 3}
SCRIPT = """
import mlflow
import pandas as pd
from mlflow.pyfunc.model import PythonModel


class Constant(PythonModel):
    def predict(self, context, model_input: pd.DataFrame, params=None):
        return model_input["a"] + {level}


mlflow.models.set_model(Constant())
"""


@pytest.fixture
def models(empty_store: Path, tmp_path: Path) -> None:
    """A live version of each level, whose answer tells the level."""
    client = MlflowClient()
    for level in LEVELS.values():
        script = tmp_path / f"level_{level}.py"
        script.write_text(SCRIPT.format(level=level))
        path = tmp_path / f"model_{level}"
        mlflow.pyfunc.save_model(path, python_model=str(script), pip_requirements=[])
        name = f"ensemble_level{level}"
        client.create_registered_model(name)
        client.create_model_version(name, source=str(path))
        client.set_registered_model_alias(name, "production", "1")


def answer(uri: str) -> int:
    return int(kaidan.load_model(uri).predict(pd.DataFrame({"a": [0]}))[0])


def test_an_old_name_loads_what_is_live_at_its_level_and_warns(models) -> None:
    for name, level in LEVELS.items():
        for place in ("/Production", "@production"):
            uri = f"models:/{name}{place}"
            said = rf"{uri} has an old name .*; load models:/ensemble_level{level}@production"
            with pytest.warns(FutureWarning, match=said) as warned:
                assert answer(uri) == level
            # Where the user's own line is named, the warning is shown and can be acted on.
            assert warned[0].filename == __file__


def test_any_other_uri_goes_straight_through(models, tmp_path) -> None:
    assert answer("models:/ensemble_level3@production") == 3
    assert answer("models:/ensemble_level3/1") == 3
    assert answer(str(tmp_path / "model_1")) == 1


@pytest.mark.parametrize("place", ["/7", "/latest", "/Staging", "@previous", "@champion", ""])
def test_another_version_of_an_old_name_is_one_line(place) -> None:
    with pytest.raises(UsageError, match="wanted /Production or @production") as refused:
        kaidan.load_model(f"models:/production_ensemble{place}")
    assert "ensemble_level2 is numbered anew; load models:/ensemble_level2@production" in str(
        refused.value
    )
    assert "\n" not in str(refused.value)


def test_asking_for_the_table_of_old_names_does_not_import_mlflow() -> None:
    script = "import kaidan.commands.options, sys; sys.exit('mlflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
