"""What all settings are: unchangeable, and without keys that nobody reads."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]


class Frozen(BaseModel):
    """Settings that refuse unknown keys and cannot be changed after they were checked."""

    model_config = ConfigDict(frozen=True, extra="forbid")
