import json

import pytest

from kaidan.errors import ContractError, UsageError
from kaidan.features.contract import Contract, level_contract, level_features
from kaidan.settings import load_settings

SETTINGS = load_settings()


def changed(**update):
    """Settings with another threshold of the ATRBased signal."""
    values = SETTINGS.model_dump()
    values["training"]["strategies"]["atr_based"] |= update
    return type(SETTINGS).model_validate(values)


def test_each_level_is_a_prefix_of_the_one_above_it():
    one, two, three = (level_features(SETTINGS.levels, level) for level in (1, 2, 3))
    assert [len(one), len(two), len(three)] == [70, 62, 57]
    assert one[:62] == two
    assert two[:57] == three


@pytest.mark.parametrize("level", [0, 4, "2", "legacy"])
def test_a_level_that_does_not_exist_is_refused_in_one_line(level):
    with pytest.raises(UsageError, match=r"got .*, wanted 1, 2 or 3") as caught:
        level_contract(SETTINGS, level)
    assert "\n" not in str(caught.value)


def test_a_contract_survives_a_manifest():
    contract = level_contract(SETTINGS, 2)
    read = Contract.from_dict(json.loads(json.dumps(contract.to_dict())))
    assert read == contract
    assert read.sha256 == contract.sha256


def test_the_hash_differs_by_level_and_is_the_same_each_time():
    hashes = {level_contract(SETTINGS, level).sha256 for level in (1, 2, 3)}
    assert len(hashes) == 3
    assert hashes == {level_contract(load_settings(), level).sha256 for level in (1, 2, 3)}


@pytest.mark.parametrize(
    "key", ["features", "dtype", "formula_version", "warmup_bars", "strategies_sha256"]
)
def test_the_hash_depends_on_every_part(key):
    contract = level_contract(SETTINGS, 2)
    values = contract.to_dict()
    values[key] = values[key][::-1] if key == "features" else "another"
    assert Contract.from_dict(values).sha256 != contract.sha256


def test_another_threshold_is_another_contract_where_there_are_signals():
    other = changed(band_low=0.25)
    for level, same in ((1, False), (2, False), (3, True)):
        hashes = [level_contract(settings, level).sha256 for settings in (SETTINGS, other)]
        assert (hashes[0] == hashes[1]) is same


def test_a_contract_with_other_keys_is_refused():
    values = level_contract(SETTINGS, 3).to_dict()
    values["colour"] = values.pop("dtype")
    with pytest.raises(ContractError, match="colour"):
        Contract.from_dict(values)
