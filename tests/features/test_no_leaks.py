import pandas as pd

from kaidan.evaluation.probes import probe_features
from kaidan.features.manager import FeatureManager

WARMUP = 2976


def cuts_of_a_day(bars, day, hours):
    """Rows of the bars that close at these full hours, and of those just before.

    Higher bars, sessions and publications all begin or end on these; a look-ahead of one bar
    shows nowhere else.
    """
    closed_at = bars.index + pd.Timedelta(minutes=15)
    times = [pd.Timestamp(day, tz="UTC") + pd.Timedelta(hours=hour) for hour in hours]
    rows = closed_at.get_indexer(times)
    return sorted([*rows, *(rows - 1)])


def test_no_feature_sees_the_future_of_hand_made_bars(make_bars, macro):
    bars = make_bars(WARMUP + 400)
    cuts = [*cuts_of_a_day(bars, "2024-02-01", range(3, 25)), WARMUP + 398]
    generate = FeatureManager().generate_features
    assert probe_features(generate, bars, macro, cuts=cuts, seed=3) == ()


def test_no_feature_sees_the_future_of_real_bars(real_bars, real_macro):
    bars = real_bars.iloc[-5000:].set_index("timestamp")
    macro = real_macro.set_index("date")
    cuts = [3000, *cuts_of_a_day(bars, "2024-12-18", (0, 7, 12, 17, 21)), 4998]
    generate = FeatureManager().generate_features
    assert probe_features(generate, bars, macro, cuts=cuts, seed=3) == ()
