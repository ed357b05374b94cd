"""The border to MLflow: what is found, and one line for what is not."""

from pathlib import Path

import mlflow
import pytest

from kaidan.errors import RegistryError
from kaidan.registry.store import fetch_bundle, get_version, live_version
from tests.release import using


def test_a_version_is_found_with_its_stage_its_aliases_and_its_tags(store) -> None:
    found = get_version(1, 1)
    assert (found.name, found.number, found.level) == ("ensemble_level1", 1, 1)
    assert (found.stage, found.aliases) == ("Production", ("production",))
    assert found.tag("level") == "1"
    assert 0 < found.created_ms <= found.updated_ms


def test_a_version_that_is_not_there_is_one_line(store) -> None:
    with pytest.raises(RegistryError, match="ensemble_level3 has no version 9") as error:
        get_version(3, 9)
    assert "\n" not in str(error.value)


def test_a_version_that_only_its_stage_names_is_live(store) -> None:
    client = mlflow.MlflowClient()
    client.delete_registered_model_alias("ensemble_level3", "production")
    assert live_version(3).number == 1


def test_a_model_that_is_in_no_stage_and_has_no_alias_is_not_live(store) -> None:
    client = mlflow.MlflowClient()
    client.delete_registered_model_alias("ensemble_level3", "production")
    with pytest.warns(FutureWarning, match="stages"):
        client.transition_model_version_stage("ensemble_level3", "1", "Archived")
    assert live_version(3) is None


def test_a_model_that_was_never_registered_is_not_live(store) -> None:
    mlflow.MlflowClient().delete_registered_model("ensemble_level2")
    assert live_version(2) is None


def test_a_bundle_is_downloaded_whole(store, tmp_path: Path) -> None:
    folder = fetch_bundle(get_version(3, 1), tmp_path / "here")
    names = {path.name for path in folder.iterdir()}
    assert names == {"graph.onnx", "contract.json", "reference.json", "manifest.json"}


def test_a_bundle_that_is_gone_is_one_line(store, tmp_path: Path) -> None:
    run_id = get_version(3, 1).run_id
    source = f"runs:/{run_id}/nothing"
    mlflow.MlflowClient().create_model_version("ensemble_level3", source, run_id=run_id)
    with pytest.raises(RegistryError, match=r"cannot download models:/ensemble_level3/2") as error:
        fetch_bundle(get_version(3, 2), tmp_path / "here")
    assert "\n" not in str(error.value)


def test_a_store_that_cannot_be_opened_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        using(tmp_path / "file" / "store.db"),
        pytest.raises(RegistryError, match=r"is MLFLOW_TRACKING_URI right") as error,
    ):
        live_version(3)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("ask", [live_version, lambda level: get_version(level, 1)])
def test_a_server_that_is_down_is_one_line(ask, store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with (
        using("http://127.0.0.1:9"),
        pytest.raises(RegistryError, match=r"in http://127\.0\.0\.1:9: .*the store up") as error,
    ):
        ask(3)
    assert "\n" not in str(error.value)
