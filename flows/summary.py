"""What a run prints at its end: the answer, the verdicts, what failed, where the page is."""

from __future__ import annotations

import sys
import textwrap
from typing import Any

import polars as pl
from rich.console import Console
from rich.table import Table as RichTable

from analysis.tape.observations import is_observed
from flows.output import escaped
from flows.pipeline import RunOutcome
from flows.settings import Settings
from flows.study_registry import read_studies
from warehouse.store.connection import Reader, open_reader
from warehouse.tables.claims import CLAIM_VERDICT
from warehouse.tables.news import EVENT
from warehouse.tables.terms import STATEMENT_VERDICT_TITLES
from warehouse.tables.units import count, hours_short, iso_second, percent, seconds_words

EPISODE_EVENT_ID = "2026-06-12-fable-mythos-access-restriction"
VERDICT_MARKS = {
    "supported": "✓",
    "another_reading": "◐",
    "overstated": "◐",
    "understated": "◐",
    "not_supported": "✕",
    "cannot_be_told": "◌",
}
SUMMARY_WIDTH = 118
HEADLINE_CLAIM_ID = "tao-30-percent-in-12-hours"
VERDICT_WIDTH = max(map(len, STATEMENT_VERDICT_TITLES.values()))
INDENT = 4


def print_summary(settings: Settings, outcome: RunOutcome) -> None:
    """Print the answer to stdout; problems go to stderr, one line each."""
    console = Console(
        file=sys.stdout, width=None if sys.stdout.isatty() else SUMMARY_WIDTH, highlight=False, emoji=False
    )
    with open_reader(settings.published_path) as reader:
        _print_reaction(console, reader)
        _print_verdicts(console, reader)
        left_out = _left_out_lines(reader, settings)
    _print_steps(console, outcome)
    talk = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)
    for line in left_out:
        talk.print(escaped(line))
    for line in outcome.source_problems:
        talk.print(f"! {escaped(line)}")
    for line in outcome.check_problems:
        talk.print(f"✕ data check {escaped(line)}")
    console.print(f"\nPage: {settings.site_path / 'index.html'}", soft_wrap=True)
    console.print(f"Data: {settings.published_path}", soft_wrap=True)


def _left_out_lines(reader: Reader, settings: Settings) -> list[str]:
    """Which assets no study measures, and why: a line per reason with every id."""
    studied = sorted({name for study in read_studies(reader, settings.config_path) for name in study.asset_ids})
    rows = reader.query("assets_left_out", studied=studied)
    return [f"not studied ({count(n)}): {names}: {reason}" for reason, n, names in rows.iter_rows()]


def _print_reaction(console: Console, reader: Reader) -> None:
    events = reader.frame(EVENT, where="event_id = $event_id", event_id=EPISODE_EVENT_ID)
    if not events.height:
        return
    event = events.row(0, named=True)
    console.print(f"[bold]{escaped(event['title'])}[/bold]")
    console.print(
        f"First public report {iso_second(event['best_at_utc'])} UTC; moves since the last close before it.\n"
    )
    rows = reader.query("reaction_summary", event_id=EPISODE_EVENT_ID)
    table = RichTable(show_edge=False, pad_edge=False, box=None, header_style="bold")
    for heading in ("token", "market", "after", "move", "beyond BTC", "95 % interval", "placebos as large"):
        table.add_column(heading, justify="left" if heading in ("token", "market") else "right", no_wrap=True)
    for row in rows.iter_rows(named=True):
        table.add_row(*_reaction_cells(row))
    console.print(table)
    console.print("Intervals and placebos assume the volatility of the hours before; each row also has car_inside.")
    if any(is_observed(market_id) for market_id in rows["market_id"]):
        console.print("observed: no candles there; closes are prices observed at uneven times (see conventions).")
    console.print()


def _reaction_cells(row: dict[str, Any]) -> tuple[str, ...]:
    interval = f"{_percent(row['car_lower_95'])} to {_percent(row['car_upper_95'])}"
    rank = "not measured"
    if row["n_placebo"] is not None:
        independent = f"~{count(row['n_placebo_independent'])} independent"
        rank = f"{count(row['n_placebo_at_least_as_large'])} of {row['n_placebo']} ({independent})"
    car = row["car"]
    return (
        str(row["asset_id"]),
        str(row["market_id"]),
        hours_short(row["window_end_hours"]),
        _percent(row["raw_return"]),
        _percent(car),
        interval if car is not None else "not measured",
        rank,
    )


def _percent(value: object) -> str:
    return percent(value) if isinstance(value, float) else "not measured"


def _print_verdicts(console: Console, reader: Reader) -> None:
    verdicts = reader.frame(CLAIM_VERDICT, order_by="episode desc, claim_id")
    if not verdicts.height:
        return
    console.print("[bold]Claims, tested[/bold]")
    is_headline = pl.col("claim_id") == HEADLINE_CLAIM_ID
    for row in verdicts.filter(is_headline).iter_rows(named=True):
        console.print(_verdict_line(row))
        for line in textwrap.wrap(row["closest_true_statement"], console.width - INDENT):
            console.print(" " * INDENT + escaped(line))
    for row in verdicts.filter(~is_headline).iter_rows(named=True):
        console.print(_verdict_line(row))
    console.print("Every reading, and the closest true statement of each: aftershock claims check")


def _verdict_line(row: dict[str, str]) -> str:
    words = STATEMENT_VERDICT_TITLES[row["verdict"]]
    return f"{VERDICT_MARKS[row['verdict']]} {words:<{VERDICT_WIDTH}} {escaped(row['quote'])}"


def _print_steps(console: Console, outcome: RunOutcome) -> None:
    console.print()
    for step in outcome.steps:
        if step.report.n_changed or step.report.notes:
            console.print(f"{step.name}: {escaped(step.report.detail)}")
    if not outcome.n_changed:
        console.print("Nothing changed since the last run.")
    seconds = sum(step.seconds for step in outcome.steps)
    console.print(f"{len(outcome.steps)} steps in {seconds_words(seconds)}")
