"""What a simulated quarter came to, in numbers."""

from typing import Any

import numpy as np
import pandas as pd
from quarter_life import Event, Lived
from quarter_market import Quarter

from kaidan.market.bar import BARS_PER_DAY, ONE_BAR
from kaidan.monitoring.decisions import Decisions
from kaidan.monitoring.loss_differences import LossDifferences
from kaidan.monitoring.watched import Watched
from kaidan.settings import Settings


def report(lived: Lived, quarter: Quarter, settings: Settings) -> dict[str, Any]:
    """Numbers, and in words what was told.

    Parameters
    ----------
    lived : Lived
    quarter : Quarter
    settings : Settings
    """
    decisions = lived.decisions
    assert decisions is not None
    retrained = [event for event in lived.events if event.kind == "retrain"]
    breaks_at = quarter.moment_in(quarter.story.regime_break)
    drifts = [one for one in lived.events if one.kind == "told" and one.text.startswith("drift")]
    before = [one for one in drifts if breaks_at is None or one.at <= breaks_at]
    return {
        "bars": {
            "decided": len(decisions),
            "by_level": {str(n): int((decisions.level == n).sum()) for n in (1, 2, 3, 0)},
            "equity_share_at_the_end": round(float(decisions.equity_share[-1]), 4),
        },
        "retrainings": {
            "tried": len(retrained),
            "by_exit_code": {
                str(code): sum(one.code == code for one in retrained)
                for code in sorted({one.code for one in retrained})
            },
        },
        "bad_release": _bad_release(lived, decisions),
        "regime_break": _regime_break(breaks_at, lived, decisions),
        "exchange_silent": _silence(quarter, decisions),
        "registry_down": _registry_down(lived),
        "false_alarms": {
            "drift_alarms_before_the_break": len(before),
            "weeks_with_one": len({(one.at - quarter.start).days // 7 for one in before}),
            "rolled_back_wrongly": sum(
                _is_rollback(one) and not _was_forced(lived, one) for one in lived.events
            ),
        },
        "told": [
            f"{one.at:%Y-%m-%d} {one.kind}{f' (exit {one.code})' if one.code else ''}: {one.text}"
            for one in lived.events
        ],
    }


def _is_rollback(event: Event) -> bool:
    return event.kind == "told" and event.text.startswith("canary") and " is back at " in event.text


def _was_forced(lived: Lived, event: Event) -> bool:
    forced = [one.at for one in lived.events if one.kind == "force"]
    return bool(forced) and forced[0] <= event.at <= forced[0] + pd.Timedelta(weeks=1)


def _bad_release(lived: Lived, decisions: Decisions) -> dict[str, Any] | None:
    """From its promotion until it was taken back: bars, loss, money."""
    forced = next((one.at for one in lived.events if one.kind == "force"), None)
    if forced is None:
        return None
    taken = next((one for one in lived.events if _is_rollback(one) and one.at > forced), None)
    end = taken.at if taken else forced + pd.Timedelta(weeks=1)
    during = (decisions.times >= forced) & (decisions.times < end)
    lived_through = decisions.take(np.asarray(during))
    differences = LossDifferences.live_and_shadow(lived_through)
    equity = lived_through.equity_share
    return {
        "taken_back": taken is not None,
        "bars_until_then": int(during.sum()),
        "nats_lost": round(float(differences.values.sum()), 1),
        "nats_lost_a_bar": str(differences.mean()),
        "equity_lost_share": round(float(1 - equity[-1] / equity[0]), 4),
    }


def _regime_break(
    breaks_at: pd.Timestamp | None, lived: Lived, decisions: Decisions
) -> dict[str, Any] | None:
    if breaks_at is None:
        return None
    told = next((at for at, look in lived.looks if at > breaks_at and _drifted(look)), None)
    after = decisions.take(np.asarray(decisions.times >= breaks_at))
    versions = list(dict.fromkeys(after.version[after.level == 1].tolist()))
    recovered = None
    if len(versions) > 1:
        # On the same bars: what was trained after the break, and the version before it.
        new = after.of_version(1, versions[-1])
        recovered = str(LossDifferences.live_and_shadow(new).mean())
    return {
        "told_after_bars": None if told is None else int((told - breaks_at) / ONE_BAR),
        "versions_since": versions,
        "log_loss_of_each": {
            str(version): round(_log_loss(after.of_version(1, version)), 4) for version in versions
        },
        "last_above_the_one_before_it": recovered,
    }


def _drifted(look: Watched) -> bool:
    return any(one.drift.drifted for one in look.levels if one.level == 1)


def _log_loss(decisions: Decisions) -> float:
    known = decisions.take(np.isfinite(decisions.labels))
    came = known.labels.astype(np.int64)
    said = known.probabilities[np.arange(len(came)), came]
    return float(-np.log(said).mean()) if len(came) else float("nan")


def _silence(quarter: Quarter, decisions: Decisions) -> dict[str, Any] | None:
    silent_at = quarter.moment_in(quarter.story.outage)
    if silent_at is None:
        return None
    day = pd.Timedelta(days=1)
    after = (decisions.times >= silent_at) & (decisions.times < silent_at + 2 * day)
    answered = decisions.level[np.asarray(after)]
    missing = 2 * BARS_PER_DAY - len(answered)
    return {"bars_missing": missing, "levels_in_two_days": _counts(answered)}


def _registry_down(lived: Lived) -> dict[str, Any]:
    failed = [one.at for one in lived.events if one.kind == "look"]
    decisions = lived.decisions
    assert decisions is not None
    if not failed:
        return {"looks_that_failed": 0}
    during = (decisions.times >= failed[0] - pd.Timedelta(days=1)) & (decisions.times < failed[-1])
    return {
        "looks_that_failed": len(failed),
        "levels_meanwhile": _counts(decisions.level[np.asarray(during)]),
    }


def _counts(levels: np.ndarray) -> dict[str, int]:
    return {str(n): int((levels == n).sum()) for n in sorted(set(levels.tolist()))}
