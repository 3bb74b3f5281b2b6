"""One page per event: what happened, how the tokens moved, and everything a sceptic asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import polars as pl
from markupsafe import Markup

from dashboards.figures.car_fan import draw_car_fan
from dashboards.figures.clock_strip import draw_clock_strip, when_public
from dashboards.figures.correlation_change import draw_correlation_change
from dashboards.figures.multiples import draw_multiples
from dashboards.figures.price_path import draw_price_path
from dashboards.figures.quantile_dots import draw_quantile_dots
from dashboards.figures.specification_curve import draw_specification_curve
from dashboards.fill import fill
from dashboards.findings.findings import as_of_words, benchmark_word, beyond_title
from dashboards.findings.moves import earlier_day_of
from dashboards.findings.readings import (
    INCIDENT_ORIGIN,
    Reaction,
    path_of,
    placebos_of,
    subject_of,
    tokens_outside,
    tokens_ranged,
    unmeasured_reason,
)
from dashboards.findings.standing import has_open_window, waits_for_prices
from dashboards.findings.superlatives import outside_counts
from dashboards.numbers import signed_rows
from dashboards.pages.compare import COMPARE_PATH, measured_tokens
from dashboards.pages.event_tables import (
    confounders_box,
    conventions,
    episode_table,
    facts_of,
    movers_table,
    revisions_note,
    sources_table,
    timing_table,
    tokens_table,
)
from dashboards.pages.models_table import MODELS_STUDY, models_table
from dashboards.pages.sections import cannot_know, reaction_tiles
from dashboards.pages.shared_move import shared_list, shared_sentence
from dashboards.pages.trading import TRADING_STUDY, event_trading
from dashboards.shell.cards import read_verdicts_on, rise_claim, verdict_cards
from dashboards.shell.frames import Frames
from dashboards.shell.page import Canvas, Page, event_path
from dashboards.shell.tables import NOTHING, badge, empty_table, limits
from warehouse.tables.claims import CLAIM
from warehouse.tables.correlation import CORRELATION_EPISODE
from warehouse.tables.news import CONFOUNDER, EVENT_REVISION, EVENT_SOURCE, NEWS_EPISODE
from warehouse.tables.single import REACTION_TIME, SPECIFICATION, SPECIFICATION_SUMMARY, TIMING_BAND
from warehouse.tables.studies import EXCLUSION, STUDY_RESULT
from warehouse.tables.terms import category_label, category_news, reader_words
from warehouse.tables.units import day, listing, plural

# What an event's page is made from, split by event.
EVENT_TABLES = (
    EVENT_SOURCE,
    EVENT_REVISION,
    NEWS_EPISODE,
    CONFOUNDER,
    CORRELATION_EPISODE,
    REACTION_TIME,
    SPECIFICATION,
    SPECIFICATION_SUMMARY,
    TIMING_BAND,
    EXCLUSION,
)


def compose_event(frames: Frames, event: Mapping[str, Any], reactions: list[Reaction]) -> Page:
    """The page of one event."""
    canvas = Canvas(event_path(event["event_id"]))
    subject = subject_of(reactions)
    title, left_out = event["title"], frames.part(EXCLUSION, "event_id", event["event_id"])
    body = fill(
        "event.html.jinja",
        kind=category_label(event["category"]),
        title=title,
        **_opening(event, subject, reactions, left_out),
        shared=shared_sentence(frames, event, canvas.root),
        facts=facts_of(event),
        revisions=revisions_note(frames, event),
        episode=episode_table(frames, event["event_id"], canvas.root),
        measured=_measured(frames, canvas, event, subject, reactions) if subject else None,
        unmeasured=NOTHING if subject else _unmeasured(event, left_out),
        sources=sources_table(frames.part(EVENT_SOURCE, "event_id", event["event_id"])),
        public=when_public(event),
        reason=reader_words(event["reason"]),
        conventions=conventions(subject, left_out),
    )
    return Page(
        path=canvas.path,
        section="Events",
        title=title,
        description=_description(event, subject),
        body=body,
        as_of=as_of_words(subject.data_as_of if subject else None),
        files=canvas.files,
    )


def _description(event: Mapping[str, Any], subject: Reaction | None) -> str:
    if subject is None:
        return f"{event['title']}: {unmeasured_reason(event)}."
    after = category_news(event["category"])
    return f"{event['title']}. {beyond_title(subject, after, benchmark_word(_benchmark(subject)))}."


def _benchmark(subject: Reaction | None) -> str | None:
    return subject.headline.benchmark if subject and subject.headline else None


def _opening(
    event: Mapping[str, Any], subject: Reaction | None, reactions: list[Reaction], left_out: pl.DataFrame
) -> dict[str, Any]:
    """What an event's page begins with: what happened, the finding, badges, and the way to a window of one's own."""
    badges = [range_badge(reactions)]
    if waits_for_prices(left_out) if subject is None else has_open_window(subject, event["best_at_utc"]):
        badges.append(badge("◔", "Preliminary: the record ends before its longer windows do", "part"))
    if event["selected_from"] == "price":
        badges.append(badge("◐", "Chosen from the price: only a max-statistic is valid", "part"))
    else:
        badges.append(badge("◌", "Chosen from the news, not from the price"))
    finding = own_window = ""
    if subject is not None and subject.is_measured:
        finding = beyond_title(subject, category_news(event["category"]), benchmark_word(_benchmark(subject)))
    if measured := measured_tokens(reactions):
        own_window = f"../{COMPARE_PATH}?{urlencode({'a': event['event_id'], 'at': measured[0]})}"
    return {
        "summary": event["summary"] or _one_line(event),
        "finding": finding,
        "badges": badges,
        "own_window": own_window,
    }


def range_badge(reactions: list[Reaction]) -> Markup:
    """Which tokens left their ordinary range in the day after, of those that have one."""
    ranged, outside = tokens_ranged(reactions), tokens_outside(reactions)
    if not ranged:
        is_measured = any(item.is_measured for item in reactions)
        return badge("◌", "No ordinary range" if is_measured else "Not measured")
    if not outside:
        return badge("–", f"Inside the ordinary range: {listing(ranged)}")
    n_ranged, _ = outside_counts(reactions)
    return badge("✓", f"Outside the ordinary range: {listing(outside)} (of {plural(n_ranged, 'token')})", "ok")


def _one_line(event: Mapping[str, Any]) -> str:
    """What stands for a summary that nobody has written: the kind and the day."""
    return f"{category_label(event['category'])}, first public on {day(event['best_at_utc'])}."


def _measured(
    frames: Frames, canvas: Canvas, event: Mapping[str, Any], subject: Reaction, reactions: list[Reaction]
) -> dict[str, Markup]:
    """The parts of a measured event's page by their names in its template."""
    event_id = event["event_id"]
    path = path_of(frames, subject)
    placebos = placebos_of(frames, subject, 24.0)
    sources = frames.part(EVENT_SOURCE, "event_id", event_id)
    timings = frames.part(REACTION_TIME, "event_id", event_id)
    own_timing = frames.part(REACTION_TIME, "event_id", event_id, market_id=subject.market_id)
    timing = next(signed_rows(own_timing, REACTION_TIME), None)
    claim_rows = list(signed_rows(frames.part(CLAIM, "event_id", event_id), CLAIM))
    verdicts = read_verdicts_on(frames, claim_rows)
    assets = {item.market_id: item.asset_id for item in reactions}
    traded, models = (
        frames.part(STUDY_RESULT, "event_id", event_id, study_id=study) for study in (TRADING_STUDY, MODELS_STUDY)
    )
    paths = {item.asset_id: path_of(frames, item) for item in reactions}
    paths = {asset: part for asset, part in paths.items() if part["raw_return"].count() > 1}
    confounders = frames.part(CONFOUNDER, "event_id", event_id)
    specifications = frames.part(SPECIFICATION, "event_id", event_id, asset_id=subject.asset_id)
    summaries = frames.part(SPECIFICATION_SUMMARY, "event_id", event_id, asset_id=subject.asset_id)
    specification = next(signed_rows(summaries, SPECIFICATION_SUMMARY), None)
    known = cannot_know(subject, earlier_day_of(frames, subject), sources, confounders)
    change = draw_correlation_change(
        frames.part(CORRELATION_EPISODE, "event_id", event_id), f"the {category_news(event['category'])}"
    )
    return {
        "tiles": reaction_tiles(subject, path),
        "clock": draw_clock_strip(event, sources, path, timing, subject.asset_id),
        "fan": canvas.draw(draw_car_fan(path, subject, event["selected_from"])),
        "path": canvas.draw(draw_price_path(path, subject, event, rise_claim(claim_rows, verdicts))),
        "limits": limits("What we cannot know", known),
        "claims": verdict_cards("Claims about it", verdicts, canvas.root),
        "multiples": canvas.draw(draw_multiples(paths, reactions)),
        "tokens": tokens_table(reactions),
        "movers": movers_table(timings, reactions, paths),
        "trading": event_trading(traded, assets),
        "correlation": canvas.draw(change),
        "choices": canvas.draw(draw_specification_curve(specifications, specification, subject.asset_id)),
        "models": models_table(models, subject.asset_id, assets),
        "dots": canvas.draw(draw_quantile_dots(placebos, subject, subject.headline)),
        "confounders": confounders_box(confounders, canvas.root, shared_list(frames, event, canvas.root)),
        "starts": timing_table(frames, subject),
    }


def _unmeasured(event: Mapping[str, Any], left_out: pl.DataFrame) -> Markup:
    if waits_for_prices(left_out):
        return empty_table("Prices end before it.", "It is measured as soon as bars of its first window are there.")
    reason = unmeasured_reason(event)
    remedy = (
        "Its provider’s page and the page on resilience measure all outages together."
        if event["origin"] == INCIDENT_ORIGIN
        else "Import or backfill prices around its time, then run again; the event stays listed meanwhile."
    )
    return empty_table(f"{reason[:1].upper()}{reason[1:]}.", remedy)
