"""The errand with the real apprise and a real receiver; the post office is that of the alerts."""

import io
import json
import socket
import subprocess
import sys

import apprise
import pytest
from apprise.plugins.discord import NotifyDiscord

from kaidan.bot.alerts.addresses import VARIABLE
from kaidan.bot.alerts.message import Letter, clean, compose, fitting
from kaidan.bot.alerts.severity import Severity
from kaidan.bot.errands import alert
from kaidan.bot.errands.outside import OutsideError, ask
from tests.bot.alerts.post_office import PostOffice, answers

# Apprise looks for a module that Python is about to drop.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

ERRAND = "kaidan.bot.errands.alert"
SAID = {"title": "kaidan paper: CRITICAL", "body": "a line\nand <another>", "severity": "critical"}


@pytest.fixture
def office():
    office = PostOffice()
    yield office
    office.close()


def test_the_errand_delivers_a_message_through_apprise(office):
    ask(
        ERRAND,
        arguments=["send"],
        stdin=json.dumps(SAID).encode(),
        timeout_seconds=30,
        env={VARIABLE: office.url},
    )
    # It is accepted once the answer is on its way, which is a moment after the sender has it.
    assert office.wait_for(lambda office: office.accepted)
    (got,) = office.accepted
    assert (got["title"], got["message"]) == (SAID["title"], SAID["body"])
    assert got["type"] == "failure"


def test_addresses_are_checked_without_sending_anything(office):
    urls = f"{office.url} nonsense dicsord://1/2 discord://11122233/to-ken json://"
    told = ask(ERRAND, arguments=["check"], timeout_seconds=30, env={VARIABLE: urls})
    assert json.loads(told) == [True, False, False, True, False]
    assert office.asked == 0


@pytest.mark.parametrize("status", [400, 404, 429, 500, 503])
def test_a_refused_message_is_told_with_its_status_and_without_the_address(office, status):
    office.behaviour = answers(status)
    with pytest.raises(OutsideError, match=rf"^it answered with HTTP status {status}$"):
        alert.send(office.url, **SAID)
    assert office.accepted == []


def test_a_refused_connection_is_a_failure():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(OutsideError, match="no connection, or no answer in time"):
        alert.send(f"json://127.0.0.1:{port}/se-cret", **SAID)


def test_an_address_that_apprise_does_not_know_is_a_failure_that_hides_it():
    with pytest.raises(OutsideError) as caught:
        alert.send("dicsord://11122233/to-ken", **SAID)
    assert str(caught.value) == "apprise does not know this kind of address"


def test_whatever_breaks_in_apprise_its_words_are_not_repeated(monkeypatch):
    def breaks(*_, **__):
        raise RuntimeError("cannot parse json://user:pass-word@host")

    monkeypatch.setattr(alert, "send", breaks)
    monkeypatch.setattr(sys, "argv", ["alert", "send"])
    monkeypatch.setenv(VARIABLE, "json://user:pass-word@host")
    monkeypatch.setattr(sys, "stdin", io.StringIO("{}"))
    with pytest.raises(OutsideError) as caught:
        alert.main()
    assert "pass-word" not in str(caught.value)


def test_neither_output_of_the_errand_ever_shows_the_address(office):
    office.behaviour = answers(500)
    for url in (office.url, "discord://x/to-ken", "json://user:pass-word@[/se-cret"):
        done = subprocess.run(
            [sys.executable, "-m", ERRAND, "send"],
            input=json.dumps(SAID).encode(),
            capture_output=True,
            env={VARIABLE: url, "PYTHONPATH": ":".join(sys.path)},
            check=False,
        )
        assert done.returncode != 0
        for secret in ("se-cret", "pass-word", "to-ken"):
            assert secret not in (done.stdout + done.stderr).decode()


def test_what_discord_is_sent_is_valid(office, monkeypatch):
    monkeypatch.setattr(NotifyDiscord, "notify_url", f"http://127.0.0.1:{office.port}/webhooks")
    letters = [Letter(n, 0.0, Severity.critical, clean("@everyone é " * 400)) for n in range(3)]
    message = compose(fitting(letters), bot="paper", given_up=12)
    alert.send("discord://11122233/to-ken", title=message.title, body=message.body, severity="info")
    # It is accepted once the answer is on its way, which is a moment after the sender has it.
    assert office.wait_for(lambda office: office.accepted)
    (got,) = office.accepted
    assert office.last_path == "/webhooks/11122233/to-ken"
    assert got["content"].startswith("kaidan paper: CRITICAL\r\n1970-01-01 00:00 UTC @")
    assert "@everyone" not in got["content"]
    assert len(got["content"]) <= 2000


def test_discord_that_limits_the_rate_is_a_failure_to_be_tried_again(office, monkeypatch):
    monkeypatch.setattr(NotifyDiscord, "notify_url", f"http://127.0.0.1:{office.port}/webhooks")
    office.behaviour = answers(429)
    with pytest.raises(OutsideError, match="HTTP status 429"):
        alert.send("discord://11122233/to-ken", **SAID)


def test_every_severity_has_a_kind_that_apprise_knows():
    assert set(alert._KINDS) == {severity.name for severity in Severity}
    assert all(isinstance(kind, apprise.NotifyType) for kind in alert._KINDS.values())
