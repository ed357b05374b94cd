"""JSON that any reader takes: what has no number in it is null, what is no JSON is text."""

import json
import math
from typing import Any

_ENCODER = json.JSONEncoder(separators=(",", ":"), allow_nan=False, default=str)


def to_json(value: Any) -> str:
    """Compact JSON text of `value`; NaN and infinities become null."""
    try:
        return _ENCODER.encode(value)
    except ValueError:
        return _ENCODER.encode(_finite(value))


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
