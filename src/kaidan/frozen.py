"""What all settings are: unchangeable, and without keys that nobody reads."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]


class Frozen(BaseModel):
    """Settings that refuse unknown keys, NaN and infinity, and never change once checked."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
