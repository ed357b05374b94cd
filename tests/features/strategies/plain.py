"""The rules of strategies.md once more, for one bar at a time and with the shipped numbers."""

from scipy.stats import spearmanr


def vote(value, begin, full):
    strength = min(max((value - begin) / (full - begin), 0.0), 1.0)
    return 0.2 + 0.35 * strength


def atr_based(rows):
    now = rows[-1]
    band = rsi = 0.0
    if now["bb_position"] >= 0.7:
        band = -vote(now["bb_position"], 0.7, 0.9)
    elif now["bb_position"] <= 0.3:
        band = vote(now["bb_position"], 0.3, 0.1)
    if now["rsi_14"] >= 65:
        rsi = -vote(now["rsi_14"], 65, 95)
    elif now["rsi_14"] <= 35:
        rsi = vote(now["rsi_14"], 35, 5)
    if band * rsi > 0:
        confidence = max(min(band + rsi, 0.85), -0.85)
    elif band * rsi < 0:
        confidence = 0.0
    else:
        confidence = 0.7 * (band + rsi)
    regime = now["natr_14"] / (sum(row["natr_14"] for row in rows[-96:]) / 96)
    return confidence * (0.8 if regime < 0.5 else 1.02 if regime > 1.5 else 1.0)


def rci(rows, n):
    window = [row["close"] for row in rows[-n:]]
    return 100 * spearmanr(range(n), window).statistic


def sign(value):
    return (value > 0) - (value < 0)


def mochipoy_alert(rows):
    now = rows[-1]
    short, long = rci(rows, 9), rci(rows, 26)
    short_before, long_before = rci(rows[:-1], 9), rci(rows[:-1], 26)
    rank = 0
    if min(short, long) > 0 and short > short_before + 1e-9 and long > long_before + 1e-9:
        rank = 1
    if max(short, long) < 0 and short < short_before - 1e-9 and long < long_before - 1e-9:
        rank = -1
    votes = [sign(now["ema_spread"]), sign(now["macd_hist"]), rank]
    side = sign(sum(votes))
    if -side in votes or abs(sum(votes)) < 2:
        return 0.0
    if abs(sum(votes)) == 2:
        return side * 0.45
    return side * (0.7 + 0.3 * abs(short) / 100 * abs(long) / 100)


def average(values, span):
    weights = [(1 - 2 / (span + 1)) ** age for age in range(len(values))]
    pairs = zip(weights, reversed(values), strict=True)
    return sum(weight * value for weight, value in pairs) / sum(weights)


def multi_timeframe(rows):
    before, now = rows[-2:]
    ended = [
        row["close"]
        for row in rows
        if (row["closed_at"].hour % 4, row["closed_at"].minute) == (0, 0)
    ][-150:]
    spread = (average(ended, 20) - average(ended, 50)) / ended[-1]
    if abs(spread) <= 0.002:
        return 0.0
    side = sign(spread)
    above = [side * (row["close"] - row["ema_20"]) for row in (before, now)]
    triggers = int(above[0] <= 0 < above[1])
    if side > 0:
        triggers += before["rsi_14"] <= 35 < now["rsi_14"]
    else:
        triggers += before["rsi_14"] >= 65 > now["rsi_14"]
    if not triggers:
        return 0.0
    return side * min(0.35 + 0.25 * min(abs(spread) / 0.01, 1) + 0.2 * triggers, 1)


def donchian_channel(rows):
    now = rows[-1]
    side = (now["close"] > now["donchian_high_20"]) - (now["close"] < now["donchian_low_20"])
    if side and now["volume_ratio"] > 1.2:
        return side * min(0.6 + 0.1 * (now["volume_ratio"] - 1.2), 0.9)
    position = now["channel_position"]
    if now["adx_14"] < 20 and position < 0.1:
        return 0.25 + 0.3 * min((0.1 - position) / 0.1, 1)
    if now["adx_14"] < 20 and position > 0.9:
        return -(0.25 + 0.3 * min((position - 0.9) / 0.1, 1))
    return 0.0


def adx_trend_strength(rows):
    before, now = rows[-2:]
    if now["adx_14"] < 25 or now["adx_14"] <= before["adx_14"]:
        return 0.0
    lead, lead_before = (row["plus_di_14"] - row["minus_di_14"] for row in (now, before))
    confidence = 0.4 + min(0.3, (now["adx_14"] - 25) / 60) + min(0.15, abs(lead) / 100)
    if sign(lead) != sign(lead_before):
        confidence += 0.1
    return sign(lead) * min(confidence, 0.9)


RULES = {
    "strategy_signal_ATRBased": atr_based,
    "strategy_signal_MochipoyAlert": mochipoy_alert,
    "strategy_signal_MultiTimeframe": multi_timeframe,
    "strategy_signal_DonchianChannel": donchian_channel,
    "strategy_signal_ADXTrendStrength": adx_trend_strength,
}
