"""Old folders, described without opening a pickle."""

import ast
import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

import kaidan.commands.import_legacy
import kaidan.registry.legacy
from kaidan.errors import UsageError
from kaidan.registry.legacy.folder import LegacyModel, scan
from tests.legacy import COMMIT, features, metadata, old

__all__ = ["old"]

THREE = (
    "production/production_ensemble_full.pkl",
    "production/production_ensemble.pkl",
    "production/production_ensemble_57.pkl",
)
SHARED = "production/production_model_metadata.json"


def described(old) -> dict[str, LegacyModel]:
    return {model.path: model for model in scan(old.root).models}


def only(old) -> LegacyModel:
    (model,) = scan(old.root).models
    return model


def test_a_model_is_described_by_its_name_its_bytes_and_its_json(old) -> None:
    old.pickles("production/production_ensemble.pkl")
    old.json(SHARED, metadata())
    model = only(old)
    data = (old.root / model.path).read_bytes()
    assert model.path == "production/production_ensemble.pkl"
    assert (model.sha256, model.n_bytes) == (hashlib.sha256(data).hexdigest(), len(data))
    assert (model.level, model.level_from) == (2, "by its name")
    assert (model.when, model.when_from) == (
        datetime(2025, 10, 31, 3, tzinfo=UTC),
        "from its metadata",
    )
    assert model.metadata.features == tuple(features(62))
    assert model.metadata.commit == COMMIT
    assert model.findings == (
        "level 2: by its name",
        "time 2025-10-31 03:00 UTC: from its metadata",
        "metadata: production_model_metadata.json",
        "features: 62",
        "features named",
        "metrics: 3",
        f"git: commit {COMMIT}, branch main",
    )


def test_nothing_of_a_pickle_is_loaded_and_nothing_here_could(old) -> None:
    old.pickles(*THREE, "archive/a.joblib", "archive/b.pickle")
    assert len(scan(old.root).models) == 5
    assert not old.crater.exists()
    names = set()
    command = Path(kaidan.commands.import_legacy.__file__)
    for path in [*Path(kaidan.registry.legacy.__file__).parent.glob("*.py"), command]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add(node.module.split(".")[0])
    assert "hashlib" in names
    assert names.isdisjoint({"pickle", "cloudpickle", "joblib", "dill", "skops", "importlib"})


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("production_ensemble_full.pkl", 1),
        ("production_ensemble.joblib", 2),
        ("production_ensemble_57.pickle", 3),
        ("production_ensemble_57_20250901.pkl", 3),
        ("production_ensemble_20250901_0310.pkl", 2),
        ("ensemble_level1.pkl", 1),
        ("production_ensemble_lightgbm.pkl", None),
        ("model.pkl", None),
    ],
)
def test_the_level_is_told_by_the_name(old, name, level) -> None:
    old.pickles(name)
    assert only(old).level == level


@pytest.mark.parametrize(("n", "level"), [(70, 1), (62, 2), (57, 3), (97, None), (12, None)])
def test_the_level_of_another_name_is_told_by_the_number_of_features(old, n, level) -> None:
    old.pickles("archive/model.pkl")
    old.json("archive/model.json", metadata(n))
    assert only(old).level == level


def test_members_beside_a_shared_json_are_not_taken_for_ensembles(old) -> None:
    old.pickles("production/lightgbm.pkl", "production/xgboost.pkl")
    old.json(SHARED, metadata())
    models = scan(old.root).models
    assert [model.level for model in models] == [None, None]
    assert models[0].findings[0].startswith("level unknown: neither an old name nor metadata")


def test_a_json_that_three_models_share_says_so_and_may_describe_another(old) -> None:
    old.pickles(*THREE)
    old.json(SHARED, metadata(97))
    for model in scan(old.root).models:
        assert model.metadata_from == (
            "metadata: production_model_metadata.json, shared by 3 files: may describe another one"
        )
        assert model.when_from == "from shared metadata"
        assert model.metadata.metrics


def test_a_shared_json_that_counts_the_features_of_one_level_is_not_believed_of_the_others(
    old,
) -> None:
    old.pickles(*THREE)
    old.json(SHARED, metadata(57))
    full, two, three = (described(old)[path] for path in THREE)
    assert "shared by 3 files: may describe another one" in three.metadata_from
    for model in (full, two):
        assert model.metadata is None
        assert "shared by 3 files, describes a model of 57 features" in model.metadata_from
        assert model.document


