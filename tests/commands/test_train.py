"""What `kaidan train` answers; what it leaves in MLflow is told in tests/registry."""

from tests.release import kaidan


def test_json_is_one_object_with_a_part_for_each_level(release) -> None:
    answer = release.answer
    assert answer["gaps"]["n_missing"] == 0
    assert [one["level"] for one in answer["levels"]] == [1, 2, 3]
    for one in answer["levels"]:
        assert one["live"] is True
        assert one["version"] == 1
        assert one["decision"]["verdict"] == "promotable"
        assert set(one["out_of_fold"]) == set(one["holdout"]) >= {"ensemble", "volatility_prior"}
        assert one["seconds"] > 0
        assert len(one["model_sha256"]) == 64


def test_a_person_is_shown_scores_skill_gates_and_what_to_do_next(store, release) -> None:
    options = [option for option in release.options if option != "--json"]
    done = kaidan("train", "--level", "3", *options, "--seed", "8")
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert lines[0] == "6,815 bars, 0 missing in 0 gaps, 0 zero-volume filler"
    assert any(line.startswith("ensemble_level3 version 2: ") for line in lines)
    for words in ("volatility prior", "skill against the prior, out of fold: ", "parity"):
        assert words in done.out
    assert lines[-1] == "see the runs with: mlflow ui"
    assert "…" not in done.out
