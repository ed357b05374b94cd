"""Whether a version is served by what it was logged with: an upgrade is seen before it matters."""

import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import yaml

from kaidan.registry.health.examination import Finding, ok, training, warn

LIBRARIES = "libraries"


def check_libraries(level: int, package: Path) -> Finding:
    """Compare this environment with the pins of a verified package.

    Of Python the first two numbers count; of a library all, as in the pins. It warns: the version
    has just answered here, so what it does is known; what it answers may differ in a last digit.

    Parameters
    ----------
    level : int
    package : Path
        All that MLflow keeps of the version, already verified.
    """
    pins = _pins(package)
    python = _python(package)
    here = ".".join(map(str, sys.version_info[:2]))
    other = {name: pin for name, pin in pins.items() if _installed(name) != pin}
    said = [f"{name} {_installed(name)}, logged with {pin}" for name, pin in other.items()]
    if python != here:
        said.append(f"Python {here}, logged with {python}")
    if not said:
        same = ", ".join(f"{name} {pin}" for name, pin in pins.items())
        return ok(LIBRARIES, level, f"Python {here}, {same}")
    install = " ".join(["pip install", *(f"{name}=={pin}" for name, pin in other.items())])
    return warn(LIBRARIES, level, "; ".join(said), install if other else training(level))


def _pins(package: Path) -> dict[str, str]:
    """What kaidan pinned when it logged the version: `name==version`, a line each."""
    lines = (package / "requirements.txt").read_text(encoding="utf-8").split()
    return {name: pin for name, _, pin in (line.partition("==") for line in lines)}


def _python(package: Path) -> str:
    whole = yaml.safe_load((package / "python_env.yaml").read_text(encoding="utf-8"))["python"]
    return ".".join(str(whole).split(".")[:2])


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
