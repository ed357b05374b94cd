"""Gates: a pure function of what a run measured. The same metrics give the same decision."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from kaidan.errors import RegistryError
from kaidan.settings import GatesSettings

# Gate -> the run metric it reads, and on which side of the threshold a candidate passes.
MEASURED: dict[str, tuple[str, Literal["above", "at most"]]] = {
    "parity": ("parity.max_difference", "at most"),
    "argmax_flips": ("parity.argmax_flips", "at most"),
    "skill_vs_prior": ("oof.skill_vs_prior", "above"),
    "skill_vs_volatility_prior": ("oof.skill_vs_volatility_prior", "above"),
    "calibration_error": ("oof.ensemble.ece", "at most"),
}

# Those without which there is no version at all: what is served must be what was trained.
PARITY_GATES = ("parity", "argmax_flips")


@dataclass(frozen=True)
class Gate:
    """One check on a candidate."""

    name: str
    value: float
    side: str
    threshold: float
    severity: str
    passed: bool
    reason: str

    @property
    def mark(self) -> str:
        """How the gate is shown in one word."""
        if self.passed:
            return "pass"
        return "BLOCK" if self.severity == "block" else "warn"

    @property
    def wanted(self) -> str:
        """What a candidate needs to pass."""
        return f"{self.side} {self.threshold:g}"


@dataclass(frozen=True)
class Decision:
    """All gates of a candidate."""

    gates: tuple[Gate, ...]

    @property
    def passed(self) -> bool:
        """No blocking gate says no."""
        return all(gate.passed for gate in self.gates if gate.severity == "block")

    @property
    def verdict(self) -> str:
        """`promotable` or `refused`."""
        return "promotable" if self.passed else "refused"

    @property
    def refusals(self) -> str:
        """What blocks, in one line."""
        return "; ".join(
            f"{gate.name} is {gate.value:.4g}, wanted {gate.wanted}"
            for gate in self.gates
            if gate.mark == "BLOCK"
        )

    def __str__(self) -> str:
        lines = [f"{self.verdict}"]
        lines += [
            f"  {gate.mark:<5} {gate.name:<26} {gate.value:>10.4g}  wanted {gate.wanted}"
            for gate in self.gates
        ]
        return "\n".join(lines)

    def to_markdown(self) -> str:
        """A table for a version's description."""
        lines = ["| gate | value | wanted | verdict | why it is asked |", "|---|---|---|---|---|"]
        lines += [
            f"| {g.name} | {g.value:.4g} | {g.wanted} | {g.mark} | {g.reason} |" for g in self.gates
        ]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for an artifact."""
        return {"verdict": self.verdict, "gates": [asdict(gate) for gate in self.gates]}


def decide(metrics: Mapping[str, float], settings: GatesSettings) -> Decision:
    """Hold what a run measured against the gates.

    Raises
    ------
    RegistryError
        A metric is missing: what was not measured is not let through.
    """
    gates = []
    for name, (metric, side) in MEASURED.items():
        if metric not in metrics:
            raise RegistryError(
                f"gate {name} got no metric {metric!r} from the run; train the version again"
            )
        setting = getattr(settings, name)
        value = metrics[metric]
        passed = value > setting.threshold if side == "above" else value <= setting.threshold
        gates.append(
            Gate(name, value, side, setting.threshold, setting.severity, passed, setting.reason)
        )
    return Decision(tuple(gates))
