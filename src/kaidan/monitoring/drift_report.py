"""A drift report as one page that a person reads, with its pictures inside it."""

import base64
import io
from html import escape

import mlflow

from kaidan.evaluation.plots.palette import BLUE, GREEN, GREY, VERMILLION
from kaidan.evaluation.plots.two_shares import two_shares
from kaidan.monitoring.drift import DriftReport
from kaidan.monitoring.drift_sizes import ColumnDrift

PATH = "drift/report.html"
_COLOURS = {"drifted": VERMILLION, "steady": GREEN, "untold": GREY}
_STYLE = f"""
body {{ font: 15px/1.5 system-ui, sans-serif; color: #222; max-width: 64rem; margin: 2rem auto;
  padding: 0 1rem; background: #fafafa }}
header {{ border-left: .5rem solid var(--verdict); padding: .2rem 1.2rem; background: #fff }}
h1 {{ margin: .3rem 0; font-size: 1.5rem }} h1 b {{ color: var(--verdict) }}
h2 {{ font-size: 1.1rem; margin-top: 2rem }}
.cards {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(24rem, 1fr)); gap: 1rem }}
figure {{ margin: 0; padding: .8rem 1rem; background: #fff; border: 1px solid #ddd;
  border-radius: .4rem }}
figure.drifted {{ border-left: .3rem solid {VERMILLION} }}
figcaption b {{ font-family: ui-monospace, monospace }} figcaption small {{ color: {GREY} }}
img {{ width: 100%; height: auto }}
table {{ border-collapse: collapse; width: 100%; background: #fff }}
td, th {{ padding: .25rem .6rem; text-align: right; border-bottom: 1px solid #eee }}
td:first-child, th:first-child {{ text-align: left; font-family: ui-monospace, monospace }}
tr.drifted td:first-child {{ color: {VERMILLION}; font-weight: bold }} a {{ color: {BLUE} }}
"""


def drift_page(report: DriftReport, title: str, *, n_drawn: int = 12) -> str:
    """Write a self-contained HTML page, worst columns first.

    Parameters
    ----------
    report : DriftReport
    title : str
        Which model this is about.
    n_drawn : int
        Columns whose distributions are drawn; the table has all of them.
    """
    cards = "".join(_card(one) for one in report.columns[:n_drawn])
    rows = "".join(_row(one) for one in report.columns)
    body = ""
    if report.columns:
        body = f"""<h2>Furthest from training</h2>
<p>Shares of the rows between the deciles of the training rows. A column has drifted when PSI or
move exceeds its threshold, that is, what days and weeks of training rows differ by themselves.</p>
<div class="cards">{cards}</div>
<h2>All columns</h2>
<table><tr><th>column</th><th>window, bars</th><th>PSI</th><th>threshold</th><th>move, std</th>
<th>threshold</th><th>missing</th><th>of threshold</th></tr>{rows}</table>"""
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Drift: {escape(title)}</title>
<style>:root {{ --verdict: {_COLOURS[report.verdict]} }}{_STYLE}</style></head><body>
<header><h1>{escape(title)}: <b>{report.verdict}</b></h1><p>{escape(str(report))}</p>
<p><small>{report.n_bars} bars since it went live, {len(report.columns)} columns compared,
{len(report.drifted)} drifted. This warns; it trades nothing and stops nothing.</small></p></header>
{body}</body></html>
"""


def log_report(run_id: str, report: DriftReport, title: str) -> None:
    """Keep the page as artifact `drift/report.html` of a run."""
    mlflow.MlflowClient().log_text(run_id, drift_page(report, title), PATH)


def _card(one: ColumnDrift) -> str:
    buffer = io.BytesIO()
    figure = two_shares(one.edges, one.trained_shares, one.live_shares)
    figure.savefig(buffer, format="png", dpi=120)
    picture = base64.b64encode(buffer.getvalue()).decode("ascii")
    name = escape(one.name)
    return f"""<figure class="{_class(one)}"><figcaption><b>{name}</b>
<small>last {one.window_bars} bars: PSI {one.psi:.2f} (threshold {one.psi_threshold:.2f}), moved
{one.shift:+.2f} std (threshold {one.shift_threshold:.2f})</small></figcaption>
<img alt="{name} in training and live" src="data:image/png;base64,{picture}"></figure>"""


def _row(one: ColumnDrift) -> str:
    numbers = (
        f"{one.window_bars}",
        f"{one.psi:.2f}",
        f"{one.psi_threshold:.2f}",
        f"{one.shift:+.2f}",
        f"{one.shift_threshold:.2f}",
        f"{one.missing_share:.1%}",
        f"{one.excess:.0%}",
    )
    cells = "".join(f"<td>{number}</td>" for number in (escape(one.name), *numbers))
    return f'<tr class="{_class(one)}">{cells}</tr>'


def _class(one: ColumnDrift) -> str:
    return "drifted" if one.drifted else "steady"
