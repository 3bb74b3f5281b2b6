"""The page that answers in ten seconds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
from markupsafe import Markup

from dashboards.figures.car_fan import draw_car_fan
from dashboards.figures.correlation_change import draw_correlation_change
from dashboards.figures.price_path import draw_price_path
from dashboards.figures.quantile_dots import draw_quantile_dots
from dashboards.findings.findings import as_of_words, left, verdict_heading
from dashboards.findings.moves import earlier_day_of
from dashboards.findings.readings import Reaction, lead_event, listed_first, path_of, placebos_of, subject_of
from dashboards.findings.superlatives import outside_sentence
from dashboards.numbers import counted, signed_rows
from dashboards.pages.sections import MAX_LIMITS, cannot_know, data_as_of, events_table, moves_table, reaction_tiles
from dashboards.pages.shared_move import shared_sentence
from dashboards.shell.cards import read_verdicts, rise_claim, verdict_card
from dashboards.shell.frames import Frames, last_close
from dashboards.shell.page import Canvas, Page, event_path
from dashboards.shell.tables import NOTHING, empty_table, limits
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
        title, opening = "Nothing has been measured yet", _nothing_yet()
    else:
        title, opening = _lead(frames, canvas, event, subject)
    body = Markup("").join(
        [
            Markup('<p class="kicker">{}</p>').format(KICKER),
            Markup("<h1>{}</h1>").format(title),
            opening,
            _claims(frames),
            _latest(frames, reactions),
            Markup('<h2 id="moves">The latest day of each token</h2>'),
            moves_table(frames, canvas.root),
            Markup('<h2 id="as-of">Data as of</h2>'),
            data_as_of(frames),
        ]
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


def _lead(frames: Frames, canvas: Canvas, event: Mapping[str, Any], subject: Reaction) -> tuple[str, Markup]:
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
    pair = Markup('<h2 class="vh">The price and its ordinary range</h2><div class="pair">{}{}</div>').format(
        canvas.draw(draw_price_path(path, subject, event, claim)),
        canvas.draw(draw_quantile_dots(placebos, subject, subject.headline)),
    )
    second = Markup('<div class="pair">{}{}</div>').format(
        canvas.draw(draw_car_fan(path, subject, event["selected_from"])),
        canvas.draw(
            draw_correlation_change(
                frames.part(CORRELATION_EPISODE, "event_id", event_id), f"the {category_news(event['category'])}"
            )
        ),
    )
    opening = Markup("").join(
        [
            _lede(frames, event, subject, canvas.root),
            reaction_tiles(subject, path),
            pair,
            limits("What we cannot know", [*shared, *cannot_know(subject, None, sources, confounders)][:MAX_LIMITS]),
            second,
        ]
    )
    return verdict_heading(subject, event, category_news(event["category"]), claim), opening


def _lede(frames: Frames, event: Mapping[str, Any], subject: Reaction, root: str) -> Markup:
    return Markup('<p class="lede">On {}: {}. <strong>{}</strong>{}. <a href="{}{}">The whole event</a></p>').format(
        day(event["best_at_utc"]),
        limit_words(event["title"].rstrip("."), 110),
        outside_sentence(subject, earlier_day_of(frames, subject)),
        _week_after(subject),
        root,
        event_path(event["event_id"]),
    )


def _week_after(subject: Reaction) -> str:
    first, later = subject.horizons.get(24.0), subject.horizons.get(168.0)
    if first is None or later is None or first.raw_return is None or later.raw_return is None:
        return ""
    return f"; {left(first.raw_return, later.raw_return)}"


def _nothing_yet() -> Markup:
    return Markup(
        '<p class="lede">There is no event with prices around it in the published file. '
        "<strong>Run <code>aftershock run</code></strong> to load the bundled record and measure it.</p>"
    )


def _claims(frames: Frames) -> Markup:
    rows = read_verdicts(frames)
    head = Markup(
        '<h2 id="claims">Claims, checked against the tape</h2><p class="intro">What was said, what the prices show, '
        "and how sure that is.</p>"
    )
    if not rows:
        return head + empty_table(
            "No claim has been judged yet.", "Claims live in claims.toml; a run judges each of them."
        )
    more = NOTHING
    if len(rows) > N_CARDS:
        more = Markup('<p><a href="claims.html">All {} with every reading</a></p>').format(
            plural(counted(len(rows), CLAIM_VERDICT), "claim")
        )
    cards = Markup("").join(verdict_card(row, "") for row in rows[:N_CARDS])
    return Markup('{}<ul class="cards">{}</ul>{}').format(head, cards, more)


def _latest(frames: Frames, reactions: Mapping[str, list[Reaction]]) -> Markup:
    events = frames.get(EVENT).filter(pl.col("status") != "rejected").sort("best_at_utc", descending=True)
    measured = [
        event_id
        for event_id, items in reactions.items()
        if (subject := subject_of(items)) is not None and subject.is_measured
    ]
    # The newest events are often too fresh to measure: the newest measured ones stand beside them.
    first = listed_first(events)
    newest_measured = first.filter(pl.col("event_id").is_in(measured)).head(N_MEASURED)
    shown = pl.concat([first.head(N_LATEST - newest_measured.height), newest_measured])
    shown = shown.unique("event_id", maintain_order=True).sort("best_at_utc", descending=True)
    return Markup('<h2 id="events">Latest events</h2>{}<p><a href="events.html">All {}</a></p>').format(
        events_table("latest", shown, reactions, ""),
        plural(counted(events.height, EVENT, "count(*) filter (where status <> 'rejected')"), "event"),
    )
