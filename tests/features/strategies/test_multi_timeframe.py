import numpy as np
import pandas as pd
import pytest

from kaidan.features.strategies.multi_timeframe import higher_spread, multi_timeframe


def closes(n, start="2024-01-01 00:15"):
    """Close times, epoch seconds."""
    return pd.date_range(start, periods=n, freq="15min", tz="UTC", unit="s").asi8


@pytest.fixture
def short_memory(strategies):
    """Averages over two 4 h closes, so that a day of bars is enough."""
    return strategies.multi_timeframe.model_copy(
        update={"fast_span": 1, "slow_span": 2, "memory_spans": 1}
    )


def test_a_4_h_close_counts_from_the_bar_that_ends_with_it(short_memory):
    close = np.full(48, 100.0)
    close[31] = 110.0  # the bar from 07:45 to 08:00 closes the second 4 h bar
    close[32:47] = 500.0  # inside the third, which is still forming
    spread = higher_spread(closes(48), close, short_memory)
    assert np.isnan(spread[:31]).all()
    # fast = 110; slow = weights 3/4 and 1/4 of 110 and 100, as 1 and (1 - 2/3) normalised
    expected = (110.0 - (0.75 * 110.0 + 0.25 * 100.0)) / 110.0
    np.testing.assert_allclose(spread[31:47], expected)
    assert spread[47] == pytest.approx((100.0 - (0.75 * 100.0 + 0.25 * 110.0)) / 100.0)


def test_a_4_h_bar_whose_last_bars_are_missing_closes_with_what_it_has(short_memory):
    close = np.full(48, 100.0)
    close[29] = 110.0
    there = np.r_[0:30, 32:48]  # the last two bars before 08:00 are missing
    spread = higher_spread(closes(48)[there], close[there], short_memory)
    assert np.isnan(spread[29])
    assert spread[30] == pytest.approx((110.0 - (0.75 * 110.0 + 0.25 * 100.0)) / 110.0)


def test_the_averages_are_exponential_to_within_what_they_leave_out(strategies):
    n = 16 * 400
    close = 30_000 * np.exp(np.random.default_rng(6).normal(0, 0.003, n).cumsum())
    spread = higher_spread(closes(n), close, strategies.multi_timeframe)
    higher = pd.Series(close[15::16])
    fast, slow = (higher.ewm(span=span, adjust=False).mean().iloc[-1] for span in (20, 50))
    assert spread[-1] == pytest.approx((fast - slow) / higher.iloc[-1], abs=1e-3)
    assert spread[-1] != (fast - slow) / higher.iloc[-1]


def signal(strategies, *, trend, close, ema, rsi):
    """Signal at the last bar after 2,400 bars that climb or fall by `trend` a 4 h bar."""
    n = 2400
    path = 1000.0 * np.exp(trend * (np.arange(n) // 16))
    path[-2:] = close
    ema_20, rsi_14 = path.copy(), np.full(n, 50.0)
    ema_20[-2:], rsi_14[-2:] = ema, rsi
    settings = strategies.multi_timeframe
    times = closes(n, "2024-01-01 00:45")  # so that the last two bars are inside a forming bar
    spread = higher_spread(times, path, settings)
    return multi_timeframe(spread, path, ema_20, rsi_14, settings)[-1], spread[-1]


UP, DOWN = (9.0, 11.0), (11.0, 9.0)  # closes around an ema_20 of 10
LOW, HIGH, CALM = (30.0, 40.0), (70.0, 60.0), (50.0, 50.0)


@pytest.mark.parametrize(
    ("trend", "close", "rsi", "triggers"),
    [
        (0.004, UP, CALM, 1),
        (0.004, UP, LOW, 2),
        (0.004, (11.0, 11.0), LOW, 1),
        (0.004, DOWN, HIGH, 0),  # triggers against the trend
        (0.004, (11.0, 11.0), CALM, 0),  # no trigger
        (-0.004, DOWN, CALM, -1),
        (-0.004, DOWN, HIGH, -2),
        (-0.004, UP, LOW, 0),
        (0.00001, UP, LOW, 0),  # no trend
    ],
)
def test_a_trigger_counts_in_the_direction_of_the_trend(strategies, trend, close, rsi, triggers):
    got, spread = signal(strategies, trend=trend, close=close, ema=(10.0, 10.0), rsi=rsi)
    strength = min(abs(spread) / 0.01, 1.0)
    confidence = min(0.35 + 0.25 * strength + 0.2 * abs(triggers), 1.0)
    assert got == pytest.approx(np.sign(triggers) * confidence)


def test_touching_the_average_is_not_crossing_it(strategies):
    got, _ = signal(strategies, trend=0.004, close=(9.0, 10.0), ema=(10.0, 10.0), rsi=CALM)
    assert got == 0.0
