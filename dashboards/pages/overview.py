"""The page that answers in ten seconds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from dashboards.figures.car_fan import draw_car_fan
from dashboards.figures.correlation_change import draw_correlation_change
from dashboards.figures.price_path import draw_price_path
from dashboards.figures.quantile_dots import draw_quantile_dots
from dashboards.fill import fill
from dashboards.findings.findings import as_of_words, left, verdict_heading
from dashboards.findings.moves import earlier_day_of
from dashboards.findings.readings import (
    Reaction,
    lead_event,
    listed_first,
    newest_first,
    path_of,
    placebos_of,
    subject_of,
)
from dashboards.findings.superlatives import outside_sentence
from dashboards.numbers import counted, signed_rows
from dashboards.pages.sections import MAX_LIMITS, cannot_know, data_as_of, events_table, moves_table, reaction_tiles
from dashboards.pages.shared_move import shared_sentence
from dashboards.shell.cards import read_verdicts, rise_claim, verdict_card
from dashboards.shell.frames import Frames, last_close
from dashboards.shell.page import Canvas, Page, event_path
from dashboards.shell.tables import empty_table, limits
from warehouse.tables.claims import CLAIM, CLAIM_VERDICT
from warehouse.tables.correlation import CORRELATION_EPISODE
from warehouse.tables.news import CONFOUNDER, EVENT, EVENT_SOURCE
from warehouse.tables.prices import COVERAGE
from warehouse.tables.terms import category_news
from warehouse.tables.units import day, limit_words, plural

N_LATEST = 9
N_MEASURED = 6
N_CARDS = 6
KICKER = "What AI-policy news did to decentralised-AI tokens"


def compose_overview(frames: Frames, reactions: Mapping[str, list[Reaction]]) -> Page:
    """The finding, its proof, its limits, the claims, the latest events and moves, and how fresh the data are."""
    canvas = Canvas("index.html")
    event = lead_event(frames, reactions)
    subject = subject_of(reactions[event["event_id"]]) if event else None
    if event is None or subject is None:
        title, lead = "Nothing has been measured yet", None
    else:
        title, lead = _lead(frames, canvas, event, subject)
    verdicts = read_verdicts(frames)
    events = newest_first(frames.get(EVENT).filter(pl.col("status") != "rejected"))
    n_events = counted(events.height, EVENT, "count(*) filter (where status <> 'rejected')")
    body = fill(
        "overview.html.jinja",
        kicker=KICKER,
        title=title,
        lead=lead,
        cards=[verdict_card(row, "") for row in verdicts[:N_CARDS]],
        all_claims=plural(counted(len(verdicts), CLAIM_VERDICT), "claim") if len(verdicts) > N_CARDS else "",
        no_claim=empty_table("No claim has been judged yet.", "Claims live in claims.toml; a run judges each of them."),
        latest=events_table("latest", _latest(events, reactions), reactions, ""),
        all_events=plural(n_events, "event"),
        moves=moves_table(frames, canvas.root),
        as_of=data_as_of(frames),
    )
    return Page(
        path=canvas.path,
        section="Overview",
        title=title,
        description=f"{title}. Event studies of AI-policy news and decentralised-AI tokens, with the uncertainty "
        "drawn.",
        body=body,
        as_of=as_of_words(last_close(frames.get(COVERAGE))),
        is_live=True,
        files=canvas.files,
    )


def _lead(frames: Frames, canvas: Canvas, event: Mapping[str, Any], subject: Reaction) -> tuple[str, dict[str, Any]]:
    """The heading of the leading event, and the parts of its opening by their names in the template."""
    event_id = event["event_id"]
    claims = list(signed_rows(frames.part(CLAIM, "event_id", event_id), CLAIM))
    verdicts = {row["claim_id"]: row for row in read_verdicts(frames)}
    claim = rise_claim(claims, verdicts)
    path = path_of(frames, subject)
    placebos = placebos_of(frames, subject, 24.0)
    sources = frames.part(EVENT_SOURCE, "event_id", event_id)
    confounders = frames.part(CONFOUNDER, "event_id", event_id)
    sentence = shared_sentence(frames, event, canvas.root)
    shared = [("One move, several headlines.", sentence)] if sentence else []
    change = draw_correlation_change(
        frames.part(CORRELATION_EPISODE, "event_id", event_id), f"the {category_news(event['category'])}"
    )
    opening = {
        "day": day(event["best_at_utc"]),
        "what": limit_words(event["title"].rstrip("."), 110),
        "outside": outside_sentence(subject, earlier_day_of(frames, subject)),
        "week": _week_after(subject),
        "page": canvas.root + event_path(event_id),
        "tiles": reaction_tiles(subject, path),
        "path": canvas.draw(draw_price_path(path, subject, event, claim)),
        "dots": canvas.draw(draw_quantile_dots(placebos, subject, subject.headline)),
        "limits": limits(
            "What we cannot know", [*shared, *cannot_know(subject, None, sources, confounders)][:MAX_LIMITS]
        ),
        "fan": canvas.draw(draw_car_fan(path, subject, event["selected_from"])),
        "correlation": canvas.draw(change),
    }
    return verdict_heading(subject, event, category_news(event["category"]), claim), opening


def _week_after(subject: Reaction) -> str:
    first, later = subject.horizons.get(24.0), subject.horizons.get(168.0)
    if first is None or later is None or first.raw_return is None or later.raw_return is None:
        return ""
    return f"; {left(first.raw_return, later.raw_return)}"


def _latest(events: pl.DataFrame, reactions: Mapping[str, list[Reaction]]) -> pl.DataFrame:
    """The newest events and, where those are too fresh to measure, the newest measured ones."""
    measured = [
        event_id
        for event_id, items in reactions.items()
        if (subject := subject_of(items)) is not None and subject.is_measured
    ]
    first = listed_first(events)
    newest_measured = first.filter(pl.col("event_id").is_in(measured)).head(N_MEASURED)
    shown = pl.concat([first.head(N_LATEST - newest_measured.height), newest_measured])
    return newest_first(shown.unique("event_id", maintain_order=True))
