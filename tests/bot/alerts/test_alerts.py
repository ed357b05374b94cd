import logging
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from kaidan.bot.alerts.addresses import VARIABLE
from kaidan.bot.alerts.severity import Severity
from tests.bot.alerts.post_office import answers, hangs, trickles

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def _log(caplog):
    caplog.set_level(logging.INFO)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def test_an_alert_reaches_a_receiver_through_apprise(office, open_alerts, caplog):
    alerts = open_alerts(office.url)
    alerts.tell(Severity.warning, "macro", "USD/JPY is stale")
    assert office.wait_for(lambda office: office.accepted)
    (got,) = office.accepted
    assert got["title"] == "kaidan paper: WARNING"
    assert got["message"].endswith("UTC USD/JPY is stale")
    assert "alerts go to json://**** (address 1)" in caplog.messages


@pytest.mark.usefixtures("quick")
def test_without_addresses_the_log_is_told_and_told_that_it_is_alone(open_alerts, caplog):
    alerts = open_alerts()
    alerts.tell(Severity.critical, "a", "the account is down 15 %")
    alerts.close()
    assert "alerts go to this log only" in caplog.text
    (said,) = [r for r in caplog.records if r.getMessage() == "the account is down 15 %"]
    assert said.levelno == logging.CRITICAL
    assert alerts.undelivered[Severity.critical] == 0


def test_a_wrong_address_is_told_in_one_line_and_the_others_work(office, open_alerts, caplog):
    alerts = open_alerts("dicsord://11122233/to-ken", office.url)
    alerts.tell(Severity.critical, "a", "down")
    alerts.close(wait_seconds=20)
    assert "down" in office.text
    (line,) = [r.getMessage() for r in caplog.records if r.levelno == logging.ERROR]
    assert line.startswith("KAIDAN_ALERT_URLS: apprise does not know dicsord://**** (address 1)")
    for secret in ("to-ken", "se-cret", "pass-word"):
        assert secret not in caplog.text


def errands() -> list[psutil.Process]:
    """Children that deliver; a worker of the tests has others, too."""
    children = psutil.Process().children()
    return [one for one in children if "kaidan.bot.errands.child" in one.cmdline()]


def test_a_receiver_that_hangs_trickles_and_fails_gets_everything_once_it_recovers(
    office, open_alerts, caplog
):
    alerts = open_alerts(office.url, timeout_seconds=3.0)
    for number, behaviour in enumerate([hangs, trickles, answers(500)], start=1):
        office.behaviour = behaviour
        asked = office.asked
        begun = time.monotonic()
        alerts.tell(Severity.critical, f"key {number}", f"<{number}>")
        assert time.monotonic() - begun < 1.5
        assert office.wait_for(lambda office, asked=asked: office.asked > asked)
    assert office.accepted == []
    assert alerts.failing == ("json://**** (address 1)",)
    office.behaviour = answers(200)
    assert office.wait_for(lambda office: all(f"<{n}>" in office.text for n in range(1, 4)))
    alerts.close(wait_seconds=20)
    assert sum("alerts do not reach" in line for line in caplog.messages) == 1
    assert sum("again, tried" in line for line in caplog.messages) == 1
    assert not errands()


@pytest.mark.usefixtures("quick")
def test_a_receiver_that_is_down_holds_up_no_other(office, open_alerts):
    alerts = open_alerts(f"json://127.0.0.1:{free_port()}/", office.url)
    alerts.tell(Severity.critical, "a", "<a>")
    assert office.wait_for(lambda office: "<a>" in office.text)
    assert alerts.undelivered[Severity.critical] == 1
    alerts.tell(Severity.critical, "b", "<b>")
    assert office.wait_for(lambda office: "<b>" in office.text)
    assert office.text.count("<a>") == 1


@pytest.mark.usefixtures("quick")
def test_a_letter_that_is_refused_holds_up_no_other(office, open_alerts):
    alerts = open_alerts(office.url)
    refused = answers(400)

    def picky(handler):
        poisoned = "poison" in str(handler.said)
        (refused if poisoned else answers(200))(handler)

    office.behaviour = picky
    alerts.tell(Severity.critical, "a", "poison")
    alerts.tell(Severity.warning, "b", "<b>")
    alerts.tell(Severity.info, "c", "<c>")
    assert office.wait_for(lambda office: "<b>" in office.text and "<c>" in office.text)
    assert alerts.undelivered[Severity.critical] == 1


