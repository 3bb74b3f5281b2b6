"""One page per claim: its verdict, the bars, every reading, the other venues, and how the verdict changed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import polars as pl
from markupsafe import Markup

from dashboards.articles.claim_review import embedded_review, review_claim
from dashboards.figures.claim_bars import draw_claim_bars
from dashboards.fill import fill
from dashboards.findings.findings import as_of_words
from dashboards.numbers import StoredRow, counted, signed_rows
from dashboards.pages.claims import claim_summary
from dashboards.shell.cards import VERDICTS, in_unit, shown_verdict
from dashboards.shell.frames import Frames
from dashboards.shell.page import Canvas, Page, claim_path, event_path, safe_link, token_path
from dashboards.shell.tables import Cell, Head, Spanning, code, facts, link, over_soft, table, time_tag
from warehouse.tables.bars import bar_words
from warehouse.tables.claims import CLAIM, CLAIM_BAR, CLAIM_HISTORY, CLAIM_READING, CLAIM_VERDICT
from warehouse.tables.news import EVENT
from warehouse.tables.terms import episode_name
from warehouse.tables.units import clock, close_moment, count, day, moment, plural, short_day

# What a claim's page is made from, split by claim.
_OWN_WORDS = "literal$|^mean_24_h$"  # how a reading is named that takes the sentence as it stands
CLAIM_TABLES = (CLAIM, CLAIM_VERDICT, CLAIM_READING, CLAIM_HISTORY, CLAIM_BAR)
DOLLARS, FRACTION = "quote currency", "fraction"


def compose_claim(frames: Frames, claim_id: str) -> Page:
    """The page of one claim that has a verdict."""
    canvas = Canvas(claim_path(claim_id))
    claim: Mapping[str, Any] = next(signed_rows(frames.part(CLAIM, "claim_id", claim_id), CLAIM), {})
    verdict = next(signed_rows(frames.part(CLAIM_VERDICT, "claim_id", claim_id), CLAIM_VERDICT))
    verdict = verdict.also(kind=claim.get("kind", ""))
    history = frames.part(CLAIM_HISTORY, "claim_id", claim_id).sort("judged_at_utc", descending=True)
    word = VERDICTS[shown_verdict(verdict)][1]
    body = fill(
        "claim.html.jinja",
        word=word,
        quote=verdict["quote"],
        summary=claim_summary(verdict),
        facts=_facts(claim, verdict, history),
        against=list(_against(claim, frames)),
        bars=_bars(frames.part(CLAIM_BAR, "claim_id", claim_id), canvas, verdict, claim.get("asset_id", "")),
        readings=_readings(verdict, in_order(frames.part(CLAIM_READING, "claim_id", claim_id))),
        history_title="How the verdict changed" if history.height > 1 else "Since when it is judged so",
        history=list(_judged(signed_rows(history, CLAIM_HISTORY))),
        review=embedded_review(review_claim(claim, verdict)),
    )
    return Page(
        path=canvas.path,
        section="Claims",
        title=f"{word}: {verdict['quote']}",
        description=verdict["closest_true_statement"],
        body=body,
        as_of=as_of_words(verdict["data_as_of_utc"]),
        files=canvas.files,
    )


def _facts(claim: Mapping[str, Any], verdict: Mapping[str, Any], history: pl.DataFrame) -> Markup:
    told: list[tuple[Cell, Cell]] = [("Episode", episode_name(verdict["episode"]))]
    if claim.get("said_by") or claim.get("source"):
        words = claim["said_by"] or f"reported by {claim['source']}"
        told.append(("Said by", safe_link(claim["url"] or claim["source"], words)))
    if verdict["said_at_utc"] is not None:
        told.append(("Said at", moment(verdict["said_at_utc"])))
    if claim.get("asset_id"):
        told.append(("Asset", link("../" + token_path(claim["asset_id"]), claim["asset_id"])))
    if claim.get("event_id"):
        told.append(("Event", link("../" + event_path(claim["event_id"]), "what happened")))
    if verdict["timeframe"] is not None:
        told.append(("Bars", bar_words(verdict["timeframe"])))
    if verdict["data_as_of_utc"] is not None:
        told.append(("Data to", close_moment(verdict["data_as_of_utc"])))
    if history.height:
        told.append(("Judged by run", code(history["run_id"][0])))
    told.append(("Specification", code(verdict["spec_sha256"][:12])))
    return facts(told)


def events_against(claim: Mapping[str, Any]) -> list[str]:
    """Ids of the events that the claim's entry sets against its sentence."""
    return list(json.loads(claim.get("parameters_json") or "{}").get("against", ()))


