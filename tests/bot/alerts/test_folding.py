import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from kaidan.bot.alerts.folding import Folding
from kaidan.bot.alerts.message import Letter
from kaidan.bot.alerts.outbox import Outbox
from kaidan.bot.alerts.severity import Severity, Telling
from kaidan.bot_settings import AlertSettings, BySeverity

NOON = 1_800_014_400.0  # 2027-01-15 12:00 UTC
LIMITS = AlertSettings(
    repeat_seconds=BySeverity(critical=900, warning=3600, info=21600),
    max_warnings_per_hour=3,
    max_infos_per_hour=2,
    timeout_seconds=1,
    retry_seconds=1,
    max_retry_seconds=1,
    forget_after_hours=24,
)


class Desk:
    """A folding and its clock; answers with texts."""

    def __init__(self) -> None:
        self.outbox = Outbox(None)
        self.folding = Folding(self.outbox, LIMITS, log_only=False)
        self.now = NOON

    def letters(self, *tellings: Telling, after: float = 0.0) -> list[Letter]:
        self.now += after
        with self.outbox.at_once():
            return self.folding.fold(tellings, self.now)

    def tell(self, severity: Severity, key: str, text: str, after: float = 0.0) -> list[str]:
        return self._texts(severity, key, text, after)

    def settle(self, key: str, text: str, after: float = 0.0) -> list[str]:
        return self._texts(None, key, text, after)

    def _texts(self, severity: Severity | None, key: str, text: str, after: float) -> list[str]:
        telling = Telling(self.now + after, severity, key, text)
        return [letter.text for letter in self.letters(telling, after=after)]

    def wait(self, seconds: float) -> list[str]:
        return [letter.text for letter in self.letters(after=seconds)]


@pytest.fixture
def desk():
    desk = Desk()
    yield desk
    desk.outbox.close()


def test_what_is_told_once_is_one_letter(desk):
    assert desk.tell(Severity.warning, "macro", "USD/JPY is stale") == ["USD/JPY is stale"]
    assert desk.wait(100_000) == []


@pytest.mark.parametrize("severity", Severity)
def test_repeats_are_counted_and_told_when_the_time_is_over(desk, severity):
    repeat_seconds = getattr(LIMITS.repeat_seconds, severity.name)
    assert desk.tell(severity, "exchange", "no bar 1") == ["no bar 1"]
    for number in range(12):
        assert desk.tell(severity, "exchange", f"no bar {number + 2}", after=10) == []
    assert desk.wait(repeat_seconds - 121) == []
    assert desk.wait(1) == ["no bar 13 (+12 more since 2027-01-15 12:00 UTC)"]
    assert desk.wait(100_000) == []


def test_after_the_time_the_same_matter_is_told_as_if_new(desk):
    desk.tell(Severity.critical, "a", "first")
    assert desk.tell(Severity.critical, "a", "second", after=900) == ["second"]


def test_different_matters_and_severities_do_not_fold_each_other(desk):
    assert desk.tell(Severity.warning, "a", "slow") == ["slow"]
    assert desk.tell(Severity.warning, "b", "slow, too") == ["slow, too"]
    assert desk.tell(Severity.critical, "a", "gone") == ["gone"]


def test_a_flood_of_warnings_becomes_one_summary_when_the_hour_allows_it(desk):
    for number in range(3):
        assert desk.tell(Severity.warning, f"key {number}", f"text {number}") != []
    for _ in range(2):
        for number in range(3, 15):
            assert desk.tell(Severity.warning, f"key {number}", f"text {number}") == []
    assert desk.wait(3599) == []
    (summary,) = desk.wait(1)
    assert summary.splitlines()[0] == "warnings held back: 24"
    assert "text 3 (2 times since 2027-01-15 12:00 UTC)" in summary
    assert summary.splitlines()[-1] == "and 4 other matters"
    assert len(summary) < 1500


def test_criticals_are_never_held_back(desk):
    told = [desk.tell(Severity.critical, f"key {n}", f"text {n}") for n in range(200)]
    assert told == [[f"text {n}"] for n in range(200)]


def test_a_matter_that_was_told_is_settled_once(desk):
    desk.tell(Severity.warning, "a", "down")
    assert desk.settle("a", "up again", after=60) == ["up again"]
    assert desk.settle("a", "up again", after=60) == []
    assert desk.wait(100_000) == []


def test_a_matter_that_nobody_heard_of_is_not_settled(desk):
    assert desk.settle("a", "up again") == []


def test_a_settled_matter_tells_how_often_it_was_told_meanwhile(desk):
    desk.tell(Severity.critical, "a", "down")
    desk.tell(Severity.critical, "a", "down", after=1)
    assert desk.settle("a", "up", after=1) == ["up (+1 more meanwhile)"]


def test_a_critical_matter_that_comes_back_is_told_at_once(desk):
    desk.tell(Severity.critical, "a", "down")
    desk.settle("a", "up", after=1)
    assert desk.tell(Severity.critical, "a", "down again", after=1) == ["down again"]
    assert desk.settle("a", "up again", after=1) == ["up again"]


def test_a_warning_that_flaps_is_told_twice_at_most_within_its_time(desk):
    told = []
    for _ in range(20):
        told += desk.tell(Severity.warning, "a", "down", after=1)
        told += desk.settle("a", "up", after=1)
    assert told == ["down", "up"]
    (last,) = desk.wait(3600)
    assert last == "down (+19 more since 2027-01-15 12:00 UTC); since then: up"
    assert desk.settle("a", "up", after=1) == []


def test_a_clock_that_was_set_back_silences_nobody(desk):
    for n in range(3):
        desk.tell(Severity.warning, f"key {n}", "before")
    assert desk.tell(Severity.warning, "key 0", "after", after=-86_400) == ["after"]


def test_the_memory_of_matters_survives_a_restart(desk):
    desk.tell(Severity.warning, "a", "down")
    desk.folding = Folding(desk.outbox, LIMITS, log_only=False)
    assert desk.folding.unsettled() == {"a"}
    assert desk.tell(Severity.warning, "a", "down", after=60) == []
    assert desk.settle("a", "up") == ["up (+1 more meanwhile)"]
    assert desk.folding.unsettled() == set()


EVENTS = st.lists(
    st.tuples(
        st.sampled_from([*Severity, None]),
        st.sampled_from("abcdef"),
        st.floats(min_value=0, max_value=2000),
    ),
    max_size=40,
)


@hypothesis_settings(max_examples=60, deadline=None)
@given(events=EVENTS)
def test_whatever_is_told_limits_hold_and_every_critical_is_told_in_time(events):
    desk = Desk()
    made: list[tuple[float, Letter]] = []
    owed: dict[str, tuple[float, str]] = {}
    try:
        for number, (severity, key, after) in enumerate(events):
            text = f"<{number}>"
            letters = desk.letters(Telling(desk.now + after, severity, key, text), after=after)
            made += [(desk.now, letter) for letter in letters]
            if severity is Severity.critical:
                owed[key] = (desk.now, text)
            elif severity is None:
                owed.pop(key, None)
        made += [(desk.now, letter) for letter in desk.letters(after=900)]
    finally:
        desk.outbox.close()
    told = [letter.text for _, letter in made if letter.severity is Severity.critical]
    for _, text in owed.values():
        assert any(text in one for one in told)
    for severity, limit in ((Severity.warning, 3), (Severity.info, 2)):
        times = [at for at, letter in made if letter.severity is severity]
        assert all(sum(at - 3600 < t <= at for t in times) <= limit for at in times)
