"""Every claim with its verdict and the closest true statement, and the way to its own page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from dashboards.fill import fill, macro
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
    body = fill(
        "claims.html.jinja",
        title=title,
        filters=_filters(rows),
        claims=[_claim(row) for row in rows],
        no_claim=empty_table("No claim has been judged yet.", "Claims live in claims.toml; a run judges each of them."),
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


def _filters(rows: list[StoredRow]) -> list[tuple[str, str, str]]:
    """Each verdict that some claim has, its word and how many have it."""
    present = [name for name in VERDICTS if any(shown_verdict(row) == name for row in rows)]
    return [
        ("all", "All", count(counted(len(rows), CLAIM_VERDICT))),
        *((name, VERDICTS[name][1], count(_counted(rows, name))) for name in present),
    ]


def claim_summary(row: Mapping[str, Any]) -> Markup:
    """The verdict of one claim, and what can be printed instead: the same on the list and on the claim's own page."""
    measured, claimed, unit = row["measured_value"], row["claimed_value"], row["unit"]
    is_told = shown_verdict(row) != CANNOT_BE_TOLD
    bar = NOTHING
    if row["kind"] in SIZED and measured is not None and claimed is not None and claimed > 0:
        bar = measured_bar(
            measured, claimed, f"{in_unit(measured, unit)} measured", f"{in_unit(claimed, unit)} claimed"
        )
    told = [
        ("Closest true statement:" if is_told else "", row["closest_true_statement"]),
        ("", "" if not is_told or row["closest_true_statement"].startswith(row["measured"]) else row["measured"]),
        ("By chance:", row["rarity"] and ended(row["rarity"])),
        ("Other venues:", row["elsewhere"]),
        ("A window that would do:", row["offer"]),
        ("Careful:", row["warning"] and ended(row["warning"])),
        ("What would answer it:", unmarked(row["missing_data"])),
    ]
    return macro("sections", "claim_summary", verdict_badge(row), bar, told)


def _claim(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": row["claim_id"],
        "verdict": shown_verdict(row),
        "path": claim_path(row["claim_id"]),
        "quote": row["quote"],
        "summary": claim_summary(row),
        "episode": episode_name(row["episode"]),
        "venue": venue_words(row["venue"]) if row["venue"] else "",
    }
