"""What the files around the code promise is what the code does."""

import ast
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

import kaidan

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
MLPROJECT = yaml.safe_load((ROOT / "MLproject").read_text(encoding="utf-8"))
ENTRY_POINTS = MLPROJECT["entry_points"]


def run(*command: str) -> str:
    environment = os.environ | {"COLUMNS": "200", "NO_COLOR": "1"}
    done = subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, env=environment, check=True
    )
    return done.stdout


def help_of(*command: str) -> str:
    return run("-m", "kaidan", *command, "--help")


def tracked_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [path for name in listed.stdout.splitlines() if (path := ROOT / name).is_file()]


def conda_pins() -> dict[str, str]:
    dependencies = yaml.safe_load((ROOT / "conda.yaml").read_text(encoding="utf-8"))["dependencies"]
    pip = next(entry["pip"] for entry in dependencies if isinstance(entry, dict))
    return dict(pin.split("==") for pin in pip)


def test_conda_pins_name_the_dependencies_of_the_project_inside_their_ranges():
    wanted = [Requirement(text) for text in PROJECT["project"]["dependencies"]]
    pins = conda_pins()
    assert set(pins) == {requirement.name for requirement in wanted}
    outside = [str(r) for r in wanted if not r.specifier.contains(pins[r.name])]
    assert outside == []


def test_mlproject_main_has_the_parameters_that_users_were_promised():
    defaults = {k: v["default"] for k, v in ENTRY_POINTS["main"]["parameters"].items()}
    assert defaults == {
        "level": "2",
        "data": "sample",
        "macro": "",
        "days": "180",
        "trials": "0",
        "promote": "auto",
    }
    assert MLPROJECT["conda_env"] == "conda.yaml"


@pytest.mark.parametrize("name", ENTRY_POINTS)
def test_an_mlproject_entry_point_calls_an_existing_command_with_existing_options(name):
    entry = ENTRY_POINTS[name]
    command = entry["command"].split("python -m kaidan ")[1]
    shown = help_of(command.split()[0])
    for option in re.findall(r"--[\w-]+", command):
        assert re.search(rf"{option}\s", shown), option
    assert set(re.findall(r"\{(\w+)\}", command)) == set(entry.get("parameters", {}))


def test_the_readme_is_at_most_200_lines():
    assert len(README.splitlines()) <= 200


def test_the_python_of_the_readme_compiles():
    snippets = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    assert snippets
    for snippet in snippets:
        ast.parse(snippet)


def test_every_command_that_the_readme_names_exists():
    commands = set(
        re.findall(
            r"kaidan (config \w+|import-legacy|(?!COMMAND|config|import)[a-z]+) *[-`\n]", README
        )
    )
    assert {"train", "promote", "rollback", "status", "predict", "config show"} <= commands
    for command in commands:
        help_of(*command.split())


def test_every_file_that_the_readme_links_exists():
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_version_is_the_newest_of_the_changelog():
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## \[(.+?)\]", changelog, flags=re.MULTILINE)
    assert newest is not None
    assert newest[1] == kaidan.__version__


def test_no_source_file_is_longer_than_300_lines():
    lengths = {
        path: len(path.read_text(encoding="utf-8").splitlines())
        for path in (ROOT / "src").rglob("*.py")
    }
    assert {path.name: n for path, n in lengths.items() if n > 300} == {}


def test_the_wheel_carries_the_default_configuration(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    packed = set(zipfile.ZipFile(wheel).namelist())
    settings = {f"kaidan/config/{path.name}" for path in (ROOT / "config").glob("*.yaml")}
    assert len(settings) == 4
    assert settings <= packed
    assert {name.split("/")[0] for name in packed} == {
        "kaidan",
        f"kaidan-{kaidan.__version__}.dist-info",
    }


def test_no_file_names_a_machine_path_or_a_package_registry():
    # The brackets keep the pattern from finding itself.
    named = re.compile(rb"(?<![\w.])/(?:w[o]rk|r[o]ot|home/\w+)/|pypi[.]org|python[h]osted")
    found = {
        str(path.relative_to(ROOT)): match[0]
        for path in tracked_files()
        if (match := named.search(path.read_bytes()))
    }
    assert found == {}


def test_the_lock_file_stays_out_of_the_repository():
    assert "uv.lock" in (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    assert ROOT / "uv.lock" not in tracked_files()


def test_importing_kaidan_loads_no_heavy_library():
    loaded = run("-c", "import kaidan, sys; print(*sys.modules)").split()
    heavy = {"mlflow", "sklearn", "lightgbm", "xgboost", "pandas", "numpy", "onnxruntime"}
    assert heavy.isdisjoint(loaded)


def test_continuous_integration_runs_the_same_script_as_people_do():
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    steps = workflow["jobs"]["checks"]["steps"]
    assert steps[-1]["run"] == ".ci/run"
    assert os.access(ROOT / ".ci/run", os.X_OK)
