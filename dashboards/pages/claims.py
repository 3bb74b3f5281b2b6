"""Every claim with its verdict and the closest true statement, and the way to its own page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from dashboards.findings.findings import as_of_words
from dashboards.numbers import StoredRow, counted, ended
from dashboards.shell.cards import (
    SIZED,
    VERDICTS,
    in_unit,
    read_verdicts,
    shown_verdict,
    venue_words,
    verdict_badge,
)
from dashboards.shell.frames import Frames
from dashboards.shell.inline import measured_bar
from dashboards.shell.page import Page, claim_path
from dashboards.shell.tables import NOTHING, empty_table
from warehouse.tables.claims import CLAIM_VERDICT
from warehouse.tables.terms import CANNOT_BE_TOLD, episode_name, unmarked
from warehouse.tables.units import count


def compose_claims(frames: Frames) -> Page:
    """The claims, strongest correction first, filtered by verdict on the client."""
    rows = read_verdicts(frames)
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
            *(_claim(row) for row in rows),
        ]
    )
    ends = [row["data_as_of_utc"] for row in rows if row["data_as_of_utc"] is not None]
    return Page(
        "claims.html",
        "Claims",
        "Claims, checked against the tape",
        f"{title}.",
        body,
        as_of=as_of_words(max(ends, default=None)),
    )


def claims_title(rows: list[StoredRow]) -> str:
    """How many claims fared how."""
    if not rows:
        return "No claim has been judged yet"
    counts = [(_counted(rows, name), word.lower()) for name, (_, word, _, _) in VERDICTS.items()]
    told = ", ".join(f"{count(n)} {word}" for n, word in counts if n)
    return f"{count(counted(len(rows), CLAIM_VERDICT))} claims: {told}"


def _counted(rows: list[StoredRow], verdict: str) -> int:
    """How many claims have the verdict."""
    return counted(sum(shown_verdict(row) == verdict for row in rows), CLAIM_VERDICT, verdict=verdict)


def _filters(rows: list[StoredRow]) -> Markup:
    present = [name for name in VERDICTS if any(shown_verdict(row) == name for row in rows)]
    options = [
        ("all", "All", counted(len(rows), CLAIM_VERDICT)),
        *((name, VERDICTS[name][1], _counted(rows, name)) for name in present),
    ]
    labels = Markup("").join(
        Markup('<label><input type="radio" name="verdict" value="{}"{}> <span>{} ({})</span></label>').format(
            name, Markup(" checked") if name == "all" else "", word, count(n)
        )
        for name, word, n in options
    )
    return Markup('<fieldset class="filters" data-filter hidden><legend>Show</legend>{}</fieldset>').format(labels)


def claim_summary(row: Mapping[str, Any]) -> Markup:
    """The verdict of one claim, and what can be printed instead: the same on the list and on the claim's own page."""
    measured, claimed, unit = row["measured_value"], row["claimed_value"], row["unit"]
    is_told = shown_verdict(row) != CANNOT_BE_TOLD
    bar = NOTHING
    if row["kind"] in SIZED and measured is not None and claimed is not None and claimed > 0:
        bar = Markup('<div style="max-width:420px">{}</div>').format(
            measured_bar(measured, claimed, f"{in_unit(measured, unit)} measured", f"{in_unit(claimed, unit)} claimed")
        )
    beside = Markup("").join(
        Markup("<p>{}{}</p>").format(Markup("<strong>{}</strong> ").format(title) if title else "", text)
        for title, text in (
            ("Closest true statement:" if is_told else "", row["closest_true_statement"]),
            ("", "" if not is_told or row["closest_true_statement"].startswith(row["measured"]) else row["measured"]),
            ("By chance:", row["rarity"] and ended(row["rarity"])),
            ("Other venues:", row["elsewhere"]),
            ("A window that would do:", row["offer"]),
            ("Careful:", row["warning"] and ended(row["warning"])),
            ("What would answer it:", unmarked(row["missing_data"])),
        )
        if text
    )
    return Markup("{}{}{}").format(verdict_badge(row), bar, beside)


def _claim(row: Mapping[str, Any]) -> Markup:
    path = claim_path(row["claim_id"])
    return Markup(
        '<section class="box" id="{id}" data-verdict="{verdict}" aria-labelledby="{id}-h"><h2 class="plain" '
        'id="{id}-h"><a href="{path}">{quote}</a></h2>{summary}<p class="fig-note">Episode: {episode}{venue} · '
        '<a href="{path}" aria-label="Evidence: {quote}">Bars, readings and history</a></p></section>'
    ).format(
        id=row["claim_id"],
        verdict=shown_verdict(row),
        path=path,
        quote=row["quote"],
        summary=claim_summary(row),
        episode=episode_name(row["episode"]),
        venue=f" · {venue_words(row['venue'])}" if row["venue"] else "",
    )
