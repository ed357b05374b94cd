"""Eight promoters at once: one after the other, and the history total and in order."""

import itertools

from kaidan.registry import journal
from kaidan.registry.record import State
from kaidan.registry.store import live_version
from tests.faults.processes import Crowd
from tests.release import register_twin
from tests.server import release, server, store

__all__ = ["release", "server", "store"]

N_PROMOTERS = 8


def test_eight_promoters_are_served_one_after_the_other(release, store, crowd: Crowd) -> None:
    numbers = [register_twin() for _ in range(N_PROMOTERS)]
    processes = [crowd.start(release.config, {3: number}) for number in numbers]
    assert [crowd.wait(process) for process in processes] == [0] * N_PROMOTERS
    records = list(itertools.takewhile(lambda r: r.number > 1, journal.newest_first()))[::-1]
    assert [record.state for record in records] == [State.done] * N_PROMOTERS
    moves = [record.made_live(3) for record in records]
    assert sorted(move.after for move in moves) == numbers
    for record, earlier, later in zip(records[1:], moves, moves[1:], strict=False):
        assert (later.before, later.previous) == (earlier.after, earlier.after)
        assert later.beneath == record.number - 1
    ended = [record.ended_at for record in records]
    assert ended == sorted(ended)
    assert live_version(3).number == moves[-1].after
