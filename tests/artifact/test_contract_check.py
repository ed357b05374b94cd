"""A model answers for its own level and contract, and for no other."""

from pathlib import Path

import pytest

from kaidan.artifact.contract_check import contract_fault
from kaidan.artifact.manifest import write_bundle
from kaidan.artifact.runtime import Runtime
from kaidan.features.contract import level_contract
from kaidan.settings import Settings, load_settings
from tests.serving.broken import graph


@pytest.fixture(scope="module")
def settings() -> Settings:
    return load_settings()


def model(folder: Path, settings: Settings, **changes: object) -> Runtime:
    """A model of level 3 whose bundle claims something else."""
    contract = level_contract(settings, 3)
    claimed = contract.to_dict() | {"contract_sha256": contract.sha256} | changes
    write_bundle(
        folder / "bundle",
        graph=graph("not a distribution", len(contract.features)),
        contract=claimed,
        reference={},
        metadata={"confidence_threshold": 0.0},
    )
    return Runtime.open(folder / "bundle")


def test_a_model_of_this_level_and_contract_has_no_fault(settings, tmp_path) -> None:
    sha256 = level_contract(settings, 3).sha256
    assert contract_fault(model(tmp_path, settings), 3, sha256, settings) == ""


def test_a_model_of_another_level_has(settings, tmp_path) -> None:
    sha256 = level_contract(settings, 2).sha256
    fault = contract_fault(model(tmp_path, settings), 2, sha256, settings)
    assert fault == "is a model of level 3"


def test_another_contract_is_a_fault_in_the_bundle_and_in_the_registry(settings, tmp_path) -> None:
    sha256 = level_contract(settings, 3).sha256
    wanted = f"was trained for contract eeeeeeeeeeee, this kaidan computes {sha256[:12]}; train"
    own = model(tmp_path / "own", settings)
    assert contract_fault(own, 3, "e" * 64, settings).startswith(wanted)
    other = model(tmp_path / "other", settings, contract_sha256="e" * 64)
    assert contract_fault(other, 3, sha256, settings).startswith(wanted)


def test_a_bundle_that_claims_the_contract_and_reorders_the_features_is_a_fault(
    settings, tmp_path
) -> None:
    contract = level_contract(settings, 3)
    swapped = model(tmp_path, settings, features=list(contract.features[::-1]))
    fault = contract_fault(swapped, 3, contract.sha256, settings)
    assert fault.startswith("names other features than its contract")
