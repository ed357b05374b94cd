"""From an answer to a position: which side, how much, or why not."""

from kaidan.bot.risk.consensus import Consensus, StrategyConsensus
from kaidan.bot.risk.context import RiskContext
from kaidan.bot.risk.manager import IntegratedRiskManager
from kaidan.bot.risk.ml_view import MlView
from kaidan.bot.risk.size import Size
from kaidan.bot.risk.verdict import Verdict
from kaidan.bot.risk.veto import Veto

__all__ = [
    "Consensus",
    "IntegratedRiskManager",
    "MlView",
    "RiskContext",
    "Size",
    "StrategyConsensus",
    "Verdict",
    "Veto",
]
