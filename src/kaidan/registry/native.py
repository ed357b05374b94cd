"""The members that explanations are made from, kept in the run of the version beside the graph."""

import hashlib
import tempfile
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd

from kaidan.artifact.member_trees import read_trees
from kaidan.artifact.native_members import NativeMember, NativeMembers, pack, unpack
from kaidan.artifact.tree_shap import tree_shap
from kaidan.artifact.trees import Boosted
from kaidan.errors import ArtifactError, RegistryError
from kaidan.evaluation.explanation import Explanation, MemberScores, explain_vote
from kaidan.evaluation.plots.shap_summary import shap_summary
from kaidan.learning.dataset import Dataset
from kaidan.learning.ensemble import ProductionEnsemble
from kaidan.learning.voting import shares
from kaidan.registry.store import Version, fetch_run_artifact

NATIVE_PATH = "native/members.npz"
NATIVE_TAG = "native_sha256"
# Spread over the hold-out; more of them move no mean in the figure by a bar's width.
_N_ROWS = 300


def native_members(ensemble: ProductionEnsemble) -> NativeMembers:
    """The members of a fitted ensemble that have a vote."""
    voting = shares(ensemble.weights_, ensemble.voting)
    return NativeMembers(
        tuple(ensemble.input_names_),
        tuple(
            NativeMember(
                name=name,
                trees=read_trees(fitted.member.trees),
                share=voting[name],
                classes=tuple(fitted.member.classes.tolist()),
                calibration=fitted.calibration,
            )
            for name, fitted in ensemble.members_.items()
            if voting[name] > 0
        ),
    )


def log_native(ensemble: ProductionEnsemble, dataset: Dataset) -> str:
    """Keep the members in the active run, and the figure of what moves their vote.

    Returns
    -------
    str
        Sha256 of the members' file, for the version's tag.
    """
    native = native_members(ensemble)
    holdout = dataset.features.iloc[dataset.holdout]
    n_rows = min(_N_ROWS, len(holdout))
    rows = holdout.iloc[np.linspace(0, len(holdout) - 1, n_rows).astype(int)]
    title = f"Level {dataset.level}, what moves the vote on {n_rows:,} hold-out bars"
    mlflow.log_figure(shap_summary(explain(native, rows), rows, title), "figures/shap.png")
    data = pack(native)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / Path(NATIVE_PATH).name
        path.write_bytes(data)
        mlflow.log_artifact(str(path), str(Path(NATIVE_PATH).parent))
    return hashlib.sha256(data).hexdigest()


def fetch_native(version: Version) -> NativeMembers:
    """The members of a version, as they were when it was registered.

    Raises
    ------
    RegistryError
        The version has none, they were changed, or the store cannot be asked.
    """
    name = f"{version.name} version {version.number}"
    if NATIVE_TAG not in version.tags:
        raise RegistryError(
            f"{name} keeps no native members, which explanations are made from: it was registered "
            "before kaidan kept them; train a new version"
        )
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        data = fetch_run_artifact(version, NATIVE_PATH, Path(folder)).read_bytes()
    try:
        return unpack(data, version.tags[NATIVE_TAG])
    except ArtifactError as error:
        raise RegistryError(f"{name}: {error}") from error


def explain(native: NativeMembers, rows: pd.DataFrame) -> Explanation:
    """Say what each input adds to the vote.

    Parameters
    ----------
    native : NativeMembers
    rows : DataFrame of shape (n_rows, n_features)
        Has the members' inputs among its columns.
    """
    values = rows[list(native.inputs)].to_numpy(dtype=np.float32)
    scores = []
    for member in native.members:
        base, added = tree_shap(member.trees, values)
        boosted = isinstance(member.trees, Boosted)
        scores.append(
            MemberScores(member.share, member.classes, boosted, member.calibration, base, added)
        )
    return explain_vote(scores, native.inputs)
