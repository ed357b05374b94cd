import numpy as np
import pytest

from kaidan.features import macro_row
from kaidan.features.macro_features import macro_features
from kaidan.features.macro_row import MacroRow
from kaidan.market.bar import BAR_SECONDS
from kaidan.market.known_macro import KnownMacro


@pytest.fixture
def computed(monkeypatch):
    """How often macro features were computed."""
    calls = []

    def counted(*arguments, **options):
        calls.append(arguments)
        return macro_features(*arguments, **options)

    monkeypatch.setattr(macro_row, "macro_features", counted)
    return calls


def test_a_day_of_bars_computes_them_a_few_times(make_bars, macro, computed):
    bars = make_bars(3300)
    closed_at = bars.index.as_unit("s").asi8 + BAR_SECONDS
    close = bars["close"].to_numpy()
    row = MacroRow(KnownMacro.from_frame(macro), 5.0)
    for end in range(3100, 3196):
        row.at_newest(closed_at[:end], close[:end])
    assert 1 <= len(computed) <= 15


def test_what_was_forgotten_is_computed_again(make_bars, macro, computed):
    closed_at = make_bars(3100).index.as_unit("s").asi8 + BAR_SECONDS
    row = MacroRow(KnownMacro.from_frame(macro), 5.0)
    rng = np.random.default_rng(1)
    first = row.at_newest(closed_at, rng.uniform(1.0, 2.0, 3100))
    assert row.at_newest(closed_at, rng.uniform(1.0, 2.0, 3100)) == first
    row.forget()
    again = row.at_newest(closed_at, rng.uniform(1.0, 2.0, 3100))
    assert again["usd_jpy_btc_correlation"] != first["usd_jpy_btc_correlation"]
    assert len(computed) == 2
