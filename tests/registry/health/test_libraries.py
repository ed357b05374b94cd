"""An environment other than the one that a version was logged in is seen, and said how to mend."""

import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from kaidan.registry.health.examination import Finding, Health
from kaidan.registry.health.libraries import check_libraries

HERE = ".".join(map(str, sys.version_info[:3]))


@pytest.fixture
def check(tmp_path: Path):
    """Looks at a package that was logged with these."""

    def check(*pins: str, python: str = HERE) -> Finding:
        (tmp_path / "requirements.txt").write_text("\n".join(pins))
        (tmp_path / "python_env.yaml").write_text(f"python: {python}\n")
        return check_libraries(3, tmp_path)

    return check


def test_the_same_libraries_are_named(check) -> None:
    found = check(f"numpy=={version('numpy')}")
    assert found.state is Health.ok
    python = HERE.rpartition(".")[0]
    assert found.found == f"Python {python}, numpy {version('numpy')}"


def test_another_version_of_a_library_is_a_warning_with_the_command(check) -> None:
    found = check(f"mlflow=={version('mlflow')}", "numpy==1.26.0", "fuji==3")
    assert found.state is Health.warn
    assert found.found == (
        f"numpy {version('numpy')}, logged with 1.26.0; fuji not installed, logged with 3"
    )
    assert found.do == "pip install numpy==1.26.0 fuji==3"


def test_another_python_is_a_warning_and_another_patch_of_it_is_none(check) -> None:
    found = check(python="3.9.1")
    assert found.state is Health.warn
    assert found.found.endswith("logged with 3.9")
    assert found.do == "kaidan train --level 3"
    assert check(python=f"{HERE}9").state is Health.ok
