"""A promotion and a rollback while a bot runs: every answer is of one version, and is its own."""

from datetime import timedelta
from threading import Thread

import numpy as np

from kaidan.bot.tick import _sha256
from kaidan.features.stream import FeatureStream
from kaidan.market.bar import each_bar
from kaidan.registry.promotion import promote_all
from kaidan.registry.rollback import rollback
from kaidan.registry.store import get_version
from kaidan.serving.cache import ModelCache
from kaidan.settings import load_settings
from tests.faults.bot.registry import filled, home, noted, registry, settings
from tests.release import decisions_kept, register_twin, using

__all__ = ["filled", "home", "registry", "settings"]

LEVEL = 2


def test_no_decision_fails_or_is_of_two_versions_while_versions_are_moved(
    stage, release, registry, home, bars, office
) -> None:
    settings = load_settings(stage.config)
    stage.pace = timedelta(seconds=0.5)

    def script():
        yield stage.bars(1)
        version = get_version(LEVEL, register_twin(LEVEL))
        promoting = Thread(target=promote_all, args=([version], settings))
        promoting.start()
        yield noted(stage, "level 2: version 2 instead of 1")
        yield stage.bars(2)
        promoting.join()
        going_back = Thread(target=rollback, args=((LEVEL,), settings))
        going_back.start()
        yield noted(stage, "level 2: version 1 instead of 2")
        yield stage.bars(2)
        going_back.join()
        yield lambda: "level 2: version 2 instead of 1" in office.text

    with using(registry.file), decisions_kept(release):
        stage.play(script(), cached=False)
    assert set(stage.levels) == {LEVEL}
    versions = [entry.version for entry in stage.decided]
    assert [v for n, v in enumerate(versions) if n == 0 or v != versions[n - 1]] == [1, 2, 1]
    assert stage.notes("trouble") == []

    # Each answer is what its version says of the row, which is told once more.
    cache = ModelCache(home)
    runtime = cache.open(cache.entries()[LEVEL])
    stream = FeatureStream(settings)
    first = stage.decided[0].bar.time
    before = bars[bars.index < first]
    seconds = before.index.as_unit("s").asi8.astype("float64")
    stream.load(np.column_stack([seconds, before.to_numpy()]))
    stream.set_macro(None)
    heard = each_bar(bars[bars.index >= first])
    for entry, bar in zip(stage.decided, heard, strict=False):
        stream.push(bar)
        row = stream.row()
        assert (entry.bar, entry.features_sha256) == (bar, _sha256(row))
        (expected,) = runtime.predict([[row[name] for name in runtime.features]])
        assert tuple(entry.prediction.probabilities) == tuple(expected.tolist())
        assert entry.model_sha256 == runtime.model_sha256
