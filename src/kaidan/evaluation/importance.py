"""Which groups of features the ensemble lives on, asked where it was not trained."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kaidan.evaluation.bootstrap import block_bootstrap
from kaidan.evaluation.scores import log_losses
from kaidan.features.catalogue import CATALOGUE
from kaidan.learning.ensemble import ProductionEnsemble

# With two, shuffling adds less than a tenth to the interval that the market itself leaves.
_N_SHUFFLES = 2


def group_importance(
    ensemble: ProductionEnsemble, X: pd.DataFrame, y: NDArray[np.int64]
) -> pd.DataFrame:
    """Log-loss that the vote loses out of fold when a group of inputs is shuffled.

    Permutation importance (Breiman, Random forests, 2001) of all columns of a group together, by
    each fold's own members on its test rows. Single rows change places, not days: only so do the
    hours of a day, and what goes with them, lose their place too. Neighbouring bars still resemble
    each other in what they lose, so the interval resamples days. Groups that know the same thing
    stand in for each other: neither then looks important.

    Parameters
    ----------
    ensemble : ProductionEnsemble
        Fitted on `X` and `y`; its seed is that of the shuffling.
    X : DataFrame of shape (n_rows, n_features)
    y : int array of shape (n_rows,)
        Signals.

    Returns
    -------
    DataFrame of shape (n_groups, 4)
        Index `group`, as in the catalogue, most important first; a feature that is not in the
        catalogue is a group of its own. Columns `estimate`, `low`, `high` (95 %, in nats a row)
        and `n_features`, the number of the group's columns that the members may split on.
    """
    inputs = list(ensemble.input_names_)
    values = X[inputs].to_numpy(dtype=np.float32)
    group_of = np.array([CATALOGUE[name].group if name in CATALOGUE else name for name in inputs])
    groups = {name: group_of == name for name in dict.fromkeys(group_of.tolist())}
    found = ensemble.out_of_fold_
    rng = np.random.default_rng(ensemble.settings.seed)
    before = log_losses(y[found.rows], ensemble.out_of_fold_proba())
    after = np.concatenate(
        [
            _shuffled_losses(ensemble, number, values, y, list(groups.values()), rng)
            for number in range(len(found.folds))
        ],
        axis=1,
    )
    table = pd.DataFrame(
        [
            vars(block_bootstrap(losses - before)) | {"n_features": int(columns.sum())}
            for losses, columns in zip(after, groups.values(), strict=True)
        ],
        index=pd.Index(groups, name="group"),
    )
    return table.sort_values("estimate", ascending=False)


def _shuffled_losses(
    ensemble: ProductionEnsemble,
    number: int,
    values: NDArray[np.float32],
    y: NDArray[np.int64],
    groups: list[NDArray[np.bool_]],
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Losses of one fold's test rows, of shape (n_groups, n_test), mean over the shufflings."""
    found = ensemble.out_of_fold_
    test = found.folds[number].test
    losses = np.zeros((len(groups), len(test)))
    for _ in range(_N_SHUFFLES):
        # All groups change places alike and are asked about at once: a call costs more than rows.
        order = rng.permutation(test)
        shuffled = np.tile(values[test], (len(groups), 1, 1))
        for copy, columns in zip(shuffled, groups, strict=True):
            copy[:, columns] = values[order][:, columns]
        asked = shuffled.reshape(-1, values.shape[1])
        vote = ensemble.combine(
            {name: fitted[number].predict_proba(asked) for name, fitted in found.fitted.items()}
        )
        losses += log_losses(np.tile(y[test], len(groups)), vote).reshape(losses.shape)
    return losses / _N_SHUFFLES
