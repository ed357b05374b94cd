"""Where kaidan keeps what it can fetch again, and what its bots remember."""

import os
from pathlib import Path

from platformdirs import user_cache_path

VARIABLE = "KAIDAN_HOME"


def kaidan_home() -> Path:
    """`KAIDAN_HOME`, or the platform's cache folder."""
    # Not pydantic-settings: it brings 5 MB along, and the bot asks here.
    named = os.environ.get(VARIABLE)
    return Path(named) if named else user_cache_path("kaidan")