def _against(claim: Mapping[str, Any], frames: Frames) -> Iterator[dict[str, Any]]:
    """What the ledger sets beside the sentence; an event that the record lacks is named by its id."""
    for event_id in events_against(claim):
        row = next(frames.part(EVENT, "event_id", event_id).iter_rows(named=True), None)
        if row is None:
            yield {"title": event_id, "when": "not in the record", "path": None}
        else:
            when = time_tag(row["best_at_utc"], day(row["best_at_utc"]))
            yield {"title": row["title"], "when": when, "path": "../" + event_path(event_id)}


def _bars(bars: pl.DataFrame, canvas: Canvas, verdict: Mapping[str, Any], asset_id: str) -> list[Markup]:
    """The bars of the claim's asset, and then of what it is set beside, a figure each."""
    ordered = bars.sort(pl.col("asset_id") != asset_id, "asset_id", *CLAIM_BAR.key)
    parts = ordered.partition_by("asset_id", "market_id", maintain_order=True)
    prices = (claimed_price(verdict, own) if number == 0 else None for number, own in enumerate(parts))
    return [canvas.draw(draw_claim_bars(own, claimed)) for own, claimed in zip(parts, prices, strict=True)]


def claimed_price(verdict: Mapping[str, Any], bars: pl.DataFrame) -> float | None:
    """The price that the claim amounts to: the one it names, or its move from the last close before the window."""
    claimed, unit, start = verdict["claimed_value"], verdict["unit"], verdict["window_from_utc"]
    if claimed and unit == DOLLARS:
        return float(claimed)
    before = bars.filter(pl.col("close_time_utc") <= start)["close_quote"] if start is not None else pl.Series()
    return float(before[-1]) * (1.0 + float(claimed)) if claimed and unit == FRACTION and before.len() else None


def in_order(readings: pl.DataFrame) -> pl.DataFrame:
    """The readings of a claim part by part, of each first the one of its own words."""
    name = pl.col("reading_id")
    return readings.sort(name.str.extract(r"^(part_\d+)_"), ~name.str.contains(_OWN_WORDS), name, nulls_last=True)


def _readings(verdict: Mapping[str, Any], readings: pl.DataFrame) -> Markup:
    heads = (Head("Reading"), Head("Measured", is_number=True), Head("From, UTC"), Head("To, UTC"), Head("Holds"))
    told, claim_id = readings["is_satisfied"].drop_nulls(), verdict["claim_id"]
    n_held = counted(int(told.sum()), CLAIM_READING, "count_if(is_satisfied)", claim_id=claim_id)
    n_told = counted(told.len(), CLAIM_READING, "count(is_satisfied)", claim_id=claim_id)
    caption = f"It holds under {count(n_held)} of {plural(n_told, 'reading')}" if n_told else "No reading decides it"
    return table(
        f"{verdict['claim_id']}-readings",
        caption,
        "Every way of reading the sentence that was tried.",
        heads,
        [_reading(row) for row in signed_rows(readings, CLAIM_READING)],
    )


def _reading(row: Mapping[str, Any]) -> list[Cell | Spanning]:
    name = over_soft(row["description"], row["detail"]) if row["detail"] != row["description"] else row["description"]
    if row["value"] is None and row["is_satisfied"] is None:
        return [name, Spanning("Not measured")]
    return [
        name,
        in_unit(row["value"], row["unit"]) if row["value"] is not None else "–",
        _at(row["from_utc"]),
        _at(row["to_utc"]),
        {True: "✓ yes", False: "✕ no", None: "–"}[row["is_satisfied"]],
    ]


def _at(value: datetime | None) -> Cell:
    return "–" if value is None else time_tag(value, f"{short_day(value)} {clock(value)}")


def _judged(rows: Iterator[StoredRow]) -> Iterator[dict[str, str]]:
    """Every verdict the claim has had, newest first."""
    for row in rows:
        yield {
            "at": moment(row["judged_at_utc"]),
            "run": row["run_id"],
            "verdict": VERDICTS[shown_verdict(row)][1],
            "measured": row["measured"],
        }
