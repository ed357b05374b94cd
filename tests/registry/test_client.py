"""The client leaves out one question of MLflow's, and that question is still there to leave out."""

import mlflow

from kaidan.registry.client import Client


def test_a_write_does_not_read_the_whole_model_first(store, monkeypatch) -> None:
    asked = []
    read = mlflow.MlflowClient.get_registered_model
    monkeypatch.setattr(
        mlflow.MlflowClient,
        "get_registered_model",
        lambda client, name: asked.append(name) or read(client, name),
    )
    Client().set_model_version_tag("ensemble_level3", "1", "note", "one")
    assert asked == []
    mlflow.MlflowClient().set_model_version_tag("ensemble_level3", "1", "note", "two")
    assert asked == ["ensemble_level3"]
