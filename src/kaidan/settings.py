"""Settings: YAML chooses, frozen pydantic objects check.

No default hides in code: a missing key is an error, an unknown key is an error, and the hash of
what was used is logged as `config_id`.
"""

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, ValidationError, model_validator

from kaidan.bot_settings import BotSettings
from kaidan.errors import SettingsError
from kaidan.frozen import Count, Frozen, Positive
from kaidan.strategy_settings import StrategySettings
from kaidan.tuning_settings import TuningSettings

Share = Annotated[float, Field(gt=0, lt=1)]


class LevelSettings(Frozen):
    """Feature order by level (`levels.yaml`)."""

    formula_version: Count
    dtype: Literal["float32"]
    warmup_bars: Count
    technical: tuple[str, ...]
    strategy: tuple[str, ...]
    macro: tuple[str, ...]
    legacy12: tuple[str, ...]

    @model_validator(mode="after")
    def _names_are_unique(self) -> "LevelSettings":
        names = self.technical + self.strategy + self.macro
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise ValueError(f"feature names appear twice: {doubled}")
        if not set(self.legacy12) <= set(names):
            raise ValueError("legacy12 names a feature that no level has")
        return self


class LabelSettings(Frozen):
    """What the models learn to foresee."""

    horizon_bars: Count
    threshold_return: Positive


class SplitSettings(Frozen):
    """How rows are parted in time."""

    n_splits: Annotated[int, Field(ge=2)]
    holdout_share: Share
    stopping_share: Share
    min_train_rows: Count


class QualitySettings(Frozen):
    """Which rows are whole enough to learn from."""

    min_bars_since_gap: Count


class ResamplingSettings(Frozen):
    """How the training part is balanced."""

    smote: bool
    smote_ratio: Annotated[float, Field(gt=0, le=1)]
    smote_neighbors: Count
    class_weight: bool


class MemberSettings(Frozen):
    """One member: its share of the vote and its library's own parameters."""

    weight: Annotated[float, Field(ge=0)]
    params: dict[str, float | int | str | bool]


class MembersSettings(Frozen):
    """The three members; more than zero weight in all."""

    lightgbm: MemberSettings
    xgboost: MemberSettings
    random_forest: MemberSettings

    @model_validator(mode="after")
    def _somebody_votes(self) -> "MembersSettings":
        if sum(self.weights.values()) <= 0:
            raise ValueError("all member weights are 0: nobody votes")
        return self

    @property
    def by_name(self) -> dict[str, MemberSettings]:
        """Members in the order in which they vote."""
        return {name: getattr(self, name) for name in type(self).model_fields}

    @property
    def weights(self) -> dict[str, float]:
        """Share of the vote by member, as configured (not normalised)."""
        return {name: member.weight for name, member in self.by_name.items()}


class TrainingSettings(Frozen):
    """What a training run does (`training.yaml`)."""

    label: LabelSettings
    splits: SplitSettings
    quality: QualitySettings
    resampling: ResamplingSettings
    inputs: Literal["stationary", "all"]
    members: MembersSettings
    early_stopping_rounds: Count
    voting: Literal["weighted", "soft"]
    confidence_threshold: Annotated[float, Field(ge=0, lt=1)]
    calibration: Literal["multinomial", "none"]
    threads: Count
    seed: Annotated[int, Field(ge=0, lt=2**31)]
    tuning: TuningSettings
    strategies: StrategySettings


class GateSettings(Frozen):
    """One gate: what happens when the value misses the threshold, and why it is asked for."""

    severity: Literal["block", "warn"]
    threshold: float
    reason: str


