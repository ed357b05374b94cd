"""Judge a registered version against the gates and the champion, and write down what came of it."""

import json
import tempfile
from pathlib import Path

from mlflow import MlflowClient

from kaidan.registry.card import card, short_card
from kaidan.registry.champion import Comparison, compare
from kaidan.registry.decision import Decision
from kaidan.registry.gates import decide
from kaidan.registry.notes import notes
from kaidan.registry.store import (
    Version,
    describe_version,
    fetch_run_artifact,
    live_version,
    run_metrics,
    set_tags,
    store_errors,
)
from kaidan.settings import Settings

EVIDENCE_PATH = "decision/evidence.md"


def judge(version: Version, settings: Settings) -> Decision:
    """Hold what the version's run measured against the gates, and it against the live version.

    Raises
    ------
    RegistryError
        Something was not measured, or the version's own artifacts cannot be read.
    """
    metrics = run_metrics(version)
    live = live_version(version.level)
    said = list(notes(metrics))
    champion = None
    if live is not None and live.number != version.number:
        found = compare(version, live)
        said.append(str(found))
        if isinstance(found, Comparison):
            champion = found.champion
            metrics |= found.to_metrics()
    return decide(
        metrics, settings.gates, candidate=version.number, champion=champion, notes=tuple(said)
    )


def record(version: Version, decision: Decision) -> None:
    """Write a decision on the version (tags, card) and into its run (card, JSON)."""
    with tempfile.TemporaryDirectory() as folder:
        file = fetch_run_artifact(version, EVIDENCE_PATH, Path(folder))
        evidence = file.read_text(encoding="utf-8")
    text = card(decision, evidence)
    set_tags(version, {"verdict": decision.verdict, **decision.to_tags()})
    describe_version(version, short_card(decision, evidence))
    with store_errors("write to a run"):
        client = MlflowClient()
        client.log_text(version.run_id, text, "decision/card.md")
        client.log_text(
            version.run_id, json.dumps(decision.to_dict(), indent=2), "decision/decision.json"
        )
        client.set_tag(version.run_id, "mlflow.note.content", text)
