"""ProductionEnsemble: three members, calibrated on out-of-fold predictions, one weighted vote."""

from collections.abc import Collection, Mapping
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import accuracy_score, f1_score, log_loss

from kaidan.errors import ContractError, TrainingError
from kaidan.learning.cross_validation import (
    Fitted,
    OutOfFold,
    Progress,
    calibrate,
    cross_validate,
)
from kaidan.learning.inputs import input_names
from kaidan.learning.members import fit_member
from kaidan.learning.splits import stopping_fold
from kaidan.learning.training_part import prepare
from kaidan.learning.voting import Voting, decide, vote
from kaidan.settings import TrainingSettings, load_settings
from kaidan.signal import CLASS_NAMES, N_CLASSES


class ProductionEnsemble:
    """Weighted soft vote of LightGBM, XGBoost and RandomForest.

    Parameters
    ----------
    settings : TrainingSettings, optional
        Default: kaidan's `config/training.yaml`.
    voting : {"weighted", "soft", "hard"}, optional
        Default: that of the settings.
    confidence_threshold : float, optional
        Below it the answer is HOLD. Default: that of the settings.

    Attributes
    ----------
    feature_names_ : tuple of str
    input_names_ : tuple of str
        Those that the members may split on (`settings.inputs`).
    members_ : dict of member name to Fitted
        Fitted on all rows, calibrated out of fold.
    out_of_fold_ : OutOfFold
    weights_ : dict of member name to float
        Those of the settings, but 0 for members that were silenced.
    final_fold_ : Fold
        What the members that answer were fitted and stopped on; it has no test rows.
    """

    def __init__(
        self,
        settings: TrainingSettings | None = None,
        *,
        voting: Voting | None = None,
        confidence_threshold: float | None = None,
    ) -> None:
        self.settings = load_settings().training if settings is None else settings
        self.voting: Voting = self.settings.voting if voting is None else voting
        self.confidence_threshold = (
            self.settings.confidence_threshold
            if confidence_threshold is None
            else confidence_threshold
        )

    def fit(self, X: pd.DataFrame, y: ArrayLike, *, progress: Progress | None = None) -> Self:
        """Cross-validate, then fit each member on all rows and calibrate it out of fold.

        Parameters
        ----------
        X : DataFrame of shape (n_rows, n_features)
            Rows in time order; all of them may be learnt from, so keep hold-out rows away.
        y : array of shape (n_rows,)
            Signals.
        progress : callable, optional
            Told what was finished, after each fit.

        Raises
        ------
        TrainingError
            Too few rows, a constant feature, a non-finite value, or unknown classes.
        """
        tell: Progress = progress or (lambda _: None)
        labels = np.asarray(y, dtype=np.int64)
        self._check(X, labels)
        self.feature_names_ = tuple(X.columns)
        self.input_names_ = input_names(X.columns, self.settings.inputs)
        values = self._inputs(X)
        self.out_of_fold_: OutOfFold = cross_validate(values, labels, self.settings, tell)
        self.final_fold_ = stopping_fold(
            len(labels), np.arange(0), self.settings.splits, self.settings.label.horizon_bars
        )
        part = prepare(values, labels, self.final_fold_, self.settings)
        self.members_: dict[str, Fitted] = {}
        for name, member_settings in self.settings.members.by_name.items():
            member = fit_member(name, member_settings.params, part)
            unseen = np.full((len(labels), N_CLASSES), np.nan)
            unseen[self.out_of_fold_.rows] = self.out_of_fold_.raw[name]
            self.members_[name] = Fitted(
                member,
                calibrate(member, unseen, values, labels, self.final_fold_, self.settings),
            )
            tell(f"all rows, {name}")
        self.weights_ = dict(self.settings.members.weights)
        return self

    def silence(self, names: Collection[str]) -> Self:
        """Take the vote of some members away; the others share it.

        Raises
        ------
        TrainingError
            Nobody would vote any more.
        """
        weights = self._without(names)
        if sum(weights.values()) <= 0:
            raise TrainingError(f"silencing {', '.join(sorted(names))} leaves nobody to vote")
        self.weights_ = weights
        return self

    def predict_members(self, X: pd.DataFrame) -> dict[str, NDArray[np.float64]]:
        """Calibrated probabilities of shape (n_rows, 3) by member name."""
        values = self._inputs(X)
        return {name: fitted.predict_proba(values) for name, fitted in self.members_.items()}

    def predict_proba(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """Probabilities of SELL, HOLD and BUY, of shape (n_rows, 3); columns in any order."""
        return self.combine(self.predict_members(X))

    def predict(self, X: pd.DataFrame) -> NDArray[np.int64]:
        """Signals of shape (n_rows,)."""
        return decide(self.predict_proba(X), self.confidence_threshold)

    def out_of_fold_proba(self) -> NDArray[np.float64]:
        """The vote of the calibrated out-of-fold predictions, of shape (n_out_of_fold, 3)."""
        return self.combine(self.out_of_fold_.calibrated)

    def combine(
        self,
        members: Mapping[str, NDArray[np.float64]],
        *,
        silent: Collection[str] | None = None,
    ) -> NDArray[np.float64]:
        """The vote of calibrated members.

        Parameters
        ----------
        members : mapping of member name to float array of shape (n_rows, 3)
        silent : collection of str, optional
            Who has no vote on these rows; default those that were silenced for good.
        """
        weights = self.weights_ if silent is None else self._without(silent)
        return vote(members, weights, self.voting)

    def _without(self, names: Collection[str]) -> dict[str, float]:
        return {n: 0.0 if n in names else w for n, w in self.settings.members.weights.items()}

    def get_model_info(self) -> dict[str, Any]:
        """What this ensemble is, as plain values."""
        fitted = hasattr(self, "members_")
        return {
            "classes": list(CLASS_NAMES),
            "weights": self.weights_ if fitted else self.settings.members.weights,
            "voting": self.voting,
            "confidence_threshold": self.confidence_threshold,
            "calibration": self.settings.calibration,
            "fitted": fitted,
            "n_features": len(self.feature_names_) if fitted else None,
            "feature_names": list(self.feature_names_) if fitted else None,
            "n_inputs": len(self.input_names_) if fitted else None,
            "rounds": (
                {name: one.member.n_rounds for name, one in self.members_.items()}
                if fitted
                else None
            ),
        }

    def validate_predictions(self, X: pd.DataFrame, y: ArrayLike | None = None) -> dict[str, Any]:
        """Look at the answers for `X`: are they distributions, do they vary, are they right.

        Returns
        -------
        dict
            `n_rows`, `valid` (every row is a distribution), `class_mix` (share by signal),
            `confidence_mean`, `confidence_std`; with `y` also `accuracy`, `macro_f1`, `log_loss`.
        """
        probabilities = self.predict_proba(X)
        verdicts = decide(probabilities, self.confidence_threshold)
        confidence = np.take_along_axis(probabilities, verdicts[:, None], axis=1)[:, 0]
        counts = np.bincount(verdicts, minlength=N_CLASSES)
        report: dict[str, Any] = {
            "n_rows": len(probabilities),
            "valid": bool(
                np.isfinite(probabilities).all()
                and (probabilities >= 0).all()
                and np.allclose(probabilities.sum(axis=1), 1.0)
            ),
            "class_mix": dict(zip(CLASS_NAMES, (counts / len(verdicts)).tolist(), strict=True)),
            "confidence_mean": float(confidence.mean()),
            "confidence_std": float(confidence.std()),
        }
        if y is not None:
            classes = np.arange(N_CLASSES)
            report["accuracy"] = float(accuracy_score(y, verdicts))
            report["macro_f1"] = float(
                f1_score(y, verdicts, labels=classes, average="macro", zero_division=0.0)
            )
            report["log_loss"] = float(log_loss(y, probabilities, labels=classes))
        return report

    def _check(self, X: pd.DataFrame, labels: NDArray[np.int64]) -> None:
        _require_names(X)
        if len(X) != len(labels):
            raise TrainingError(f"got {len(X)} rows and {len(labels)} labels, want as many of each")
        strange = sorted(set(np.unique(labels).tolist()) - set(range(N_CLASSES)))
        if strange:
            raise TrainingError(f"got labels {strange}, want 0 (SELL), 1 (HOLD) and 2 (BUY)")
        constant = [name for name in X.columns if X[name].nunique() < 2]
        if constant:
            raise TrainingError(
                f"features never change in training: {', '.join(constant)}; "
                "their source is broken, or use more --days"
            )

    def _inputs(self, X: pd.DataFrame) -> NDArray[np.float32]:
        _require_names(X)
        if not hasattr(self, "feature_names_"):
            raise TrainingError("this ensemble is not fitted; call fit first")
        missing = [name for name in self.feature_names_ if name not in X.columns]
        if missing:
            raise ContractError(f"features are missing: {', '.join(missing)}")
        values = X[list(self.input_names_)].to_numpy(dtype=np.float32)
        finite = np.isfinite(values).all(axis=0)
        if not finite.all():
            names = [n for n, ok in zip(self.input_names_, finite, strict=True) if not ok]
            raise ContractError(f"features are not finite: {', '.join(names)}")
        return values


def _require_names(X: object) -> None:
    # Unnamed columns in another order would be answered, differently, and nobody would know.
    if not isinstance(X, pd.DataFrame):
        raise ContractError(
            f"got features as {type(X).__name__}, want a DataFrame whose columns are named; "
            "FeatureManager.generate_features makes one"
        )
