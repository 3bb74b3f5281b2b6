"""Every claim with its verdict, every reading that was tried, and the closest true statement."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import polars as pl
from markupsafe import Markup

from dashboards.findings.findings import as_of_words
from dashboards.numbers import StoredRow, signed_rows
from dashboards.shell.cards import (
    SIZED,
    VERDICTS,
    comparable_words,
    in_unit,
    read_verdicts,
    shown_verdict,
    venue_words,
    verdict_badge,
)
from dashboards.shell.frames import Frames
from dashboards.shell.inline import measured_bar
from dashboards.shell.page import Page, event_path, safe_link
from dashboards.shell.tables import Cell, Head, Spanning, empty_table, table, time_tag, with_code
from warehouse.tables.claims import CLAIM, CLAIM_HISTORY, CLAIM_READING
from warehouse.tables.units import clock, close_moment, count, moment, short_day


def compose_claims(frames: Frames) -> Page:
    """The claims, strongest correction first, filtered by verdict on the client."""
    rows = read_verdicts(frames)
    claims = {row["claim_id"]: row for row in signed_rows(frames.get(CLAIM), CLAIM)}
    title = claims_title(rows)
    body = Markup("").join(
        [
            Markup("<h1>{}</h1>").format(title),
            Markup(
                '<p class="lede">Each sentence is tested under every reading we could think of. <strong>The verdict '
                "is about the sentence, not about who said it.</strong></p>"
                '<p class="intro"><a href="resilience.html">All outages and restrictions together: what tokens did, '
                'and what they are worth as a hedge</a> · <a href="press.html">What the press printed about prices, '
                "against the tape</a></p>"
            ),
            _filters(rows)
            if rows
            else empty_table("No claim has been judged yet.", "Claims live in claims.toml; a run judges each of them."),
            *(
                _claim(
                    row,
                    claims.get(row["claim_id"], {}),
                    frames.part(CLAIM_READING, "claim_id", row["claim_id"]),
                    frames.part(CLAIM_HISTORY, "claim_id", row["claim_id"]),
                )
                for row in rows
            ),
        ]
    )
    ends = [row["data_as_of_utc"] for row in rows if row["data_as_of_utc"] is not None]
    return Page(
        "claims.html",
        "Claims",
        "Claims, checked against the tape",
        f"{title}.",
        body,
        as_of=as_of_words(max(ends) if ends else None),
    )


def claims_title(rows: list[StoredRow]) -> str:
    """How many claims fared how."""
    if not rows:
        return "No claim has been judged yet"
    counts = [
        (sum(shown_verdict(row) == name for row in rows), word.lower()) for name, (_, word, _, _) in VERDICTS.items()
    ]
    return f"{count(len(rows))} claims: {', '.join(f'{n} {word}' for n, word in counts if n)}"


def _filters(rows: list[StoredRow]) -> Markup:
    present = [name for name in VERDICTS if any(shown_verdict(row) == name for row in rows)]
    options = [
        ("all", "All", len(rows)),
        *((name, VERDICTS[name][1], sum(shown_verdict(row) == name for row in rows)) for name in present),
    ]
    labels = Markup("").join(
        Markup('<label><input type="radio" name="verdict" value="{}"{}> {} ({})</label>').format(
            name, Markup(" checked") if name == "all" else "", word, n
        )
        for name, word, n in options
    )
    return Markup('<fieldset class="filters" data-filter hidden><legend>Show</legend>{}</fieldset>').format(labels)


def _measured(row: Mapping[str, Any]) -> Markup:
    """What was measured, where the closest true statement does not begin with it."""
    if row["closest_true_statement"].startswith(row["measured"]):
        return Markup("")
    return Markup("<p>{}</p>").format(row["measured"])


def _claim(row: Mapping[str, Any], claim: Mapping[str, Any], readings: pl.DataFrame, history: pl.DataFrame) -> Markup:
    measured, claimed, unit = row["measured_value"], row["claimed_value"], row["unit"]
    bar = Markup("")
    if row["kind"] in SIZED and measured is not None and claimed is not None and claimed > 0:
        bar = Markup('<div style="max-width:420px">{}</div>').format(
            measured_bar(measured, claimed, f"{in_unit(measured, unit)} measured", f"{in_unit(claimed, unit)} claimed")
        )
    meta: list[Cell] = [f"Episode: {row['episode']}"]
    if claim.get("source"):
        meta.append(safe_link(claim["source"], f"Reported by {claim['source']}"))
    if row["venue"]:
        meta.append(venue_words(row["venue"]))
    if row["n_placebo"] is not None:
        meta.append(comparable_words(row))
    if row["said_at_utc"] is not None:
        meta.append(f"said by {moment(row['said_at_utc'])}")
    if row["timeframe"] is not None:
        meta.append(f"{row['timeframe']} bars")
    if row["data_as_of_utc"] is not None:
        meta.append(f"data to {close_moment(row['data_as_of_utc'])}")
    meta.append(Markup("specification <code>{}</code>").format(row["spec_sha256"][:12]))
    if claim.get("event_id"):
        meta.append(Markup('<a href="{}">the event</a>').format(event_path(claim["event_id"])))
    would = (
        Markup("<p><strong>What would answer it:</strong> {}</p>").format(with_code(row["missing_data"]))
        if row["missing_data"]
        else Markup("")
    )
    beside = Markup("").join(
        Markup("<p><strong>{}</strong> {}</p>").format(title, row[column])
        for title, column in (("A window that would do:", "offer"), ("Careful:", "warning"))
        if row[column]
    )
    return Markup(
        '<section class="box" id="{id}" data-verdict="{verdict}" aria-labelledby="{id}-h">{badge}<h2 class="plain" '
        'id="{id}-h" style="margin-top:10px">{quote}</h2>{bar}'
        "<p><strong>Closest true statement:</strong> {closest}</p>{measured}{beside}{would}{readings}"
        '{history}<p class="fig-note">{meta}</p></section>'
    ).format(
        id=row["claim_id"],
        verdict=shown_verdict(row),
        badge=verdict_badge(row),
        quote=row["quote"],
        bar=bar,
        closest=row["closest_true_statement"],
        measured=_measured(row),
        beside=beside,
        would=would,
        history=_history(history),
        readings=_readings(row, readings),
        meta=Markup(" · ").join(meta),
    )


def _history(history: pl.DataFrame) -> Markup:
    """When the verdict changed; nothing while it never has."""
    if history.height < 2:
        return Markup("")
    items = Markup("").join(
        Markup("<li>{} ({}): {}</li>").format(
            moment(row["judged_at_utc"]), VERDICTS[shown_verdict(row)][1].lower(), row["measured"]
        )
        for row in signed_rows(history.sort("judged_at_utc", descending=True), CLAIM_HISTORY)
    )
    return Markup("<details><summary>How the verdict changed</summary><ul>{}</ul></details>").format(items)


def _readings(verdict: Mapping[str, Any], readings: pl.DataFrame) -> Markup:
    if not readings.height:
        return Markup("")
    heads = (Head("Reading"), Head("Measured", is_number=True), Head("From, UTC"), Head("To, UTC"), Head("Holds"))
    n_held = int(readings["is_satisfied"].fill_null(False).sum())
    n_told = readings["is_satisfied"].drop_nulls().len()
    caption = f"It holds under {n_held} of {n_told} readings" if n_told else "No reading decides it"
    return table(
        f"{verdict['claim_id']}-readings",
        caption,
        "Every way of reading the sentence that was tried.",
        heads,
        [_reading(row) for row in signed_rows(readings, CLAIM_READING)],
    )


def _reading(row: Mapping[str, Any]) -> list[Cell | Spanning]:
    name = (
        Markup('{} <br><span class="soft">{}</span>').format(row["description"], row["detail"])
        if row["detail"] != row["description"]
        else row["description"]
    )
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
