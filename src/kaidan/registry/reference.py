"""The training reference of a version, as it was registered."""

import json
import tempfile
from pathlib import Path
from typing import Any

from kaidan.artifact.manifest import REFERENCE
from kaidan.artifact.runtime import RuntimeRefusal, verify_bundle
from kaidan.errors import RegistryError
from kaidan.registry.store import Version, fetch_bundle


def fetch_reference(version: Version) -> dict[str, Any]:
    """Fetch a version's `reference.json`, verified.

    Raises
    ------
    RegistryError
        The bundle is not what was registered, or the store cannot be asked.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        try:
            files = verify_bundle(fetch_bundle(version, Path(folder)), version.tag("model_sha256"))
        except RuntimeRefusal as error:
            raise RegistryError(
                f"{version.name} version {version.number} is not what was registered: {error}"
            ) from error
    return dict(json.loads(files[REFERENCE]))
