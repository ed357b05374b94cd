"""Whether a model may be given the features of a level; the registry and the ladder ask alike."""

from kaidan.artifact.runtime import Runtime
from kaidan.features.contract import level_contract
from kaidan.settings import Settings


def contract_fault(runtime: Runtime, level: int, registered_sha256: str, settings: Settings) -> str:
    """Say why a model must not answer for a level; an empty text when it may.

    Parameters
    ----------
    runtime : Runtime
        Its bundle names a level, a contract and features.
    level : int
        At which it would be asked.
    registered_sha256 : str
        `contract_sha256` as the registry, or the cache of it, has it.
    settings : Settings
        What this kaidan computes features by.
    """
    if runtime.level != level:
        return f"is a model of level {runtime.level}"
    expected = level_contract(settings, level)
    for sha256 in (runtime.contract_sha256, registered_sha256):
        if sha256 != expected.sha256:
            return (
                f"was trained for contract {sha256[:12]}, this kaidan computes "
                f"{expected.sha256[:12]}; train a new version"
            )
    if runtime.features != expected.features:
        return "names other features than its contract; train a new version"
    return ""
