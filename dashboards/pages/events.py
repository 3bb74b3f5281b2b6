"""All events, newest first, with the one that moved the subject most on top."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl
from markupsafe import Markup

from dashboards.findings.findings import as_of_words
from dashboards.findings.readings import Reaction, subject_of
from dashboards.pages.own_study import own_studies_list
from dashboards.pages.sections import events_table
from dashboards.shell.frames import Frames
from dashboards.shell.page import Page
from warehouse.tables.news import EVENT
from warehouse.tables.units import count

# Beyond this many, older events are reached through search and their category.
MAX_LISTED = 600


def compose_events(frames: Frames, reactions: Mapping[str, list[Reaction]]) -> Page:
    """The list of events, by year."""
    events = frames.get(EVENT).filter(pl.col("status") != "rejected").sort("best_at_utc", descending=True)
    subjects = [subject for items in reactions.values() if (subject := subject_of(items)) is not None]
    n_measured = sum(item.is_measured for item in subjects)
    n_outside = sum(bool(item.headline and item.headline.is_outside) for item in subjects)
    title = (
        f"{count(events.height)} events, {count(n_measured)} measured, {count(n_outside)} outside the ordinary range"
    )
    parts = [
        Markup("<h1>{}</h1>").format(title if events.height else "No event is known yet"),
        Markup(
            '<p class="lede">Each event is dated by the first public evidence, not by when somebody noticed. '
            "<strong>About one in twenty ordinary days also falls outside a 95% range</strong>, so expect some by "
            "chance.</p>"
        ),
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
