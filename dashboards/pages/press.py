"""What the press printed about prices, and what the tape shows of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
from markupsafe import Markup

from dashboards.fill import fill
from dashboards.findings.findings import as_of_words
from dashboards.numbers import Origin, StoredRow, Words, signed_rows
from dashboards.shell.frames import Frames, newest
from dashboards.shell.page import Page, safe_link
from dashboards.shell.tables import NOTHING, Cell, Head, Spanning, empty_table, limits, over_soft, table, time_tag
from warehouse.tables.press import PRESS_CLAIM, PRESS_SUMMARY, PRESS_VERDICT
from warehouse.tables.units import count, plain_percent, plural

MISSES = "press_misses"
# Parts of the summary in the order shown; of the first two only values with so many statements told.
_PARTS = {"outlet": "Outlet", "asset": "Asset", "kind": "Kind of statement", "month": "Month"}
LEAST_TOLD = 10
_HEADS = (
    Head("Statements", is_number=True),
    Head("Told", is_number=True),
    Head("Reproduced", is_number=True),
    Head("95% interval", is_number=True),
    Head("Another reading", is_number=True),
    Head("Over-stated", is_number=True),
    Head("Under-stated", is_number=True),
    Head("Not reproduced", is_number=True),
)


def compose_press(frames: Frames) -> Page:
    """How the surely read statements of headlines fared, and those that no reading reproduces."""
    rows = list(signed_rows(frames.get(PRESS_SUMMARY), PRESS_SUMMARY))
    verdicts = frames.get(PRESS_VERDICT)
    total = next((row for row in rows if row["part"] == "all"), None)
    title = press_title(total)
    nothing = NOTHING
    if total is None:
        nothing = empty_table(
            "No headline has been read yet.",
            "A run reads the headlines it fetches, `aftershock press` those of an archive.",
        )
    body = fill(
        "press.html.jinja",
        title=title,
        nothing=nothing,
        parts=[_part_table(part, head, rows) for part, head in _PARTS.items() if total is not None],
        misses=_misses(frames.named(MISSES), verdicts),
        limits=_limits(),
    )
    as_of = as_of_words(newest(verdicts, "data_as_of_utc"))
    return Page("press.html", "Claims", "The press against the tape", f"{title}.", body, as_of=as_of)


def press_title(total: Mapping[str, Any] | None) -> str:
    """How many of the statements told the tape reproduces."""
    if total is None or not total["n_told"]:
        return "No headline has been judged yet"
    return (
        f"{plain_percent(total['share_reproduced'])} of {plural(total['n_told'], 'statement')} in headlines "
        "can be reproduced from the tape"
    )


def _part_table(part: str, head: str, rows: list[StoredRow]) -> Markup:
    own = [row for row in rows if row["part"] == part and (part in ("kind", "month") or row["n_told"] >= LEAST_TOLD)]
    own.sort(key=lambda row: str(row["value"]) if part == "month" else (-int(row["n_told"]), str(row["value"])))
    if not own:
        return NOTHING
    small = (
        "Reproduced: true as the words say it, or of another plain reading. The interval counts the days and assets "
        "spoken of, not the headlines: those of one day are right or wrong together."
    )
    return table(f"press-{part}", f"By {head.lower()}", small, (Head(head), *_HEADS), [_fared(row) for row in own])


def _fared(row: StoredRow) -> list[Cell | Spanning]:
    name = Words(row["value"], Origin(PRESS_SUMMARY.name, _key(row), "value"))
    counts = [count(row[column]) for column in ("n_statements", "n_told")]
    if row["share_reproduced"] is None:
        return [f"{name}", *counts, Spanning("The tape can tell none of them")]
    return [
        f"{name}",
        *counts,
        plain_percent(row["share_reproduced"]),
        f"{plain_percent(row['lower_95'])} to {plain_percent(row['upper_95'])}",
        *(count(row[f"n_{name}"]) for name in ("another_reading", "overstated", "understated", "not_supported")),
    ]


def _key(row: StoredRow) -> tuple[tuple[str, str], ...]:
    return ("part", row["part"]), ("value", row["value"])


def _misses(misses: pl.DataFrame, verdicts: pl.DataFrame) -> Markup:
    if not misses.height:
        return NOTHING
    found = misses.join(verdicts, on="press_claim_id", how="left", validate="1:1", maintain_order="left")
    heads = (Head("Headline"), Head("Printed, UTC"), Head("What the tape shows", is_wide=True))
    small = (
        "Those that no reading reproduces and that are not close to true, the farthest prices first. A reader may have "
        "misread the headline, or the outlet may have meant another time: every row names the readings that were tried."
    )
    rows = [_miss(row) for row in signed_rows(found, PRESS_VERDICT)]
    return table("press-misses", "What could not be reproduced", small, heads, rows)


def _miss(row: StoredRow) -> list[Cell | Spanning]:
    origin = Origin(PRESS_CLAIM.name, (("press_claim_id", row["press_claim_id"]),), "title")
    title = f"{Words(row['title'], origin)}"
    shown = safe_link(row["url"], title)
    return [
        over_soft(shown, row["outlet"]),
        time_tag(row["said_at_utc"]),
        f"{row['measured']} It could not be reproduced from: {_readings(row)}.",
    ]


def _readings(row: StoredRow) -> str:
    origin = Origin(PRESS_VERDICT.name, (("press_claim_id", row["press_claim_id"]),), "readings_tried")
    return f"{Words(row['readings_tried'], origin)}"


def _limits() -> Markup:
    return limits(
        "What this cannot tell",
        [
            (
                "Publication is taken from the feed.",
                "A headline written earlier is judged late.",
            ),
            ("Only sure readings are judged.", "Forecasts, questions, adverts and doubtful readings are left out."),
            ("Prices of one venue stand for a coin.", "A price that printed elsewhere alone is not reproduced here."),
        ],
    )
