"""What a newcomer copies runs: the notebooks, and the Python of the README."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tests.kit import write_config

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def warnings_as_errors() -> str:
    """A cell that lets a page warn of no more than a test may."""
    options = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["pytest"]
    filters = [line.split(":") for line in options["ini_options"]["filterwarnings"]]
    lines = [f"warnings.filterwarnings({', '.join(map(repr, one[:2]))})" for one in filters]
    return "\n".join(["import warnings", *lines])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Working directory with a store and a cache of its own, and small settings."""
    write_config(tmp_path / "config")
    monkeypatch.setenv("KAIDAN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    return tmp_path


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_without_outputs_and_runs_from_top_to_bottom(path, folder):
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
        # With few trees: what the page shows is tested here, not what the models know.
        cell.source = cell.source.replace("kaidan train", "kaidan train --config config")
    notebook.cells.insert(0, nbformat.v4.new_code_cell(warnings_as_errors()))
    NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()


def test_the_python_of_the_readme_runs_once_level_2_is_live(folder):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    train = ["-m", "kaidan", "train", "--level", "2", "--days", "40", "--config", "config"]
    subprocess.run([sys.executable, *train], cwd=folder, check=True, capture_output=True)
    for snippet in re.findall(r"```python\n(.*?)```", readme, flags=re.DOTALL):
        done = subprocess.run(
            [sys.executable, "-c", snippet], cwd=folder, check=True, capture_output=True, text=True
        )
        assert "level 2" in done.stdout
