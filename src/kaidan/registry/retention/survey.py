"""What a retention finds: every version, whether it stays and why, and the bytes that it frees."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

from mlflow.exceptions import MlflowException

from kaidan.errors import RegistryError, StoreError
from kaidan.registry import journal
from kaidan.registry.client import Client
from kaidan.registry.retention import logged_models
from kaidan.registry.retention.plan import Held, Verdict, plan
from kaidan.registry.rollback import steps_back
from kaidan.registry.store import Version, model_name, store_errors, versions_of
from kaidan.registry.verification import verify
from kaidan.settings import Settings


@dataclass(frozen=True)
class Rule:
    """How many versions of a level are kept, and for how long."""

    keep: int
    older_than_days: int | None = None

    def __str__(self) -> str:
        age = "" if self.older_than_days is None else f" --older-than {self.older_than_days}"
        return f"--keep {self.keep}{age}"


@dataclass(frozen=True)
class Planned:
    """A version in the plan.

    Attributes
    ----------
    verdict : Verdict
    model_id : str or None
        Logged model that holds its files.
    freed_bytes : int
        When it goes; 0 where another version shares its files and stays, or goes later.
    """

    verdict: Verdict
    model_id: str | None
    freed_bytes: int


@dataclass(frozen=True)
class Survey:
    """What a retention would do.

    Attributes
    ----------
    rule : Rule
    planned : mapping of level to versions, newest first
    left_over : tuple of str
        Logged models that an earlier retention did not come to delete.
    """

    rule: Rule
    planned: Mapping[int, tuple[Planned, ...]]
    left_over: tuple[str, ...]

    @property
    def goes(self) -> dict[int, list[Planned]]:
        """What is to be deleted, oldest first, at the levels where there is something."""
        found = {
            level: [one for one in reversed(planned) if not one.verdict.kept]
            for level, planned in self.planned.items()
        }
        return {level: some for level, some in found.items() if some}


def survey(levels: tuple[int, ...], rule: Rule, settings: Settings) -> Survey:
    """Look at every version of some levels; write nothing.

    Raises
    ------
    RegistryError
        The store cannot be read.
    """
    planned = {}
    for level, verdicts in decide(levels, rule, settings).items():
        models = logged_models.by_version(level)
        goes = [one.version.number for one in verdicts if not one.kept]
        stays = {models.get(one.version.number) for one in verdicts if one.kept}
        # Of several that go and share their files, the last to go frees them.
        last = {models[number]: number for number in sorted(goes) if number in models}
        frees = {number: model for model, number in last.items() if model not in stays}
        planned[level] = tuple(
            Planned(
                one,
                models.get(one.version.number),
                logged_models.size_bytes(frees[one.version.number])
                if one.version.number in frees
                else 0,
            )
            for one in verdicts
        )
    return Survey(rule, planned, logged_models.left_over())


def decide(
    levels: tuple[int, ...], rule: Rule, settings: Settings
) -> dict[int, tuple[Verdict, ...]]:
    """What is to become of every version of some levels, and why."""
    under_way = _under_way()
    now_ms = int(time.time() * 1000)

    def verifies(version: Version) -> bool:
        try:
            verify(version, settings)
        except StoreError:
            raise
        except RegistryError:
            return False
        return True

    return {
        level: plan(
            versions_of(level),
            _held(level, under_way.get(level, {})),
            verifies,
            keep=rule.keep,
            older_than_days=rule.older_than_days,
            now_ms=now_ms,
        )
        for level in levels
    }


def _under_way() -> dict[int, dict[int, int]]:
    """By level and version, the open record that names it."""
    found: dict[int, dict[int, int]] = {}
    for record in journal.still_open():
        for move in record.moves:
            for number in (move.before, move.after, move.candidate, move.previous):
                if number is not None:
                    found.setdefault(move.level, {})[number] = record.number
    return found


def _held(level: int, under_way: Mapping[int, int]) -> Held:
    steps = [step.version for step in islice(steps_back(level), 2)]
    name = model_name(level)
    with store_errors(f"look for the aliases of {name}"):
        try:
            aliases = Client().get_registered_model(name).aliases
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            aliases = {}
    return Held(
        live=steps[0] if steps else None,
        previous=steps[1] if len(steps) > 1 else None,
        aliases={alias: int(number) for alias, number in aliases.items()},
        under_way=under_way,
    )
