"""Candidate against champion, on the same hold-out bars, that neither has learnt from."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kaidan.artifact.runtime import Runtime, RuntimeRefusal
from kaidan.errors import RegistryError
from kaidan.evaluation.bootstrap import Interval, block_bootstrap
from kaidan.evaluation.scores import log_losses
from kaidan.market.bar import BARS_PER_DAY
from kaidan.registry.store import Version, fetch_bundle, fetch_run_artifact
from kaidan.signal import Signal

HOLDOUT_PATH = "decision/holdout.parquet"
LABEL = "label"

# An interval of fewer days than this is no interval.
MIN_BARS = 2 * BARS_PER_DAY


@dataclass(frozen=True)
class Comparison:
    """Two versions on the same bars.

    Attributes
    ----------
    champion : int
    n_bars : int
    skill : Interval
        Log-loss that the candidate saves, in nats a bar; NaN with too few bars to tell.
    trades_ratio : float in [0, 1]
        Bars on which one says BUY or SELL against those on which the other does, rarer first.
    """

    champion: int
    n_bars: int
    skill: Interval
    trades_ratio: float

    def to_metrics(self) -> dict[str, float]:
        """Flat names, as the gates read them."""
        return self.skill.to_metrics("champion.skill") | {
            "champion.trades_ratio": self.trades_ratio,
            "champion.n_bars": float(self.n_bars),
        }

    def __str__(self) -> str:
        if self.n_bars < MIN_BARS:
            return (
                f"Champion version {self.champion} has learnt from all but {self.n_bars} of the "
                "hold-out bars: nothing tells the two apart. Train on later bars."
            )
        return (
            f"Against champion version {self.champion}, on {self.n_bars:,} hold-out bars that "
            f"neither has learnt from: {self.skill} nats a bar saved."
        )


def compare(candidate: Version, champion: Version) -> Comparison | str:
    """Ask both about the candidate's hold-out.

    Returns
    -------
    Comparison or str
        Why the champion cannot be asked: its inputs are not the candidate's, or it is damaged.
    """
    if champion.tags.get("contract_sha256") != candidate.tag("contract_sha256"):
        return (
            f"Champion version {champion.number} was trained for another contract and cannot be "
            "asked about these bars."
        )
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        rows = pd.read_parquet(fetch_run_artifact(candidate, HOLDOUT_PATH, Path(folder)))
        own = _open(candidate, Path(folder) / "candidate")
        try:
            other = _open(champion, Path(folder) / "champion")
            unseen = _unseen(pd.DatetimeIndex(rows.index), champion)
        except (RuntimeRefusal, RegistryError) as error:
            return f"Champion version {champion.number} cannot be asked: {error}."
    rows = rows[unseen]
    if len(rows) < MIN_BARS:
        nothing = Interval(np.nan, np.nan, np.nan)
        return Comparison(champion.number, len(rows), nothing, np.nan)
    y = rows[LABEL].to_numpy(dtype=np.int64)
    said = [(model, _answers(model, rows)) for model in (own, other)]
    mine, theirs = (log_losses(y, answers) for _, answers in said)
    actions = [int((model.decide(p)[0] != int(Signal.HOLD)).sum()) for model, p in said]
    fewer, more = sorted(actions)
    return Comparison(
        champion.number,
        len(rows),
        block_bootstrap(theirs - mine),
        # One is added to both, so that none against none is alike.
        (fewer + 1) / (more + 1),
    )


def _open(version: Version, folder: Path) -> Runtime:
    folder.mkdir()
    bundle = fetch_bundle(version, folder)
    return Runtime.open(bundle, expected_sha256=version.tag("model_sha256"))


def _answers(model: Runtime, rows: pd.DataFrame) -> NDArray[np.float64]:
    return model.predict(rows[list(model.features)].to_numpy()).astype(np.float64)


def _unseen(times: pd.DatetimeIndex, champion: Version) -> NDArray[np.bool_]:
    """Bars whose label shares no bar with one that the champion was fitted on."""
    first, last = (pd.Timestamp(champion.tag(tag)) for tag in ("learnt_from", "learnt_until"))
    return np.asarray((times < first) | (times > last))