@pytest.mark.usefixtures("quick")
def test_criticals_arrive_before_older_warnings_and_infos(office, open_alerts):
    office.behaviour = answers(500)
    alerts = open_alerts(office.url)
    alerts.tell(Severity.info, "a", "<info>")
    alerts.tell(Severity.warning, "b", "<warning>")
    assert office.wait_for(lambda office: office.asked > 1)
    alerts.tell(Severity.critical, "c", "<critical>")
    alerts.close()
    office.behaviour = answers(200)
    open_alerts(office.url).close(wait_seconds=20)
    places = [office.text.index(f"<{name}>") for name in ("critical", "warning", "info")]
    assert places == sorted(places)


@pytest.mark.usefixtures("quick")
def test_no_critical_is_lost_on_a_receiver_that_fails_at_random(office, open_alerts):
    lots = random.Random(5)

    def moody(handler):
        answers(lots.choice([200, 200, 500, 429]) if office.asked > 1 else 500)(handler)

    office.behaviour = moody
    alerts = open_alerts(office.url)
    told = [f"<{number}>" for number in range(40)]

    def tell(part):
        for text in told[part::3]:
            alerts.tell(Severity.critical, f"key {text}", f"{text} " + "x" * lots.randrange(400))
            alerts.tell(Severity.warning, "noise", "noise")

    threads = [threading.Thread(target=tell, args=(part,)) for part in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert office.wait_for(lambda office: all(text in office.text for text in told), 30)
    assert office.asked > len(office.accepted)


TELLER = """
import logging, sys, time
from pathlib import Path
from kaidan.bot.alerts import delivery, receiver
from kaidan.bot.alerts.addresses import alert_addresses
from kaidan.bot.alerts.alerts import Alerts
from kaidan.bot.alerts.severity import Severity
from kaidan.bot_settings import AlertSettings
delivery.ERRAND = receiver.ERRAND = "tests.bot.alerts.quick_errand"
settings = AlertSettings.model_validate_json(sys.argv[2])
first, number = int(sys.argv[3]), int(sys.argv[4])
with Alerts(Path(sys.argv[1]), settings, bot="paper", addresses=alert_addresses()) as alerts:
    for n in range(first, first + number):
        alerts.tell(Severity.critical, f"key {n}", f"<{n}>")
        print(n, flush=True)
    time.sleep(60)
"""


def test_kill_9_loses_no_critical_that_was_told(tmp_path, settings, office, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv(VARIABLE, office.url)
    office.behaviour = answers(503)
    lots = random.Random(3)
    told = 0

    def start(first: int, number: int) -> subprocess.Popen[str]:
        arguments = [str(tmp_path / "alerts.sqlite"), settings.model_dump_json()]
        return subprocess.Popen(
            [sys.executable, "-c", TELLER, *arguments, str(first), str(number)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    for _ in range(4):
        process = start(told, 1000)
        for _ in range(lots.randrange(3, 15)):
            told = int(process.stdout.readline()) + 1
        process.send_signal(signal.SIGKILL)
        # What it had said by then counts, too.
        rest, _ = process.communicate()
        told = max([told, *(int(line) + 1 for line in rest.split())])
    assert told > 12
    assert office.accepted == []
    office.behaviour = answers(200)
    process = start(told, 1)
    try:
        assert office.wait_for(
            lambda office: all(f"<{n}>" in office.text for n in range(told + 1)), 30
        )
    finally:
        process.kill()
        process.communicate()


@pytest.mark.usefixtures("quick")
def test_a_matter_is_settled_across_a_restart(office, open_alerts):
    first = open_alerts(office.url)
    first.tell(Severity.warning, "a", "<down>")
    first.close(wait_seconds=20)
    assert "<down>" in office.text
    alerts = open_alerts(office.url)
    alerts.settle("never", "<never>")
    alerts.settle("a", "<up>")
    alerts.settle("a", "<up>")
    alerts.close(wait_seconds=20)
    assert office.text.count("<up>") == 1
    assert "<never>" not in office.text


@pytest.mark.usefixtures("quick")
def test_after_a_day_of_silence_old_warnings_are_given_up_and_counted(office, open_alerts, caplog):
    office.behaviour = answers(500)
    first = open_alerts(office.url)
    for n in range(3):
        first.tell(Severity.warning, f"key {n}", f"<w{n}>")
    first.tell(Severity.critical, "c", "<critical>")
    first.close()
    time.sleep(0.1)
    # 0.1 s are more than the day of these settings.
    second = open_alerts(office.url, forget_after_hours=0.05 / 3600)
    assert office.wait_for(lambda _: second.undelivered[Severity.warning] == 0)
    assert "3 old warnings and infos were given up, undelivered" in caplog.text
    office.behaviour = answers(200)
    assert office.wait_for(lambda office: "<critical>" in office.text)
    assert "(3 older warnings and infos were given up" in office.text
    assert "<w0>" not in office.text


@pytest.mark.usefixtures("quick")
def test_telling_never_waits_for_a_receiver_or_a_disk(office, open_alerts, monkeypatch):
    office.behaviour = hangs
    alerts = open_alerts(office.url)
    alerts.tell(Severity.critical, "first", "text")
    assert office.wait_for(lambda office: office.asked)
    stuck = threading.Event()
    monkeypatch.setattr(alerts._delivery, "step", lambda _: stuck.wait(10) and 0.0)
    alerts._wake.set()
    times = []
    for n in range(5):
        begun = time.monotonic()
        alerts.tell(Severity.critical, f"key {n}", "text")
        times.append(time.monotonic() - begun)
    stuck.set()
    assert max(times) < 0.2


@pytest.mark.usefixtures("quick")
def test_closing_takes_less_than_a_second_whatever_the_receiver_does(office, open_alerts):
    office.behaviour = hangs
    alerts = open_alerts(office.url)
    alerts.tell(Severity.critical, "a", "text")
    assert office.wait_for(lambda office: office.asked)
    begun = time.monotonic()
    alerts.close()
    assert time.monotonic() - begun < 1
    assert not errands()


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("damage", [b"not a database" * 100, None])
def test_without_a_usable_outbox_alerts_are_delivered_from_memory(
    damage, tmp_path, office, open_alerts, caplog
):
    path = tmp_path / "alerts.sqlite"
    if damage is None:
        path.mkdir()
    else:
        path.write_bytes(damage)
    alerts = open_alerts(office.url)
    alerts.tell(Severity.critical, "a", "<critical>")
    assert office.wait_for(lambda office: "<critical>" in office.text)
    assert "the outbox of the alerts cannot be used" in caplog.text
    if damage is not None:
        assert path.read_bytes() == damage


@pytest.mark.usefixtures("quick")
def test_a_disk_that_fills_up_loses_nothing(office, open_alerts, monkeypatch, caplog):
    monkeypatch.setattr("kaidan.bot.alerts.delivery._STORAGE_PATIENCE_SECONDS", 0.3)
    office.behaviour = answers(500)
    alerts = open_alerts(office.url)
    alerts.tell(Severity.critical, "before", "<before>")
    db = alerts._delivery._outbox.db
    pages = db.execute("PRAGMA page_count").fetchone()[0]
    db.execute(f"PRAGMA max_page_count = {pages}")
    told = [f"<{n}>" for n in range(8)]
    for n, text in enumerate(told):
        alerts.tell(Severity.critical, f"key {n}", text + "x" * 1400)
    office.behaviour = answers(200)
    assert office.wait_for(lambda office: all(text in office.text for text in ["<before>", *told]))
    assert "database or disk is full" in caplog.text


def test_alerts_import_neither_apprise_nor_anything_heavy():
    names = "apprise pandas numpy mlflow requests asyncio"
    code = (
        "import sys, kaidan.bot.alerts.alerts\n"
        f"print([name for name in {names.split()} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
