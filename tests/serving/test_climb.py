"""Down at once, up after a while: the whole of it, as a table."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaidan.serving.climb import Climb

# A word for each bar: the levels that can answer it, and after `>` the one that does (0: nobody).
TABLE = {
    "at a start nobody waits": (4, "123>1"),
    "a level that was never out answers": (4, "123>1 123>1"),
    "down is immediate, by as many steps as it takes": (4, "123>1 3>3"),
    "up again on the fourth bar in a row": (4, "123>1 23>2 123>2 123>2 123>2 123>1"),
    "out once more begins anew": (3, "23>2 123>2 123>2 23>2 123>2 123>2 123>1"),
    "one bar: no waiting": (1, "23>2 123>1 23>2 123>1"),
    "each level waits for itself": (3, "3>3 23>3 123>3 123>2 123>1"),
    "who should wait answers where nobody else can": (4, "123>1 23>2 1>1 123>1 23>2 23>2 123>2"),
    "after nobody could, whoever can does": (4, "123>1 >0 3>3 >0 123>1"),
    "below the one that answers nobody waits": (3, "3>3 13>3 123>3 123>1 23>2"),
    "a level that was out at the start waits": (2, "3>3 123>3 123>1"),
}


@pytest.mark.parametrize(("after_bars", "bars"), TABLE.values(), ids=TABLE)
def test_who_answers(after_bars: int, bars: str) -> None:
    climb = Climb(after_bars)
    for bar in bars.split():
        able, answers = bar.split(">")
        chosen = climb.step((level, str(level) in able) for level in (1, 2, 3))
        assert chosen == (int(answers) or None), bar


def test_levels_below_the_one_that_answers_are_not_asked() -> None:
    asked = []

    def ask():
        for level in (1, 2, 3):
            asked.append(level)
            yield level, level >= 2

    assert Climb(4).step(ask()) == 2
    assert asked == [1, 2]


def test_who_waits_says_for_how_long() -> None:
    climb = Climb(4)
    for able in (False, True, True):
        climb.step({1: able, 2: True}.items())
    assert climb.reason(1) == "could answer for 2 of 4 bars: waits"
    assert climb.above(2) == [1]


bars = st.lists(st.tuples(*[st.booleans()] * 3), max_size=30)


@given(bars, bars, st.integers(1, 5))
def test_a_restart_changes_nothing(before, after, after_bars) -> None:
    whole, first, second = Climb(after_bars), Climb(after_bars), Climb(after_bars)

    def answers(climb: Climb, rows) -> list[int | None]:
        return [climb.step(zip((1, 2, 3), row, strict=True)) for row in rows]

    expected = answers(whole, before + after)
    found = answers(first, before)
    second.restore(json.loads(json.dumps(first.state())))
    assert found + answers(second, after) == expected


@given(bars, st.integers(1, 5))
def test_somebody_answers_if_anybody_can_and_nobody_displaces_who_can_before_the_time_is_over(
    rows, after_bars
) -> None:
    climb = Climb(after_bars)
    last = None
    for number, row in enumerate(rows):
        chosen = climb.step(zip((1, 2, 3), row, strict=True))
        assert (chosen is None) == (not any(row))
        if chosen is not None:
            assert row[chosen - 1]
        if chosen is not None and last is not None and chosen < last and row[last - 1]:
            recent = rows[max(0, number - after_bars + 1) : number + 1]
            assert all(one[chosen - 1] for one in recent)
        last = chosen
