"""Tick by tick as the bot decides, or all bars at once: the same decisions."""

import shutil
import threading
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from kaidan.bot.desk import Dealt, Desk
from kaidan.bot.history import deal, replay_bot
from kaidan.bot.journal import Entry
from kaidan.bot.journal.reader import read_journal
from kaidan.bot.start import run_bot
from kaidan.features.manager import FeatureManager
from kaidan.market.gaps import bars_since_gap
from kaidan.market.sample import sample_bars, sample_macro
from kaidan.serving.ladder import Ladder
from kaidan.serving.live_ladder import LiveLadder
from kaidan.trading.policy import Side
from kaidan.trading.position import ExitReason
from kaidan.trading.replay import Replay
from tests.bot.kit import a_plan, errands_in_process

N_DECIDED = 1_500
GAP, FILLER = slice(700, 705), slice(750, 753)


@pytest.fixture(scope="module")
def bars(settings) -> pd.DataFrame:
    """With five bars missing, and three on which nobody traded."""
    bars = sample_bars().iloc[-settings.levels.warmup_bars - N_DECIDED - 5 :].copy()
    decided = bars.index[settings.levels.warmup_bars :]
    before = bars["close"].shift().loc[decided[FILLER][0]]
    bars.loc[decided[FILLER], ["open", "high", "low", "close"]] = before
    bars.loc[decided[FILLER], "volume"] = 0.0
    return bars.drop(decided[GAP])


