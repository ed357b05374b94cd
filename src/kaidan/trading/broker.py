"""The port to a market: what risk manager and loop may ask of whoever holds the account.

`PaperBroker` is the one that there is; one that sends orders to an exchange would implement this.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from kaidan.market.bar import Bar
from kaidan.trading.order import Account, Executed, Order
from kaidan.trading.position import ExitReason


class Broker(Protocol):
    """Holds one position at a time; is told each closed bar, then asked for what comes next.

    A market does not wait: what is asked for may be impossible by the time it would be done. It is
    then dropped, and the account says so after the next bar.
    """

    @property
    def account(self) -> Account:
        """What there is after the last bar."""

    def on_bar(self, bar: Bar, *, tradable: bool = True) -> Executed:
        """Say what was done up to the close of `bar`.

        Parameters
        ----------
        bar : Bar
            Closed, and later than any bar before it.
        tradable : bool
            False: nothing may be held through this bar.

        Raises
        ------
        DataError
            The bar is not later than the one before it.
        """

    def enter(self, order: Order) -> None:
        """Ask for an entry at the open of the next bar; if something is held then, it is dropped.

        A turn is `exit` and `enter`. The last order before a bar counts.
        """

    def exit(self, reason: ExitReason) -> None:
        """Ask to leave what is held, all of it; this is not taken back."""

    def extend(self, due_bars: int) -> None:
        """Hold what is held through `due_bars` bars after the last one, or longer if it is."""

    def state(self) -> dict[str, Any]:
        """Everything that `restore` needs, as plain JSON values."""

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on as the broker did whose `state` this was.

        Raises
        ------
        DataError
            It is not the state of such a broker.
        """
