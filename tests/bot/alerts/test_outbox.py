import pytest

from kaidan.bot.alerts.outbox import Outbox
from kaidan.bot.alerts.severity import Severity

HOUR = 3600.0


@pytest.fixture
def outbox():
    outbox = Outbox(None)
    yield outbox
    outbox.close()


def add(outbox: Outbox, severity: Severity, text: str, now: float = 0.0):
    return outbox.add(severity, text, at=now, now=now, done=False)


def test_the_most_urgent_and_then_the_oldest_is_delivered_first(outbox):
    for severity, text in (
        (Severity.info, "d"),
        (Severity.warning, "c"),
        (Severity.critical, "a"),
        (Severity.critical, "b"),
    ):
        add(outbox, severity, text)
    assert [letter.text for letter in outbox.waiting("x")] == ["a", "b", "c", "d"]


def test_a_letter_is_done_when_every_receiver_has_got_it(outbox):
    letter = add(outbox, Severity.critical, "a")
    outbox.hand_over([letter], "x", ["x", "y"], given_up=0)
    assert outbox.waiting("x") == []
    assert outbox.waiting("y") == [letter]
    assert outbox.undelivered()[Severity.critical] == 1
    outbox.hand_over([letter], "y", ["x", "y"], given_up=0)
    assert outbox.waiting("y") == []
    assert outbox.undelivered()[Severity.critical] == 0


def test_old_warnings_are_given_up_and_counted_and_criticals_never_are(outbox):
    old = [add(outbox, Severity.warning, "w"), add(outbox, Severity.info, "i")]
    critical = add(outbox, Severity.critical, "c")
    outbox.hand_over(old[:1], "x", ["x", "y"], given_up=0)
    day = {"forget_after_seconds": 24 * HOUR, "receivers": ["x", "y"]}
    assert outbox.clear(24 * HOUR, **day) == 0
    assert outbox.clear(24 * HOUR + 1, **day) == 2
    assert outbox.waiting("y") == [critical]
    assert (outbox.given_up("x"), outbox.given_up("y")) == (1, 2)
    assert outbox.clear(1000 * HOUR, **day) == 0
    outbox.hand_over([critical], "y", ["x", "y"], given_up=2)
    assert (outbox.given_up("x"), outbox.given_up("y")) == (1, 0)


def test_what_is_done_counts_for_an_hour_and_is_then_removed(outbox):
    letter = add(outbox, Severity.warning, "w", now=100.0)
    outbox.hand_over([letter], "x", ["x"], given_up=0)
    rule = {"forget_after_seconds": 24 * HOUR, "receivers": ["x"]}
    outbox.clear(100.0 + HOUR - 1, **rule)
    assert outbox.made_lately(Severity.warning, 100.0 + HOUR - 1) == 1
    outbox.clear(100.0 + HOUR, **rule)
    assert outbox.made_lately(Severity.warning, 100.0 + HOUR) == 0
    assert outbox.db.execute("SELECT count(*) FROM letter").fetchone() == (0,)
    assert outbox.db.execute("SELECT count(*) FROM delivered").fetchone() == (0,)


def test_a_change_that_fails_half_way_leaves_nothing_behind(outbox):
    def half_way():
        with outbox.at_once():
            add(outbox, Severity.critical, "a")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        half_way()
    assert outbox.waiting("x") == []


def test_a_copy_in_memory_has_the_same_letters(tmp_path):
    outbox = Outbox(tmp_path / "alerts.sqlite")
    letter = add(outbox, Severity.critical, "a")
    copy = outbox.in_memory()
    assert copy.waiting("x") == [letter]
    copy.close()
