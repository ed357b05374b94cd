"""The dashboard asks for what `/metrics` really serves, and shows all of it."""

import itertools
import json
import re
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from kaidan.bot.health.metrics import Metrics
from kaidan.bot.health.pulse import Pulse
from kaidan.bot.health.server import HealthServer

FILE = Path(__file__).parents[1] / "deploy" / "grafana" / "kaidan-bot.json"
DASHBOARD: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
ALL_PANELS: list[dict[str, Any]] = DASHBOARD["panels"]
PANELS = [panel for panel in ALL_PANELS if panel["type"] != "row"]
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
# Prometheus itself adds these to whatever it fetches.
OF_PROMETHEUS = {"instance", "job"}
WORDS = {"by", "without", "or", "and", "unless", "on", "ignoring", "group_left", "bool", "offset"}
GRID_COLUMNS = 24


def expressions() -> list[str]:
    variables = DASHBOARD["templating"]["list"]
    asked = [target["expr"] for panel in PANELS for target in panel["targets"]]
    asked += [one["expr"] for one in DASHBOARD["annotations"]["list"] if "expr" in one]
    found = (
        re.fullmatch(r"label_values\((.+), *(\w+)\)", one["definition"]) for one in variables[1:]
    )
    return asked + [f"max by ({one[2]}) ({one[1]})" for one in found if one]


def labels_in(expr: str) -> set[str]:
    bare = re.sub(r'"[^"]*"', "", expr)
    inside = re.findall(r"\{([^}]*)\}", bare)
    grouped = re.findall(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)", bare)
    matched = {name for part in inside for name in re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", part)}
    return matched | {name for part in grouped for name in re.findall(r"\w+", part)}


def metrics_in(expr: str) -> set[str]:
    """Every name that is no function, no word of PromQL, no label and no duration."""
    bare = re.sub(r'"[^"]*"|\{[^}]*\}|\[[^\]]*\]', "", expr)
    bare = re.sub(r"\b(?:by|without|on|ignoring)\s*\([^)]*\)", "", bare)
    names = re.findall(r"(?<![\w.])[A-Za-z_:][\w:]*", re.sub(r"\w+\s*(?=\()", "", bare))
    return set(names) - WORDS


@pytest.fixture(scope="module")
def served() -> dict[str, set[str]]:
    """Names that are served, with the labels of each."""
    pulse = Pulse(max_silence_seconds=60)
    metrics = Metrics(pulse)
    now = datetime.now(UTC)
    pulse.set(closed_at=now, decided_at=now, confirmed_at=now, model_created={1: now})
    for metric in vars(metrics).values():
        if labels := getattr(metric, "_labelnames", ()):  # without a value, none is served
            metric.labels(*labels)
    with (
        HealthServer("127.0.0.1", 0, pulse=pulse, metrics=metrics, refresh=lambda: None) as server,
        urllib.request.urlopen(f"{server.url}/metrics", timeout=30) as answer,
    ):
        text = answer.read().decode()
    names: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            names.setdefault(sample.name, set()).update(sample.labels)
    return names


@pytest.mark.parametrize("expr", expressions())
def test_an_expression_names_metrics_and_labels_that_are_served(served, expr):
    names = metrics_in(expr)
    assert names
    assert names - set(served) == set()
    known = set.union(OF_PROMETHEUS, *(served[name] for name in names))
    assert labels_in(expr) - known == set()


def test_a_legend_names_labels_that_its_expression_leaves(served):
    for panel in PANELS:
        for target in panel["targets"]:
            expr = target["expr"]
            grouped = re.search(r"\bby\s*\(([^)]*)\)", expr)
            left = (
                set(re.findall(r"\w+", grouped[1]))
                if grouped
                else set.union(*(served[name] for name in metrics_in(expr)))
            )
            named = set(re.findall(r"\{\{\s*(\w+)\s*\}\}", target["legendFormat"]))
            assert named <= left, (panel["title"], expr)


def test_every_number_of_the_bot_is_shown(served):
    shown = set.union(*(metrics_in(expr) for expr in expressions()))
    assert {name for name in served if name.startswith("kaidan_")} - shown == set()


def test_a_name_that_is_not_served_would_be_found():
    expr = 'sum by (level, why) (rate(kaidan_gone_total{level="1", odd=~"$x"}[5m])) / 2'
    assert metrics_in(expr) == {"kaidan_gone_total"}
    assert labels_in(expr) == {"level", "why", "odd"}


def test_every_panel_says_what_it_shows_in_which_unit():
    titles = [panel["title"] for panel in ALL_PANELS]
    assert len(set(titles)) == len(titles)
    for panel in PANELS:
        assert panel["title"]
        assert panel["description"]
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert panel["targets"]


def test_no_two_panels_overlap_and_none_leaves_the_grid():
    ids = [panel["id"] for panel in ALL_PANELS]
    assert len(set(ids)) == len(ids)
    taken: dict[tuple[int, int], str] = {}
    for panel in ALL_PANELS:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= GRID_COLUMNS
        across, down = range(at["x"], at["x"] + at["w"]), range(at["y"], at["y"] + at["h"])
        for cell in itertools.product(across, down):
            assert taken.setdefault(cell, panel["title"]) == panel["title"]


def test_the_data_source_is_chosen_on_import_and_nothing_names_one():
    variable = DASHBOARD["templating"]["list"][0]
    assert (variable["name"], variable["type"]) == ("datasource", "datasource")
    assert variable["query"] == "prometheus"
    asked = [*PANELS, *(target for panel in PANELS for target in panel["targets"])]
    assert all(one["datasource"] == SOURCE for one in asked)
    assert (DASHBOARD["id"], DASHBOARD["uid"]) == (None, "kaidan-bot")
