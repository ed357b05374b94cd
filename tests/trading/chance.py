"""A broker's day at random: thin bars, gaps, masks, and orders of every kind."""

import numpy as np

from kaidan.market.bar import ONE_BAR, Bar, each_bar
from kaidan.trading.order import Executed
from kaidan.trading.paper import PaperBroker
from kaidan.trading.policy import Side
from kaidan.trading.position import ExitReason
from tests.trading.kit import order, random_bars


class Chance:
    """The same bars, masks and orders for every broker that is led through them.

    Equity is 1000 at prices near 100: of most bars a broker gets less than it asks for.
    """

    def __init__(self, seed: int, n: int = 80) -> None:
        rng = np.random.default_rng(seed)
        volumes = rng.choice([0.0, 5.0, 50.0, 1e6], size=n)
        late = np.cumsum(rng.choice([0, 1], size=n, p=[0.9, 0.1])).tolist()
        self.bars: list[Bar] = [
            bar._replace(time=bar.time + ONE_BAR * gaps, volume=volume)
            for bar, gaps, volume in zip(
                each_bar(random_bars(n, seed)), late, volumes.tolist(), strict=True
            )
        ]
        self.tradable = (rng.random(n) < 0.95).tolist()
        self.asked = rng.choice(["", "enter", "turn", "exit", "extend"], size=n).tolist()
        self.sides = rng.choice([-1, 1], size=n).tolist()
        self.shares = rng.uniform(0.01, 1.0, size=n).tolist()

    def lead(self, broker: PaperBroker, row: int) -> Executed:
        """Tell `broker` the bar of `row`, and ask for what is asked for after it."""
        told = broker.on_bar(self.bars[row], tradable=self.tradable[row])
        match self.asked[row]:
            case "enter" | "turn" as asked:
                if asked == "turn":
                    broker.exit(ExitReason.TURN)
                side, share = Side(self.sides[row]), self.shares[row]
                broker.enter(order(side, share=share, stop_share=0.003, target_share=0.004))
            case "exit":
                broker.exit(ExitReason.TURN)
            case "extend":
                broker.extend(4)
        return told
