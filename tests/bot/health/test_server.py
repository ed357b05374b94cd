"""The server is asked as Prometheus, a container's probe and a webhook ask it."""

import json
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from kaidan.bot.health.metrics import Metrics, reason_kind
from kaidan.bot.health.pulse import Pulse
from kaidan.bot.health.server import HealthServer
from kaidan.errors import UsageError
from kaidan.serving.prediction import Attempt


class Bot:
    """A served pulse that counts how often it was told to refresh."""

    def __init__(self) -> None:
        self.pulse = Pulse(max_silence_seconds=60)
        self.metrics = Metrics(self.pulse)
        self.refreshed = 0
        self.server = HealthServer(
            "127.0.0.1", 0, pulse=self.pulse, metrics=self.metrics, refresh=self.refresh
        )

    def refresh(self) -> None:
        self.refreshed += 1

    def ask(self, path: str, *, post: bytes | None = None) -> tuple[int, bytes]:
        request = urllib.request.Request(self.server.url + path, data=post)
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()


@pytest.fixture
def bot() -> Iterator[Bot]:
    served = Bot()
    with served.server:
        yield served


def test_health_changes_with_the_facts(bot):
    status, body = bot.ask("/healthz")
    assert status == 503
    assert "nothing is decided yet" in json.loads(body)["not_ready"]
    now = datetime.now(UTC)
    bot.pulse.set(n_bars=1, closed_at=now, decided_at=now, level=2, versions={2: 1})
    status, body = bot.ask("/healthz")
    assert status == 200
    assert json.loads(body)["level"] == 2
    bot.pulse.set(closed_at=now - timedelta(hours=2))
    assert bot.ask("/readyz")[0] == 503
    assert bot.ask("/livez")[0] == 200


def test_metrics_are_what_prometheus_reads(bot):
    bot.metrics.level.set(2)
    bot.metrics.tick_seconds.observe(0.0004)
    bot.metrics.attempts.labels("1", "stale_input").inc()
    now = datetime.now(UTC)
    bot.pulse.set(closed_at=now - timedelta(seconds=90), model_created={2: now - timedelta(days=1)})
    status, body = bot.ask("/metrics")
    assert status == 200
    samples = {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    }
    assert samples["kaidan_level", ()] == 2
    assert samples["kaidan_attempts_total", ("1", "stale_input")] == 1
    assert samples["kaidan_tick_seconds_bucket", ("0.0005",)] == 1
    assert samples["kaidan_tick_seconds_bucket", ("0.0002",)] == 0
    assert samples["kaidan_data_age_seconds", ()] == pytest.approx(90, abs=5)
    assert samples["kaidan_model_age_seconds", ("2",)] == pytest.approx(86_400, abs=5)
    assert samples["process_resident_memory_bytes", ()] > 1e7


def test_an_age_that_is_not_known_is_left_out(bot):
    _, body = bot.ask("/metrics")
    assert b"\nkaidan_data_age_seconds " not in body


def test_a_webhook_has_a_look_taken_whatever_it_says(bot):
    status, body = bot.ask("/refresh", post=b"GET /healthz HTTP/1.1\r\n\r\n")
    assert (status, json.loads(body)) == (202, {"refresh": "soon"})
    assert bot.refreshed == 1


@pytest.mark.parametrize(("path", "post"), [("/", None), ("/refresh", None), ("/healthz", b"")])
def test_what_is_not_there_is_told(bot, path, post):
    status, body = bot.ask(path, post=post)
    assert status == 404
    assert "want" in json.loads(body)["error"]


def test_a_client_that_says_nothing_keeps_nobody_waiting(bot):
    host, port = bot.server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))):
        assert bot.ask("/livez")[0] == 200


def test_a_port_that_is_taken_is_one_line(bot):
    port = int(bot.server.url.rpartition(":")[2])
    with pytest.raises(UsageError, match=f"cannot listen on 127.0.0.1:{port}"):
        HealthServer("127.0.0.1", port, pulse=bot.pulse, metrics=bot.metrics, refresh=bot.refresh)


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("missing: close", "missing_input"),
        ("not finite: usd_jpy and 7 more", "input_not_finite"),
        ("stale: nikkei_225", "stale_input"),
        ("could answer for 2 of 4 bars: waits", "waiting"),
        ("no version is cached; start once with the registry", "no_version"),
        ("the session failed: Fail: 17", "model"),
    ],
)
def test_reasons_are_a_few_words(reason, kind):
    assert reason_kind(Attempt(1, reason)) == kind
