"""Expected failures. Each message is one line: what was got, what was wanted, what to do next."""


class KaidanError(Exception):
    """Base of every failure that a user can mend; the CLI prints it without a traceback."""

    exit_code = 1


class UsageError(KaidanError):
    """The command or the call itself is wrong."""

    exit_code = 2


class SettingsError(KaidanError):
    """A configuration file has a missing, unknown or nonsensical key."""

    exit_code = 2


class DataError(KaidanError):
    """Bars or macro data that must not be learnt from or traded on."""


class ContractError(KaidanError):
    """Features do not match the contract of the level they are given to."""


class TrainingError(KaidanError):
    """Training cannot honour what was asked of it."""


class ArtifactError(KaidanError):
    """An exported model is not, or is no longer, what was trained."""


class RegistryError(KaidanError):
    """The tracking store or the model registry cannot do what was asked."""


class StoreError(RegistryError):
    """The store did not do it: it is down, full, read-only, or lacks what was asked for."""


class RefusedError(KaidanError):
    """A gate says no."""

    exit_code = 3
