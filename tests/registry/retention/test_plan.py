"""What may be deleted, for any history; what never is."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from kaidan.registry.retention.plan import DAY_MS, Held, Verdict, plan
from kaidan.registry.store import Version

NOW_MS = 1_800_000_000_000


def version(number: int, *, days: float = 100, stage: str = "None", **tags: str) -> Version:
    created_ms = int(NOW_MS - days * DAY_MS)
    known = {"model_sha256": "ab", "verdict": "refused"} | tags
    return Version(3, number, stage, (), known, "run", created_ms, created_ms)


def promoted(number: int, **given: object) -> Version:
    return version(number, promoted_at="2026-01-01", verdict="promoted", **given)


def planned(
    versions: list[Version],
    held: Held | None = None,
    *,
    keep: int = 1,
    older_than_days: int | None = None,
    damaged: tuple[int, ...] = (),
) -> dict[int, Verdict]:
    found = plan(
        versions,
        held or Held(),
        lambda one: one.number not in damaged,
        keep=keep,
        older_than_days=older_than_days,
        now_ms=NOW_MS,
    )
    assert [one.version.number for one in found] == sorted(
        (one.number for one in versions), reverse=True
    )
    return {one.version.number: one for one in found}


def deleted(*args: object, **options: object) -> list[int]:
    return sorted(number for number, one in planned(*args, **options).items() if not one.kept)


def test_all_but_the_newest_go_and_each_says_why() -> None:
    found = planned([version(n) for n in range(1, 6)], keep=2)
    assert [found[n].kept for n in range(1, 6)] == [False] * 3 + [True] * 2
    assert found[5].why == "one of the newest 2"
    assert found[1].why == "not one of the newest 2"


def test_a_version_is_as_old_as_its_registration() -> None:
    versions = [version(1, days=31), version(2, days=29), version(3, days=0)]
    found = planned(versions, older_than_days=30)
    assert [found[n].kept for n in (1, 2, 3)] == [False, True, True]
    assert found[1].why == "not one of the newest 1, older than 30 days"
    assert found[2].why == "not older than 30 days"


def test_what_is_live_is_kept_by_alias_by_stage_and_by_history() -> None:
    versions = [version(n, stage="Production" if n == 2 else "None") for n in range(1, 7)]
    found = planned(versions, Held(live=3, aliases={"production": 1}))
    assert {n for n, one in found.items() if one.why == "live"} == {1, 2, 3}
    assert deleted(versions, Held(live=3, aliases={"production": 1})) == [4, 5]


def test_what_a_rollback_goes_back_to_is_kept_by_alias_and_by_history() -> None:
    versions = [version(n) for n in range(1, 6)]
    found = planned(versions, Held(live=5, previous=2, aliases={"previous": 1}))
    assert {n for n, one in found.items() if one.why == "a rollback goes back to it"} == {1, 2}


def test_the_newest_other_version_that_was_good_and_verifies_is_kept() -> None:
    versions = [promoted(1), promoted(2), version(3), promoted(4), promoted(5), promoted(6)]
    held = Held(live=6, previous=5)
    found = planned(versions, held)
    assert found[4].why == "the last verified one, beside what is live and before it"
    assert deleted(versions, held) == [1, 2, 3]
    assert deleted(versions, held, damaged=(4,)) == [1, 3, 4]


def test_one_that_passed_the_gates_counts_though_it_was_never_live() -> None:
    versions = [promoted(1), version(2, verdict="promotable"), version(3), promoted(4)]
    assert deleted(versions, Held(live=4)) == [1, 3]


def test_a_good_one_among_the_newest_spares_no_older_one() -> None:
    versions = [promoted(1), promoted(2), promoted(3)]
    assert deleted(versions, Held(live=3), keep=2) == [1]


def test_while_no_good_version_verifies_all_of_them_are_kept() -> None:
    versions = [version(1), promoted(2), promoted(3), promoted(4)]
    found = planned(versions, Held(live=4), damaged=(2, 3))
    assert [found[n].why for n in (2, 3)] == ["was good, and none of its kind verifies now"] * 2
    assert deleted(versions, Held(live=4), damaged=(2, 3)) == [1]


def test_nothing_is_read_back_when_nothing_is_to_be_deleted() -> None:
    def fail(_: Version) -> bool:
        raise AssertionError

    found = plan([promoted(1)], Held(), fail, keep=1, older_than_days=None, now_ms=NOW_MS)
    assert found[0].kept


def test_an_alias_a_stage_and_a_move_under_way_hold_a_version() -> None:
    versions = [version(1), version(2, stage="Staging"), version(3), version(4), version(5)]
    found = planned(versions, Held(aliases={"pinned": 1}, under_way={3: 17}))
    assert [found[n].why for n in (1, 2, 3)] == [
        "has the alias pinned",
        "its stage is Staging",
        "record 17 is under way",
    ]
    assert not found[4].kept


def test_imported_history_is_kept_and_not_counted() -> None:
    imported = Version(3, 9, "Archived", (), {"verdict": "legacy"}, "run", 0, 0)
    foreign = Version(3, 8, "None", (), {}, "", 0, 0)
    found = planned([version(1), version(2), foreign, imported])
    assert found[9].why == "imported history: no bytes to free"
    assert found[8].why == "not registered by kaidan"
    assert (found[2].kept, found[1].kept) == (True, False)


def test_one_that_is_not_judged_yet_is_kept_for_a_day() -> None:
    versions = [version(n, days=d, verdict="not judged") for n, d in ((1, 1.1), (2, 0.9), (3, 0))]
    assert deleted(versions) == [1]


@dataclass(frozen=True)
class Registry:
    versions: list[Version]
    held: Held
    damaged: frozenset[int]


@st.composite
def registries(draw: st.DrawFn) -> Registry:
    """Versions in any state, some of them live one after the other, some deleted before."""
    numbers = draw(st.lists(st.integers(1, 30), unique=True, max_size=15))
    any_of = st.sampled_from(numbers) if numbers else st.nothing()
    some = st.frozensets(any_of) if numbers else st.just(frozenset())
    maybe = st.none() | any_of
    good, legacy = draw(some), draw(some)
    versions = [
        Version(3, number, "Archived", (), {"verdict": "legacy"}, "", 0, 0)
        if number in legacy
        else (promoted if number in good else version)(number, days=draw(st.integers(0, 60)))
        for number in numbers
    ]
    live, previous = draw(maybe), draw(maybe)
    aliases = {"production": draw(maybe), "previous": draw(maybe), "pinned": draw(maybe)}
    held = Held(
        live=live,
        previous=previous,
        aliases={name: number for name, number in aliases.items() if number is not None},
        under_way=dict.fromkeys(draw(some), 7),
    )
    return Registry(versions, held, draw(some))


@given(registries(), st.integers(1, 6), st.none() | st.integers(0, 60))
def test_exactly_what_is_beyond_keep_and_not_held_goes(
    registry: Registry, keep: int, older_than_days: int | None
) -> None:
    held = registry.held
    gone = set(
        deleted(
            registry.versions,
            held,
            keep=keep,
            older_than_days=older_than_days,
            damaged=tuple(registry.damaged),
        )
    )
    models = sorted(one.number for one in registry.versions if "model_sha256" in one.tags)
    young = {
        one.number
        for one in registry.versions
        if older_than_days is not None and NOW_MS - one.created_ms <= older_than_days * DAY_MS
    }
    never = {held.live, held.previous, *held.aliases.values(), *held.under_way}
    live = {held.live, held.previous} | {
        held.aliases.get(name) for name in ("production", "previous")
    }
    good = {one.number for one in registry.versions if "promoted_at" in one.tags} - live
    whole = good - registry.damaged
    verified = {max(whole)} if whole else good
    assert gone == set(models[:-keep]) - young - never - verified


@given(registries(), st.integers(1, 6))
def test_what_is_left_is_planned_to_stay(registry: Registry, keep: int) -> None:
    gone = deleted(registry.versions, registry.held, keep=keep, damaged=tuple(registry.damaged))
    rest = [one for one in registry.versions if one.number not in gone]
    assert deleted(rest, registry.held, keep=keep, damaged=tuple(registry.damaged)) == []
