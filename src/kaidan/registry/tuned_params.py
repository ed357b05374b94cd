"""Tuned parameters live on the version that they made, until it is replaced by a re-tuned one."""

import json

from kaidan.learning.tuned_params import TunedParams
from kaidan.registry.store import live_version

TAG = "tuned_params"


def live_params(level: int) -> TunedParams:
    """Parameters that the live version of a level was tuned to; empty when it was not."""
    live = live_version(level)
    found: TunedParams = json.loads(live.tags.get(TAG, "{}")) if live else {}
    return found


def to_tag(params: TunedParams) -> dict[str, str]:
    """The tag of a version that was trained with `params`; none when nothing was tuned."""
    return {TAG: json.dumps(params, sort_keys=True)} if params else {}
