"""Which JSON file describes which model."""

import pytest

from kaidan.registry.legacy.match import match

THREE = ("production_ensemble_full.pkl", "production_ensemble.pkl", "production_ensemble_57.pkl")


@pytest.mark.parametrize(
    "file",
    ["model.json", "model_metadata.json", "model-meta.json", "model_info.json", "model.pkl.json"],
)
def test_a_file_that_is_named_after_a_model_is_its_own(file) -> None:
    matches = match(["model.pkl", "other.pkl"], [file])
    assert (matches["model.pkl"].file, matches["model.pkl"].shared) == (file, False)
    assert matches["other.pkl"].file == ""


def test_one_file_beside_three_models_is_shared_by_them() -> None:
    matches = match(THREE, ["production_model_metadata.json"])
    assert {one.sharers for one in matches.values()} == {THREE}


def test_a_file_of_the_same_date_is_preferred_to_one_without() -> None:
    models = ["production_ensemble_20250901_0310.pkl", "production_ensemble.pkl"]
    files = ["metadata.json", "metadata_20250901_0310.json"]
    matches = match(models, files)
    assert [matches[model].file for model in models] == [files[1], files[0]]
    assert not any(one.shared for one in matches.values())


def test_a_dated_model_shares_what_is_not_dated() -> None:
    matches = match(["a_20250901.pkl", "b.pkl"], ["metadata.json"])
    assert {one.file for one in matches.values()} == {"metadata.json"}
    assert matches["b.pkl"].shared


def test_a_dated_file_that_belongs_to_no_date_counts_when_there_is_no_other() -> None:
    assert match(["b.pkl"], ["metadata_20250901.json"])["b.pkl"].file == "metadata_20250901.json"


def test_files_that_are_about_metadata_are_preferred() -> None:
    found = match(["b.pkl"], ["feature_order.json", "production_model_metadata.json"])["b.pkl"]
    assert found.file == "production_model_metadata.json"


def test_of_several_files_none_is_guessed() -> None:
    found = match(["b.pkl"], ["a_metadata.json", "c_metadata.json"])["b.pkl"]
    assert found.file == ""
    assert found.why_not == "no metadata: 2 JSON files beside it and none is named after it"
