"""Bars and macro data as they are asked for on the command line."""

from typing import TYPE_CHECKING, Annotated

import typer

from kaidan.commands.options import fetching
from kaidan.home import kaidan_home
from kaidan.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

    from kaidan.learning.dataset import History

DataUri = Annotated[
    str,
    typer.Option(
        metavar="URI",
        help="Bars: `sample`, a CSV or Parquet file, or `exchange:bitbank/BTC_JPY`.",
    ),
]
Days = Annotated[int, typer.Option(help="Learn from the last N days of the data.")]
Seed = Annotated[int | None, typer.Option(help="Instead of the seed in training.yaml.")]


def read_market(
    data: str, macro: str, days: int | None, settings: Settings, *, visible: bool
) -> "tuple[pd.DataFrame, pd.DataFrame | None]":
    """Read the bars of the last `days` days, with the warm-up before them, and macro data."""
    from kaidan.market.source import load_bars, load_macro

    home = kaidan_home()
    with fetching(visible=visible and data.startswith("exchange:")) as on_page:
        bars = load_bars(
            data,
            days=days,
            home=home,
            extra_bars=settings.levels.warmup_bars - 1,
            on_page=on_page,
        )
    return bars, load_macro(macro, bars_uri=data, home=home)


def read_history(
    data: str, macro: str, days: int, settings: Settings, *, visible: bool
) -> "tuple[History, str]":
    """Make features and labels of the market; also the sha256 of what was read."""
    from kaidan.learning.dataset import build_history
    from kaidan.market.source import data_sha256

    bars, macro_frame = read_market(data, macro, days, settings, visible=visible)
    history = build_history(bars, macro_frame, settings, days=days, source=data)
    return history, data_sha256(bars, macro_frame)
