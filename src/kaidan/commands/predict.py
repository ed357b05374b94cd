"""`kaidan predict`: bars from a file through the ladder, the same way as live."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from kaidan.commands.market_data import read_market
from kaidan.commands.options import (
    ConfigDir,
    Json,
    MacroUri,
    answer,
    one_level,
)
from kaidan.commands.table_file import require_table_name, write_table
from kaidan.settings import load_settings


def predict(
    data: Annotated[str, typer.Option(metavar="URI", help="Bars; as for train.")],
    macro: MacroUri = "",
    level: Annotated[
        str | None, typer.Option(metavar="{1,2,3}", help="Ask this level only.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Answer every bar, into a CSV or Parquet file."),
    ] = None,
    cached: Annotated[
        bool, typer.Option("--cached", help="Use the local copy of the models; no MLflow.")
    ] = False,
    config: ConfigDir = None,
    as_json: Json = False,
) -> None:
    """Answer the last bar of a file, or with --out every bar."""
    settings = load_settings(config)
    if level is not None:
        settings = settings.with_ladder((one_level(level),))
    require_table_name(out)

    from kaidan.features.manager import FeatureManager
    from kaidan.market.gaps import find_gaps
    from kaidan.serving.ladder import Ladder

    # An exchange has no beginning: its last day, with the warm-up before it.
    days = 1 if data.startswith("exchange:") else None
    visible = sys.stdout.isatty() and not as_json
    bars, macro_frame = read_market(data, macro, days, settings, visible=visible)
    manager = FeatureManager(settings)
    features = manager.generate_features(bars, macro=macro_frame)
    bridged = manager.bridged(bars).loc[features.index]
    ladder = Ladder.from_cache(settings) if cached else Ladder.from_registry(settings)
    if out is None:
        said = ladder.predict(features.iloc[-1])
        over = [str(name) for name in bridged.columns[bridged.iloc[-1]]]
        answer(
            {"timestamp": features.index[-1].isoformat(), **said.to_dict(), "bridged": over},
            lambda: (
                f"bar of {features.index[-1]:%Y-%m-%d %H:%M} UTC: {said}"
                + (f"\n  {len(over)} features reach over a gap: {', '.join(over)}" if over else "")
            ),
            as_json=as_json,
        )
        return
    answers = ladder.predict_frame(features).assign(n_bridged=bridged.sum(axis=1))
    write_table(answers.reset_index(), out)
    levels = answers["level"].astype("string").fillna("dummy").value_counts().to_dict()
    answer(
        {"out": str(out), "n_bars": len(answers), "bars_by_level": levels},
        lambda: (
            f"{len(answers):,} bars answered into {out}; by level: "
            + ", ".join(f"{name}: {n:,}" for name, n in levels.items())
            + f"\n{find_gaps(bars)}"
        ),
        as_json=as_json,
    )