def test_a_shared_json_that_names_one_file_is_believed_of_that_one_only(old) -> None:
    old.pickles(*THREE)
    old.json(SHARED, metadata(97, model_file="models/production/production_ensemble.pkl"))
    full, two, three = (described(old)[path] for path in THREE)
    assert two.metadata_from.endswith("shared by 3 files, names this one")
    assert two.metadata.n_features == 97
    for model in (full, three):
        assert model.metadata is None
        assert model.metadata_from.endswith("shared by 3 files, names production_ensemble.pkl")


def test_features_of_another_number_than_the_level_has_are_told(old) -> None:
    old.pickles("production_ensemble.pkl")
    old.json("production_ensemble_metadata.json", metadata(97))
    assert "odd: 97 features, level 2 has 62" in only(old).findings


def test_of_many_values_that_are_left_out_a_few_are_named(old) -> None:
    old.pickles("production_ensemble.pkl")
    old.json("metadata.json", {f"f{n}": float("nan") for n in range(9)})
    assert only(old).findings[-1].endswith("is taken): f0, f1, f2, f3, f4 and 4 more")


@pytest.mark.parametrize(
    ("path", "document", "when", "told"),
    [
        ("a_20250901/p_20250801.pkl", metadata(), "2025-10-31T03:00", "from its metadata"),
        ("a_20250901/p_20250801_0310.pkl", {"a": 1}, "2025-08-01T03:10", "from its name"),
        ("a_20250901/p.pkl", {"a": 1}, "2025-09-01T00:00", "from the folder a_20250901"),
        ("a_20250901/deep/p.pkl", {"a": 1}, "2025-09-01T00:00", "from the folder a_20250901"),
        ("a/p.pkl", {"date": "soon"}, "2025-06-15T15:06", "last change of the file"),
    ],
)
def test_the_surest_time_is_taken(old, path, document, when, told) -> None:
    old.pickles(path)
    old.json(str(Path(path).with_suffix(".json")), document)
    model = only(old)
    assert model.when.isoformat()[:16] == when
    assert model.when.tzinfo == UTC
    assert model.when_from == told


def test_the_oldest_comes_first(old) -> None:
    paths = [
        "archive/production_ensemble_20250601.pkl",
        "archive/production_ensemble_20250602.pkl",
        "production/production_ensemble.pkl",
    ]
    old.pickles(*reversed(paths))
    assert [model.path for model in scan(old.root).models] == paths


def test_a_broken_json_is_one_line_and_the_others_go_on(old) -> None:
    old.pickles(*THREE, "archive/production_ensemble.pkl")
    old.text(SHARED, '{"half": ')
    old.json("archive/metadata.json", metadata())
    found = scan(old.root)
    assert len(found.models) == 4
    (fault,) = found.faults
    assert fault.startswith(f"{SHARED}: is not JSON (")
    models = described(old)
    assert models["archive/production_ensemble.pkl"].metadata is not None
    assert models[THREE[0]].metadata_from.startswith(
        "no metadata: production_model_metadata.json is not JSON"
    )


def test_links_and_hidden_folders_are_passed_over(old, tmp_path) -> None:
    old.pickles("production/production_ensemble.pkl", ".git/production_ensemble.pkl")
    (old.root / "latest.pkl").symlink_to("production/production_ensemble.pkl")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "production_ensemble.pkl").touch()
    (old.root / "linked").symlink_to(outside)
    found = scan(old.root)
    assert [model.path for model in found.models] == ["production/production_ensemble.pkl"]
    assert found.faults == ("latest.pkl: is a link; what it points to counts",)


def test_what_is_no_file_is_not_read(old) -> None:
    old.pickles("production_ensemble.pkl")
    os.mkfifo(old.root / "waits_for_ever.pkl")
    (old.root / "folder.pkl").mkdir()
    assert only(old).path == "production_ensemble.pkl"


def test_a_name_that_is_no_text_is_shown_as_one(old) -> None:
    (old.root / os.fsdecode(b"production_ensemble_\xff.pkl")).write_bytes(b"")
    assert only(old).path == "production_ensemble_?.pkl"


def test_a_folder_that_is_not_there_or_holds_no_model_is_wrong_use(old) -> None:
    with pytest.raises(UsageError, match="nowhere is not a folder"):
        scan(old.root / "nowhere")
    old.json(SHARED, metadata())
    with pytest.raises(UsageError, match=r"holds no model \(\.pkl, .*\) .*; name the folder above"):
        scan(old.root)
