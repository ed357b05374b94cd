"""What a configuration folder may say, and the one line that refuses the rest."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from kaidan.errors import SettingsError
from kaidan.settings import canonical_json, default_config_dir, load_settings
from tests.kit import small_settings, write_config

Change = Callable[[dict[str, Any]], object]


def changed(folder: Path, name: str, change: Change) -> Path:
    path = write_config(folder) / f"{name}.yaml"
    values = yaml.safe_load(path.read_text())
    change(values)
    path.write_text(yaml.safe_dump(values))
    return folder


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    settings = small_settings()
    again = load_settings(write_config(tmp_path / "config"))
    assert again == settings
    assert again.config_id == settings.config_id


def test_the_default_is_the_folder_beside_the_source() -> None:
    assert load_settings() == load_settings(default_config_dir())


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("training", lambda v: v.update(sede=1), "training.sede: Extra inputs are not permitted"),
        ("training", lambda v: v.pop("seed"), "training.seed: Field required"),
        ("training", lambda v: v.update(seed=-1), "training.seed: .* got -1"),
        ("training", lambda v: v.update(voting="loud"), "training.voting: .* got 'loud'"),
        (
            "training",
            lambda v: [member.update(weight=0) for member in v["members"].values()],
            "all member weights are 0: nobody votes",
        ),
        ("levels", lambda v: v["macro"].append("close"), r"appear twice: \['close'\]"),
        ("levels", lambda v: v["legacy12"].append("rsi_99"), "legacy12 names a feature that no"),
        (
            "gates",
            lambda v: v["checks"]["parity"].update(severity="maybe"),
            "gates.checks.parity.sev",
        ),
        ("gates", lambda v: v["checks"].pop("parity"), "gates.checks.parity: Field"),
        ("bot", lambda v: v["ladder"].update(levels=[1, 4]), r"bot.ladder.levels.1: .* got 4"),
        *(
            ("bot", lambda v, change=change: v["risk"].update(change), f"bot.risk.*: .*{said}")
            for change, said in [
                ({"model_weight": 0.8}, "add up to 1.1, want 1"),
                ({"max_stop_share": 1.0}, "is wider than the account"),
                ({"min_stop_share": 0.06}, "no stop fits between them"),
                ({"target_in_horizon_sigmas": 40.0}, "no price falls so far"),
                ({"max_loss_share": 0.15}, "one stop would pause the bot"),
                ({"max_loss_share": 0.00005}, "nothing would be traded, want more"),
                ({"min_position_share": 1.0}, "nothing would be traded, want less"),
                ({"max_position_share": 1.5}, "less than or equal to 1, got 1.5"),
                ({"kelly_fraction": 0.0}, "greater than 0, got 0.0"),
                ({"kelly_fraction": math.nan}, "finite number, got nan"),
                ({"max_spread_share": math.inf}, "finite number, got inf"),
                ({"max_jump_sigmas": 10.0}, "cannot be reached by one bar of 96"),
                ({"min_volume_ratio": 30.0}, "no bar would pass"),
                ({"drawdown_pause_bars": 0}, "greater than or equal to 1, got 0"),
                ({"max_leverage": 3.0}, "Extra inputs are not permitted"),
            ]
        ),
        (
            "bot",
            lambda v: v["risk"]["strategies"].update(ATRBased=0.5),
            "strategy weights add up to 1.3, want 1",
        ),
        ("bot", lambda v: v["risk"]["strategies"].pop("ATRBased"), "ATRBased: Field required"),
    ],
)
def test_a_nonsensical_key_is_refused_by_its_place(
    tmp_path: Path, name: str, change: Change, said: str
) -> None:
    with pytest.raises(SettingsError, match=said) as refused:
        load_settings(changed(tmp_path, name, change))
    assert "\n" not in str(refused.value)


def test_more_than_one_fault_is_counted(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"\(and 1 more\)"):
        load_settings(changed(tmp_path, "bot", lambda v: v.update(a=1, b=2)))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    write_config(tmp_path)
    (tmp_path / "gates.yaml").unlink()
    with pytest.raises(SettingsError, match=r"gates\.yaml \(No such file.*bot\.yaml"):
        load_settings(tmp_path)


def test_a_file_that_is_not_yaml_is_one_line(tmp_path: Path) -> None:
    write_config(tmp_path)
    (tmp_path / "bot.yaml").write_text("a: [1,\n b: 2")
    with pytest.raises(SettingsError, match=r"bot\.yaml is not YAML") as refused:
        load_settings(tmp_path)
    assert "\n" not in str(refused.value)


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        small_settings().training.seed = 3


def test_the_config_id_follows_every_value_and_no_order(tmp_path: Path) -> None:
    settings = load_settings(write_config(tmp_path / "a"))
    other = changed(
        tmp_path / "b", "gates", lambda v: v["checks"]["parity"].update(reason="another")
    )
    assert load_settings(other).config_id != settings.config_id
    assert canonical_json({"b": 1, "a": [2]}) == canonical_json({"a": [2], "b": 1})


def test_another_seed_changes_the_seed_alone() -> None:
    settings = small_settings()
    other = settings.with_seed(11)
    assert other.training.seed == 11
    assert other.with_seed(settings.training.seed) == settings
    assert other.config_id != settings.config_id


def test_a_seed_out_of_range_is_refused() -> None:
    with pytest.raises(SettingsError, match="seed got -1, wanted 0 to 2147483647"):
        small_settings().with_seed(-1)


def test_the_ladder_can_be_cut_to_one_level() -> None:
    settings = small_settings()
    assert settings.with_ladder((3,)).bot.ladder.levels == (3,)
    assert settings.bot.ladder.levels == (1, 2, 3)


def test_settings_that_are_replaced_have_another_config_id() -> None:
    settings = small_settings()
    assert settings.config_id == settings.with_profile("default").config_id
    changed = {settings.config_id, settings.with_seed(9).config_id}
    changed |= {settings.with_profile("strict").config_id, settings.with_ladder((3,)).config_id}
    assert len(changed) == 4