class CheckSettings(Frozen):
    """All checks on a candidate."""

    parity: GateSettings
    argmax_flips: GateSettings
    reproducible: GateSettings
    latency_ms: GateSettings
    artifact_mb: GateSettings
    feature_leaks: GateSettings
    shuffled_labels: GateSettings
    one_bar_delay: GateSettings
    next_bar: GateSettings
    implausible: GateSettings
    skill_vs_prior: GateSettings
    volatility_margin: GateSettings
    skill_vs_volatility_prior: GateSettings
    direction: GateSettings
    weighted_f1: GateSettings
    backtest: GateSettings
    class_rows: GateSettings
    one_class: GateSettings
    confidence_spread: GateSettings
    calibration_error: GateSettings
    champion: GateSettings
    champion_trades: GateSettings


class GatesSettings(Frozen):
    """What a candidate must pass (`gates.yaml`)."""

    profile: Literal["default", "strict"]
    strict: tuple[str, ...]
    release: Literal["passing", "whole"]
    checks: CheckSettings

    @model_validator(mode="after")
    def _strict_names_checks(self) -> "GatesSettings":
        unknown = sorted(set(self.strict) - set(CheckSettings.model_fields))
        if unknown:
            raise ValueError(f"strict names no check: {unknown}")
        return self

    def severity(self, check: str) -> str:
        """`block` or `warn`, under the chosen profile."""
        if self.profile == "strict" and check in self.strict:
            return "block"
        chosen: GateSettings = getattr(self.checks, check)
        return chosen.severity


class Settings(Frozen):
    """All of `config/`, checked."""

    levels: LevelSettings
    training: TrainingSettings
    gates: GatesSettings
    bot: BotSettings

    def with_seed(self, seed: int) -> "Settings":
        """Replace the seed.

        Raises
        ------
        SettingsError
            The seed is out of range.
        """
        try:
            training = TrainingSettings.model_validate(self.training.model_dump() | {"seed": seed})
        except ValidationError as error:
            raise SettingsError(f"seed got {seed}, wanted 0 to {2**31 - 1}") from error
        return self.with_training(training)

    def with_training(self, training: TrainingSettings) -> "Settings":
        """Replace what a training run does."""
        return self.model_copy(update={"training": training})

    def with_profile(self, profile: str | None) -> "Settings":
        """Choose the profile of the gates; None leaves it as it is."""
        if profile is None:
            return self
        return self.model_copy(
            update={"gates": self.gates.model_copy(update={"profile": str(profile)})}
        )

    def with_ladder(self, levels: tuple[int, ...]) -> "Settings":
        """Keep these levels of the ladder only."""
        ladder = self.bot.ladder.model_copy(update={"levels": levels})
        return self.model_copy(update={"bot": self.bot.model_copy(update={"ladder": ladder})})

    @property
    def config_id(self) -> str:
        """Sha256 (first 12 hex digits) of the canonical JSON of every setting."""
        return hashlib.sha256(canonical_json(self.model_dump(mode="json"))).hexdigest()[:12]


def canonical_json(value: Any) -> bytes:
    """Bytes that are equal exactly when `value` is: sorted keys, no white space."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def default_config_dir() -> Path:
    """`config/` of the wheel, or of the source tree that this module is read from."""
    packaged = Path(__file__).parent / "config"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "config"


def load_settings(config_dir: Path | None = None) -> Settings:
    """Read and check the YAML files of `config_dir` (default: kaidan's own).

    Raises
    ------
    SettingsError
        A file is missing or not YAML, or a key is missing, unknown or out of range.
    """
    folder = default_config_dir() if config_dir is None else config_dir
    parts: dict[str, Any] = {}
    for name in Settings.model_fields:
        path = folder / f"{name}.yaml"
        try:
            parts[name] = yaml.safe_load(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise SettingsError(
                f"cannot read {path} ({error.strerror}); a configuration folder holds "
                + ", ".join(f"{part}.yaml" for part in Settings.model_fields)
            ) from error
        except yaml.YAMLError as error:
            raise SettingsError(f"{path} is not YAML: {' '.join(str(error).split())}") from error
    try:
        return Settings.model_validate(parts)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        raise SettingsError(
            f"{folder}: {place}: {first['msg']}, got {first['input']!r:.80}{more}"
        ) from error
