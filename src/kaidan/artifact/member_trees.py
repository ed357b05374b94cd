"""What each library says of its fitted trees, in the one form that is exported.

Training, the contract and the runtime refuse values that are not finite, so the branches that the
libraries keep for missing values are left behind.
"""

import json
from typing import Any

import lightgbm
import numpy as np
import xgboost
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier

from kaidan.artifact.thresholds import floor_to_float32
from kaidan.artifact.trees import Averaged, Boosted, Tree
from kaidan.errors import ArtifactError


def read_trees(fitted: Any) -> Boosted | Averaged:
    """Trees of a fitted classifier; an early-stopped booster is cut at its best iteration.

    Parameters
    ----------
    fitted : lightgbm.Booster, xgboost.Booster or RandomForestClassifier
        Fitted on float32 columns.

    Raises
    ------
    ArtifactError
        It is of another kind, or answers otherwise than by sums of thresholded trees.
    """
    if isinstance(fitted, lightgbm.Booster):
        return _lightgbm(fitted)
    if isinstance(fitted, xgboost.Booster):
        return _xgboost(fitted)
    if isinstance(fitted, RandomForestClassifier):
        return _forest(fitted)
    raise ArtifactError(
        f"cannot export a {type(fitted).__name__}; "
        "a member is a LightGBM or XGBoost Booster or a RandomForestClassifier"
    )


def _lightgbm(booster: lightgbm.Booster) -> Boosted:
    model = booster.dump_model()
    objective, *options = model["objective"].split()
    if objective not in ("binary", "multiclass"):
        raise ArtifactError(
            f"cannot export LightGBM's objective {objective}; train with binary or multiclass"
        )
    factor = float(dict(option.split(":") for option in options).get("sigmoid", 1.0))
    n_scores = model["num_tree_per_iteration"]
    if model["average_output"]:
        factor *= n_scores / len(model["tree_info"])
    trees = tuple(_lightgbm_tree(info["tree_structure"], factor) for info in model["tree_info"])
    return _boosted(trees, np.arange(len(trees)) % n_scores, np.zeros(n_scores), strict=False)


def _lightgbm_tree(root: dict[str, Any], factor: float) -> Tree:
    nodes = [root]
    yes, no = [], []
    for node in nodes:  # grows while it is walked
        if (
            node.get("decision_type", "<=") != "<="
            or node.get("missing_type") == "Zero"
            or "leaf_coeff" in node
        ):
            raise ArtifactError(
                "cannot export LightGBM's linear, categorical or zero-as-missing trees; "
                "train without these parameters"
            )
        if "left_child" in node:
            yes.append(len(nodes))
            no.append(len(nodes) + 1)
            nodes += [node["left_child"], node["right_child"]]
        else:
            yes.append(-1)
            no.append(-1)
    threshold = np.array([node.get("threshold", 0.0) for node in nodes])
    return Tree(
        yes=np.array(yes),
        no=np.array(no),
        column=np.array([node.get("split_feature", 0) for node in nodes]),
        threshold=floor_to_float32(threshold),
        value=np.array([node.get("leaf_value", 0.0) for node in nodes]) * factor,
        cover=np.array(
            [node.get("internal_count", node.get("leaf_count", 1)) for node in nodes],
            dtype=np.float32,
        ),
    )


def _xgboost(booster: xgboost.Booster) -> Boosted:
    learner = json.loads(booster.save_raw("json"))["learner"]
    objective, kind = learner["objective"]["name"], learner["gradient_booster"]["name"]
    if objective not in ("binary:logistic", "multi:softprob") or kind != "gbtree":
        raise ArtifactError(
            f"cannot export XGBoost's {kind} with the objective {objective}; "
            "train a gbtree with binary:logistic or multi:softprob"
        )
    model = learner["gradient_booster"]["model"]
    best = booster.attr("best_iteration")
    n_trees = model["iteration_indptr"][-1 if best is None else int(best) + 1]
    scores = np.array(json.loads(learner["learner_model_param"]["base_score"]))
    if objective == "binary:logistic":
        scores = np.log(scores / (1 - scores))
    return _boosted(
        tuple(_xgboost_tree(tree) for tree in model["trees"][:n_trees]),
        np.array(model["tree_info"][:n_trees]),
        scores,
        strict=True,
    )


def _xgboost_tree(tree: dict[str, Any]) -> Tree:
    if tree["tree_param"]["size_leaf_vector"] != "1" or any(tree["split_type"]):
        raise ArtifactError(
            "cannot export XGBoost's multi-output or categorical trees; "
            "train with multi_strategy one_output_per_tree on numbers"
        )
    threshold_or_value = np.array(tree["split_conditions"], dtype=np.float32)
    return Tree(
        yes=np.array(tree["left_children"]),
        no=np.array(tree["right_children"]),
        column=np.array(tree["split_indices"]),
        threshold=threshold_or_value,
        value=threshold_or_value,
        cover=np.array(tree["sum_hessian"], dtype=np.float32),
    )


def _boosted(
    trees: tuple[Tree, ...],
    classes: NDArray[np.integer[Any]],
    scores: NDArray[np.float64],
    *,
    strict: bool,
) -> Boosted:
    if len(scores) == 1:
        # The logistic of one score is the softmax of that score beside a zero.
        classes, scores = classes + 1, np.append(0.0, scores)
    return Boosted(trees, tuple(classes.tolist()), scores, strict)


def _forest(forest: RandomForestClassifier) -> Averaged:
    grown = [estimator.tree_ for estimator in forest.estimators_]
    return Averaged(
        tuple(
            Tree(
                yes=tree.children_left,
                no=tree.children_right,
                column=tree.feature,
                threshold=floor_to_float32(tree.threshold),
                value=tree.value[:, 0, :],
                cover=tree.weighted_n_node_samples.astype(np.float32),
            )
            for tree in grown
        )
    )
