import numpy as np
import pytest
import talib

from kaidan.features.ohlcv import Ohlcv, as_ohlcv
from kaidan.features.technical import technical_features

RECENT = slice(-40, None)


@pytest.fixture(scope="module")
def columns(bars):
    return technical_features(as_ohlcv(bars))


def test_rsi_is_wilders(bars, columns):
    change = bars["close"].diff().to_numpy()
    gain = loss = 0.0
    for t in range(1, len(change)):
        gain += (max(change[t], 0.0) - gain) / 14
        loss += (max(-change[t], 0.0) - loss) / 14
    assert columns["rsi_14"][-1] == pytest.approx(100 * gain / (gain + loss), rel=1e-9)


def test_macd_is_the_difference_of_two_emas_and_its_signal_their_ema(bars, columns):
    close = bars["close"]
    line = close.ewm(span=12, adjust=False).mean() - close.ewm(span=26, adjust=False).mean()
    signal = line.ewm(span=9, adjust=False).mean()
    np.testing.assert_allclose(columns["macd"][RECENT], line[RECENT], rtol=1e-7)
    np.testing.assert_allclose(columns["macd_signal"][RECENT], signal[RECENT], rtol=1e-7)
    np.testing.assert_allclose(columns["macd_hist"][RECENT], (line - signal)[RECENT], atol=1e-6)


def test_the_slow_stochastic_smooths_the_fast_one_twice(bars, columns):
    lowest, highest = bars["low"].rolling(14).min(), bars["high"].rolling(14).max()
    slow_k = (100 * (bars["close"] - lowest) / (highest - lowest)).rolling(3).mean()
    np.testing.assert_allclose(columns["stoch_k"], slow_k)
    np.testing.assert_allclose(columns["stoch_d"], slow_k.rolling(3).mean())


def test_the_stochastic_and_the_money_flow_index_agree_with_talib(bars, columns):
    high, low, close, volume = (bars[n].to_numpy() for n in ("high", "low", "close", "volume"))
    slow_k, slow_d = talib.STOCH(high, low, close, 14, 3, 0, 3, 0)
    np.testing.assert_allclose(columns["stoch_k"][20:], slow_k[20:])
    np.testing.assert_allclose(columns["stoch_d"][20:], slow_d[20:])
    np.testing.assert_allclose(columns["mfi_14"], talib.MFI(high, low, close, volume, 14))


def test_the_money_flow_index_compares_flow_on_rising_and_falling_bars(bars, columns):
    typical = (bars["high"] + bars["low"] + bars["close"]) / 3
    flow, change = (typical * bars["volume"])[-14:], typical.diff()[-14:]
    inflow, outflow = flow[change > 0].sum(), flow[change < 0].sum()
    assert columns["mfi_14"][-1] == pytest.approx(100 * inflow / (inflow + outflow))


@pytest.mark.parametrize("scale", [1e-12, 1e9])
def test_the_money_flow_index_does_not_depend_on_the_unit_of_volume(bars, columns, scale):
    scaled = technical_features(as_ohlcv(bars.assign(volume=bars["volume"] * scale)))
    np.testing.assert_allclose(scaled["mfi_14"], columns["mfi_14"], rtol=1e-9)


def test_the_commodity_channel_index_counts_mean_deviations(bars, columns):
    typical = ((bars["high"] + bars["low"] + bars["close"]) / 3)[-20:]
    spread = (typical - typical.mean()).abs().mean()
    expected = (typical.iloc[-1] - typical.mean()) / (0.015 * spread)
    assert columns["cci_20"][-1] == pytest.approx(expected)


def test_a_market_that_does_not_move_is_in_the_middle(flat_bars):
    last = {name: column[-1] for name, column in technical_features(as_ohlcv(flat_bars)).items()}
    assert [last[name] for name in ("rsi_14", "stoch_k", "stoch_d", "mfi_14")] == [50.0] * 4
    assert last["cci_20"] == 0.0


def test_rsi_is_neutral_only_after_fourteen_changes_of_zero(flat_bars):
    column = technical_features(as_ohlcv(flat_bars))["rsi_14"]
    assert column[600 + 13] != 50.0  # the first flat bar still changed
    assert column[600 + 14] == 50.0


@pytest.mark.parametrize("price", np.random.default_rng(3).uniform(1e-3, 2e7, 25))
def test_no_flat_price_looks_stretched_by_rounding(price):
    bars = Ohlcv(*(np.full(60, price) for _ in range(4)), volume=np.ones(60))
    assert technical_features(bars)["cci_20"][-1] == 0.0


def test_the_money_flow_index_without_volume_is_neutral(bars):
    assert technical_features(as_ohlcv(bars.assign(volume=0.0)))["mfi_14"][-1] == 50.0
