"""What came of a retraining: one answer, the same however often the week's is asked for."""

from dataclasses import dataclass
from typing import Any

from kaidan.market.bar import BARS_PER_DAY
from kaidan.monitoring.retraining.ruling import Ruling


@dataclass(frozen=True)
class Retrained:
    """The decided release of a week.

    Attributes
    ----------
    week : str
    release : str
        Run of all levels.
    rulings : tuple of Ruling
        Level 1 first.
    watch_bars : int
        For so long a promoted version is held against the one before it.
    live_now : dict of level to int or None
    did : str
        What this call had to do for it.
    """

    week: str
    release: str
    rulings: tuple[Ruling, ...]
    watch_bars: int
    live_now: dict[int, int | None]
    did: str

    @property
    def promoted(self) -> tuple[Ruling, ...]:
        """Of the levels that went live."""
        return tuple(one for one in self.rulings if one.went_live)

    @property
    def verdict(self) -> str:
        """`promoted`, `partly promoted` or `refused`."""
        if not self.promoted:
            return "refused"
        return "promoted" if len(self.promoted) == len(self.rulings) else "partly promoted"

    @property
    def refusals(self) -> str:
        """Why levels stay as they are, in one line."""
        return "; ".join(
            f"{one.version.name} version {one.version.number} is {one.move.verdict}"
            + (f" by {', '.join(one.refused_by)}" if one.refused_by else "")
            for one in self.rulings
            if not one.went_live
        )

    @property
    def sentence(self) -> str:
        """All of it in one line, for an alert."""
        live = [f"level {one.version.level} version {one.version.number}" for one in self.promoted]
        parts = [f"{', '.join(live)} went live" if live else "what is live stays", self.refusals]
        if self.watched:
            parts.append(self.watch)
        return f"retraining of week {self.week}: {self.verdict}; " + "; ".join(filter(None, parts))

    @property
    def watched(self) -> tuple[Ruling, ...]:
        """Of the levels that replaced a version, which now answers beside the new one."""
        return tuple(one for one in self.promoted if one.move.before is not None)

    @property
    def watch(self) -> str:
        """What happens now."""
        levels = ", ".join(str(one.version.level) for one in self.watched)
        return (
            f"the bot's watch of level {levels} begins: {self.watch_bars:,} bars "
            f"({self.watch_bars / BARS_PER_DAY:g} days) against the version before"
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return {
            "week": self.week,
            "release": self.release,
            "verdict": self.verdict,
            "did": self.did,
            "levels": [one.to_dict() for one in self.rulings],
            "live_now": self.live_now,
            "watch_bars": self.watch_bars if self.watched else 0,
        }

    def to_markdown(self) -> str:
        """The decision card."""
        lines = [
            f"## Retraining, week of {self.week}: {self.verdict}",
            "",
            "| level | version | verdict | before | refused by | warned by |",
            "|---|---|---|---|---|---|",
        ]
        for one in self.rulings:
            warned = [name for name, (_, _, mark) in one.checks.items() if mark == "warn"]
            lines.append(
                f"| {one.version.level} | {one.version.number} | {one.move.verdict} "
                f"| {one.move.before or '-'} | {', '.join(one.refused_by) or '-'} "
                f"| {', '.join(warned) or '-'} |"
            )
        if self.watched:
            lines += ["", f"{self.watch[0].upper()}{self.watch[1:]}."]
        for one in self.promoted:
            now = self.live_now[one.version.level]
            if now != one.version.number:
                stands = f"version {now} is live" if now else "nothing is live"
                lines += ["", f"Level {one.version.level}: by now {stands}; `kaidan history`."]
        for one in self.rulings:
            lines += ["", *_checks(one)]
        tags = self.rulings[0].version.tags
        lines += [
            "",
            f"Learnt from {tags['learnt_from'][:10]} to {tags['learnt_until'][:10]}, "
            f"data `{tags['data_sha256'][:12]}`, code `{tags['git_commit'][:12]}`; "
            f"run `{self.release}`.",
        ]
        return "\n".join(lines) + "\n"


def _checks(one: Ruling) -> list[str]:
    lines = [
        f"### Level {one.version.level}, version {one.version.number}",
        "",
        "| check | value | wanted | verdict |",
        "|---|---|---|---|",
    ]
    lines += [f"| {name} | {' | '.join(row)} |" for name, row in one.checks.items()]
    notes = one.move.decision.get("notes", [])
    return [*lines, *([""] if notes else []), *(f"- {note}" for note in notes)]
