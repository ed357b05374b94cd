"""Parameters that tuning found, put in the place of the configured ones."""

from collections.abc import Mapping

from kaidan.settings import TrainingSettings

Params = Mapping[str, float | int | str | bool]
TunedParams = Mapping[str, Params]  # by member; empty: nothing was tuned


def tuned_settings(settings: TrainingSettings, params: TunedParams) -> TrainingSettings:
    """Replace the parameters of the members that `params` names."""
    values = settings.model_dump()
    for name, found in params.items():
        values["members"][name]["params"] = dict(found)
    return TrainingSettings.model_validate(values)
