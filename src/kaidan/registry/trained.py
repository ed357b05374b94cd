"""What came of training a level, for whoever asked for it."""

from dataclasses import dataclass
from typing import Any

from kaidan.evaluation.performance import Performance
from kaidan.evaluation.report import Judged
from kaidan.registry.decision import Decision
from kaidan.registry.store import Version


@dataclass(frozen=True)
class Trained:
    """A level after its run.

    Attributes
    ----------
    version : Version
    decision : Decision
    live : bool
        It is the Production version now.
    out_of_fold, holdout : Judged
    performances : dict of contender to Performance
        Out of fold, after costs.
    seconds : float, wall time of this level
    peak_mb : float, largest resident memory of the process so far
    """

    version: Version
    decision: Decision
    live: bool
    out_of_fold: Judged
    holdout: Judged
    performances: dict[str, Performance]
    seconds: float
    peak_mb: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return {
            "level": self.version.level,
            "model": self.version.name,
            "version": self.version.number,
            "live": self.live,
            "run_id": self.version.run_id,
            "model_sha256": self.version.tags["model_sha256"],
            "decision": self.decision.to_dict(),
            "out_of_fold": self.out_of_fold.table().to_dict("index"),
            "traded": {n: p.to_dict() for n, p in self.performances.items()},
            "holdout": self.holdout.table().to_dict("index"),
            "seconds": round(self.seconds, 1),
            "peak_mb": round(self.peak_mb),
        }
