"""All events, newest first, with the one that moved the subject most on top."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl
from markupsafe import Markup

from dashboards.findings.findings import as_of_words
from dashboards.findings.moves import total_of
from dashboards.findings.readings import Reaction, subject_of
from dashboards.findings.superlatives import chance_words, record_title
from dashboards.pages.own_study import own_studies_list
from dashboards.pages.sections import events_table
from dashboards.shell.frames import Frames
from dashboards.shell.page import Page
from warehouse.tables.news import EVENT
from warehouse.tables.units import plural

# Beyond this many, older events are reached through search and their category.
MAX_LISTED = 600


def compose_events(frames: Frames, reactions: Mapping[str, list[Reaction]]) -> Page:
    """The list of events, by year."""
    events = frames.get(EVENT).filter(pl.col("status") != "rejected").sort("best_at_utc", descending=True)
    subjects = [subject for items in reactions.values() if (subject := subject_of(items)) is not None]
    total = total_of(frames, "record", "all")
    title = record_title(total)
    chance = f": of {plural(total['n_ranged'], 'event–token pair')} {chance_words(total['n_ranged'])}" if total else ""
    parts = [
        Markup("<h1>{}</h1>").format(title),
        Markup(
            '<p class="lede">Each event is dated by the first public evidence, not by when somebody noticed. Events '
            "whose days overlap on one token’s move share it, and it counts once. <strong>About one in twenty ordinary "
            "days also falls outside a 95% range</strong>{}.</p>"
        ).format(chance),
    ]
    listed = events.head(MAX_LISTED)
    for (year,), part in listed.group_by(pl.col("best_at_utc").dt.year(), maintain_order=True):
        parts.append(Markup('<h2 id="y{0}">{0}</h2>').format(year))
        parts.append(events_table(f"events-{year}", part, reactions, ""))
    if events.height > MAX_LISTED:
        parts.append(Markup('<p>Older events: <a href="search.html">search</a> holds all of them.</p>'))
    parts.append(own_studies_list(frames.named("own_studies")))
    ends = [item.data_as_of for item in subjects]
    return Page(
        path="events.html",
        section="Events",
        title="Events",
        description=f"AI-policy events and what decentralised-AI tokens did after them: {title}.",
        body=Markup("").join(parts),
        as_of=as_of_words(max(ends) if ends else None),
    )
