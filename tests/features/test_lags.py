import numpy as np

from kaidan.features.lags import LAGGED, lag_features


def test_each_lag_is_the_value_that_many_bars_ago():
    columns = {name: np.random.default_rng(2).normal(size=30) for name, _ in LAGGED}
    lagged = lag_features(columns)
    assert list(lagged) == [
        "returns_1_lag_1",
        "returns_1_lag_2",
        "returns_1_lag_3",
        "volume_ratio_lag_1",
        "rsi_14_lag_1",
        "macd_hist_lag_1",
        "natr_14_lag_4",
    ]
    assert lagged["natr_14_lag_4"][20] == columns["natr_14"][16]
    assert lagged["returns_1_lag_3"][20] == columns["returns_1"][17]
    assert np.isnan(lagged["rsi_14_lag_1"][0])
