"""Descriptions fit into the column that MLflow's schema has for them."""

import mlflow

from kaidan.registry.description import LONGEST, fitting
from kaidan.registry.store import describe_level, describe_version, get_version


def test_a_text_that_fits_is_left_alone() -> None:
    assert fitting("x" * LONGEST) == "x" * LONGEST


def test_a_longer_one_is_cut_after_a_line_and_says_where_the_rest_is() -> None:
    text = fitting("one line of many\n" * 1000)
    assert len(text) <= LONGEST
    body, rest = text.rsplit("\n\n", 1)
    assert set(body.splitlines()) == {"one line of many"}
    assert "decision/card.md" in rest


def test_long_descriptions_are_kept_by_every_store(store) -> None:
    describe_version(get_version(3, 1), "階段\n" * 3000)
    describe_level(3, "階段\n" * 3000)
    client = mlflow.MlflowClient()
    for described in (
        client.get_model_version("ensemble_level3", "1"),
        client.get_registered_model("ensemble_level3"),
    ):
        assert described.description.startswith("階段")
        assert len(described.description) <= LONGEST