@pytest.fixture(scope="module")
def macro(bars) -> pd.DataFrame:
    """Without USD/JPY for a week, of which the values before it bridge five days."""
    macro, middle = sample_macro(), bars.index[-N_DECIDED // 2].tz_localize(None)
    week = slice(middle - pd.Timedelta(days=6), middle + pd.Timedelta(days=1))
    macro.loc[week, "usd_jpy"] = np.nan
    return macro


@dataclass(frozen=True)
class BothWays:
    """The journal of a bot, and the same bars decided all at once."""

    entries: list[Entry]
    dealt: list[Dealt]
    features: pd.DataFrame
    answers: pd.DataFrame
    replayed: Replay


@pytest.fixture(scope="module")
def both(bars, macro, home, settings, release, tmp_path_factory) -> BothWays:
    place = tmp_path_factory.mktemp("replay")
    bars.to_parquet(place / "bars.parquet")
    macro.to_parquet(place / "macro.parquet")
    shutil.copytree(home, place / "home")
    plan = a_plan(
        f"replay:{place / 'bars.parquet'}",
        macro=str(place / "macro.parquet"),
        config=release.config,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KAIDAN_HOME", str(place / "home"))
        errands_in_process(patch)
        summary = run_bot(plan, settings, threading.Event())
    with read_journal(summary.journal) as journal:
        entries = list(journal.entries())
    features = FeatureManager(settings).generate_features(bars, macro=macro).iloc[1:]
    live = LiveLadder(
        Ladder.from_cache(settings, home=home),
        climb_after_bars=settings.bot.ladder.climb_after_bars,
    )
    answers = live.predict_frame(features)
    span, whole = bars.loc[answers.index], bars_since_gap(bars)
    everything = np.ones(len(span), dtype=np.bool_)
    dealt = deal(span, features, answers, Desk(settings), whole=whole, tradable=everything)
    replayed = replay_bot(span, features, answers, settings, whole=whole)
    return BothWays(entries, list(dealt), features, answers, replayed)


def test_every_bar_is_decided_once_and_in_order(both) -> None:
    assert [entry.bar.time for entry in both.entries] == list(both.answers.index)
    assert len(both.entries) == N_DECIDED


def test_what_was_planted_happened(both) -> None:
    levels = [entry.prediction.level for entry in both.entries]
    changes = [now for before, now in pairwise(levels) if now != before]
    assert (levels[0], changes) == (1, [2, 1])
    vetoed = {veto["name"] for entry in both.entries for veto in entry.vetoes}
    assert {"recent_gap", "filler_bar"} <= vetoed
    waits = [a.reason for entry in both.entries for a in entry.prediction.attempts]
    assert any(reason.startswith("could answer") for reason in waits)
    assert any("stale: usd_jpy" in reason for reason in waits)
    assert sum(len(entry.trades) for entry in both.entries) > 5


def test_the_answers_are_those_of_many_bars_at_once(both) -> None:
    said = pd.DataFrame(
        {
            "signal": [entry.prediction.signal.name for entry in both.entries],
            "confidence": [entry.prediction.confidence for entry in both.entries],
            "p_sell": [entry.prediction.probabilities.sell for entry in both.entries],
            "p_hold": [entry.prediction.probabilities.hold for entry in both.entries],
            "p_buy": [entry.prediction.probabilities.buy for entry in both.entries],
            "level": pd.array([e.prediction.level for e in both.entries], dtype="Int64"),
        },
        index=both.answers.index,
    )
    pd.testing.assert_frame_equal(
        said, both.answers[said.columns], rtol=0, atol=1e-6, check_dtype=False
    )
    for entry, attempts in zip(both.entries, both.answers["attempts"], strict=True):
        out = [f"level {attempt.level}" for attempt in entry.prediction.attempts]
        assert out == [one.partition(":")[0] for one in attempts.split("; ") if one]


def test_sides_orders_vetoes_fills_and_equity_are_the_same(both) -> None:
    for entry, dealt in zip(both.entries, both.dealt, strict=True):
        verdict = dealt.verdict
        assert entry.verdict["side"] == verdict.side.name, entry.bar.time
        assert entry.verdict["held"] == verdict.held.name
        assert entry.verdict["exit"] == (verdict.exit and verdict.exit.value)
        assert entry.verdict["extend_bars"] == verdict.extend_bars
        assert [veto["name"] for veto in entry.vetoes] == [veto.name for veto in verdict.vetoes]
        assert (entry.order is None) == (verdict.order is None)
        if verdict.order is not None:
            assert entry.order["side"] == verdict.order.side.name
            assert entry.order["share"] == pytest.approx(verdict.order.share, abs=1e-5)
        assert _named(entry.fills) == [(f.side.name, f.reason) for f in dealt.executed.fills]
        assert _named(entry.trades) == [(t.side.name, t.reason) for t in dealt.executed.trades]
        assert entry.side is dealt.account.side
        assert entry.equity_share == pytest.approx(dealt.account.equity_share, abs=1e-9)


def test_a_replay_is_the_same_account_and_closes_what_is_held_at_its_end(both) -> None:
    replayed = both.replayed
    assert replayed.equity[:-1] == pytest.approx([e.equity_share for e in both.entries[:-1]])
    assert replayed.position.tolist() == [entry.side for entry in both.entries]
    closed = sum(len(entry.trades) for entry in both.entries)
    held = both.entries[-1].side is not Side.FLAT
    assert len(replayed.trades) == closed + held
    assert replayed.tradable.all()


def test_what_is_held_at_the_end_of_a_replay_is_closed_there(both, bars, settings) -> None:
    first = next(n for n, entry in enumerate(both.entries) if entry.side is not Side.FLAT)
    answers = both.answers.iloc[: first + 1]
    span = bars.loc[answers.index]
    replayed = replay_bot(span, both.features, answers, settings, whole=bars_since_gap(bars))
    assert [trade.reason for trade in replayed.trades] == [ExitReason.END]
    assert replayed.equity[-1] < both.entries[first].equity_share


def test_a_bar_without_an_answer_is_the_dummys(both, bars, settings) -> None:
    answers = both.answers.iloc[[0, 1, 3]]
    span = bars.loc[both.answers.index[:4]]
    _, _, nobody, somebody = deal(
        span,
        both.features,
        answers,
        Desk(settings),
        whole=bars_since_gap(bars),
        tradable=np.ones(4, dtype=np.bool_),
    )
    assert "no_model" in {veto.name for veto in nobody.verdict.vetoes}
    assert "no_model" not in {veto.name for veto in somebody.verdict.vetoes}


def _named(said: tuple[dict[str, object], ...]) -> list[tuple[object, object]]:
    return [(one["side"], one["reason"]) for one in said]
