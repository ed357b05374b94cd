"""The numbers of `/metrics`: counters of what the bot did, ages told at the moment of asking."""

from datetime import UTC, datetime
from functools import partial

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from kaidan.bot.health.pulse import Pulse, age_seconds
from kaidan.serving.prediction import Attempt

# A tick takes some tenths of a millisecond; 0.1 s would be a bot in distress.
_TICK_SECONDS = (0.0002, 0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.03, 0.1, 1.0)


class Metrics:
    """What Prometheus may ask for.

    Parameters
    ----------
    pulse : Pulse
        Where ages come from.
    """

    def __init__(self, pulse: Pulse) -> None:
        self.registry = CollectorRegistry()
        disable_created_metrics()  # type: ignore[no-untyped-call]  # one more line for each number, which nobody asks for
        ProcessCollector(registry=self.registry)
        self.registry.register(_Ages(pulse))
        counter = partial(Counter, registry=self.registry)
        gauge = partial(Gauge, registry=self.registry)
        self.bars = counter("kaidan_bars", "By how they arrived.", ["arrival"])
        self.decisions = counter(
            "kaidan_decisions", "By level (0: the dummy) and signal.", ["level", "signal"]
        )
        self.attempts = counter(
            "kaidan_attempts", "Levels that could not answer, by reason.", ["level", "reason"]
        )
        self.vetoes = counter("kaidan_vetoes", "Reasons against a position.", ["veto"])
        self.fills = counter("kaidan_fills", "Orders and parts of them that were filled.")
        self.trades = counter("kaidan_trades", "Closed positions, by reason.", ["reason"])
        self.swaps = counter("kaidan_model_swaps", "Versions taken over.", ["level"])
        self.refreshes = counter(
            "kaidan_refreshes", "Times that the registry was asked, by outcome.", ["outcome"]
        )
        self.looks = counter(
            "kaidan_looks", "Times that the journal was looked at, by outcome.", ["outcome"]
        )
        self.tick_seconds = Histogram(
            "kaidan_tick_seconds",
            "Bar in to decision written.",
            buckets=_TICK_SECONDS,
            registry=self.registry,
        )
        self.level = gauge("kaidan_level", "Level that answered last; 0: the dummy.")
        self.confidence = gauge("kaidan_confidence", "Of the last answer, 0 to 1.")
        self.probability = gauge("kaidan_probability", "Of the last answer, by signal.", ["signal"])
        self.equity = gauge("kaidan_equity_share", "Equity over that at the start.")
        self.drawdown = gauge("kaidan_drawdown_share", "Below the highest equity.")
        self.position = gauge("kaidan_position_share", "Notional over equity; short is negative.")
        self.trouble = gauge("kaidan_trouble", "1 while something is wrong.", ["what"])
        self.undelivered = gauge(
            "kaidan_alerts_undelivered", "Alerts that somebody has not got yet.", ["severity"]
        )

    def text(self) -> bytes:
        """All of it in Prometheus's text format."""
        return generate_latest(self.registry)


def reason_kind(attempt: Attempt) -> str:
    """One of a few words for an attempt's reason: a label must not take endless values."""
    words = {
        "missing": "missing_input",
        "not finite": "input_not_finite",
        "stale": "stale_input",
        "could answer": "waiting",
        "warming up": "warming_up",
        "no version": "no_version",
        "no Production": "no_version",
    }
    return next(
        (kind for start, kind in words.items() if attempt.reason.startswith(start)), "model"
    )


class _Ages(Collector):
    """Ages grow between two ticks, so they are computed when somebody asks."""

    def __init__(self, pulse: Pulse) -> None:
        self._pulse = pulse

    def collect(self) -> list[GaugeMetricFamily]:
        """Families of the moment; what is not known is left out."""
        facts, now = self._pulse.facts, datetime.now(UTC)
        found = []
        for name, said, time in (
            ("kaidan_data_age_seconds", "Since the newest bar closed.", facts.closed_at),
            ("kaidan_registry_age_seconds", "Since the registry answered.", facts.confirmed_at),
            ("kaidan_decision_age_seconds", "Since the last decision.", facts.decided_at),
        ):
            family = GaugeMetricFamily(name, said)
            if time is not None:
                family.add_metric([], age_seconds(time, now) or 0.0)
            found.append(family)
        models = GaugeMetricFamily(
            "kaidan_model_age_seconds", "Since the version was made.", labels=["level"]
        )
        for level, created in facts.model_created.items():
            models.add_metric([str(level)], age_seconds(created, now) or 0.0)
        silence = GaugeMetricFamily("kaidan_loop_silence_seconds", "Since the loop showed life.")
        silence.add_metric([], self._pulse.silence_seconds)
        return [*found, models, silence]
