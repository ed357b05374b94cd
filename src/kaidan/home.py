"""Where kaidan keeps what it can fetch again: models, bars, macro history."""

from pathlib import Path

from platformdirs import user_cache_path
from pydantic_settings import BaseSettings, SettingsConfigDict


class Environment(BaseSettings):
    """What comes from environment variables: `KAIDAN_HOME`."""

    model_config = SettingsConfigDict(env_prefix="KAIDAN_", frozen=True)

    home: Path | None = None


def kaidan_home() -> Path:
    """`KAIDAN_HOME`, or the platform's cache folder."""
    return Environment().home or user_cache_path("kaidan")
