"""The sentences beside the checks carry the run's own numbers."""

from kaidan.registry.notes import notes

METRICS = {
    "oof.direction_auc": 0.503,
    "oof.direction_auc.low": 0.461,
    "oof.direction_auc.high": 0.547,
    "oof.ensemble.weighted_f1": 0.551,
    "oof.majority.weighted_f1": 0.52,
    "oof.prior.log_loss": 1.0287,
    "oof.xgboost.log_loss": 1.0312,
    "weight.lightgbm": 2 / 3,
    "weight.xgboost": 0.0,
    "weight.random_forest": 1 / 3,
    "oof.backtest.total_return": -0.032,
    "oof.backtest.n_trades": 41.0,
    "oof.backtest.sharpe": -0.4,
    "oof.backtest.sharpe.low": -2.2,
    "oof.backtest.sharpe.high": 1.3,
    "oof.backtest.max_drawdown": 0.081,
    "oof.buy_and_hold.total_return": 0.123,
}


def test_without_direction_the_first_sentence_says_so() -> None:
    assert notes(METRICS)[0] == (
        "Direction was not found: AUC 0.503 [0.461, 0.547] of BUY against SELL among the bars "
        "that moved (99.9 %). It may know how far, not which way."
    )


def test_with_direction_it_is_found_only_when_the_whole_interval_is_above_a_coin() -> None:
    found = METRICS | {"oof.direction_auc": 0.61, "oof.direction_auc.low": 0.501}
    assert notes(found)[0].startswith("Direction was found: AUC 0.610 [0.501, ")
    almost = METRICS | {"oof.direction_auc": 0.61, "oof.direction_auc.low": 0.5}
    assert notes(almost)[0].startswith("Direction was not found")


def test_a_member_without_a_vote_is_named_with_its_score_and_who_votes_instead() -> None:
    assert notes(METRICS)[1] == (
        "Member xgboost has no vote: log-loss 1.0312 out of fold against 1.0287 of the class "
        "prior. Votes: lightgbm 0.67, random_forest 0.33."
    )
    everybody = METRICS | {"weight.xgboost": 0.4}
    assert not any("no vote" in note for note in notes(everybody))


def test_weighted_f1_stands_beside_what_the_commonest_class_scores() -> None:
    assert (
        "Weighted F1 is 0.551; always saying the commonest class scores 0.520 on the same bars."
        in notes(METRICS)
    )


def test_what_trading_on_it_earned_stands_beside_buy_and_hold() -> None:
    assert notes(METRICS)[-1] == (
        "After costs, out of fold: -3.2% in 41 trades, Sharpe -0.40 [-2.20, +1.30], largest "
        "drawdown 8.1%; buy and hold +12.3%."
    )
