"""Small frames of headlines for the tests of stories and events."""

from collections.abc import Collection
from datetime import datetime

import polars as pl

from analysis.events.carriers import add_carriers
from analysis.events.detection import Detected, build_events
from analysis.events.drafts import draft_events
from analysis.events.facts import read_stories
from analysis.events.stories.frames import load_frames
from analysis.events.stories.grouping import group_stories
from analysis.events.stories.headlines import story_input
from analysis.events.summaries import add_tags
from analysis.events.timing import add_clocks
from analysis.events.vocabulary import load_vocabulary
from analysis.events.wording.exclusions import add_exclusions
from warehouse.tables.contract import UTC

VOCABULARY = load_vocabulary()
FRAMES = load_frames()


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


RESTRICTION = (
    {"title": "Source: Lutnick told Anthropic that Fable 5 falls under export controls", "at": "2026-06-12T23:56:41Z"},
    {"title": "Anthropic takes Fable 5 offline after US directive", "at": "2026-06-13T01:08:06Z"},
    {"title": "US government orders Anthropic to shut down Fable 5", "at": "2026-06-13T06:57:05Z"},
)


def make_headlines(*rows: dict) -> pl.DataFrame:
    """Headlines with defaults: a press outlet whose item was seen ten minutes after the time it claims."""
    filled = []
    for number, row in enumerate(rows):
        at = instant(row["at"])
        filled.append(
            {
                "entry_id": row.get("entry_id", f"entry-{number:04d}-padding"),
                "title": row["title"],
                "url": row.get("url"),
                "outlet": row.get("outlet", f"outlet{number}.example"),
                "outlet_kind": row.get("outlet_kind", "press"),
                "published_at_utc": at,
                "published_earliest_at_utc": instant(row["from"]) if "from" in row else None,
                "first_seen_at_utc": instant(row["seen"]) if "seen" in row else at.replace(minute=59),
                "time_basis": row.get("time_basis", "publisher"),
            }
        )
    times = {"published_at_utc": UTC, "published_earliest_at_utc": UTC, "first_seen_at_utc": UTC}
    return pl.DataFrame(filled, schema_overrides={"url": pl.String, **times})


def prepare(headlines: pl.DataFrame) -> pl.DataFrame:
    return story_input(add_tags(add_carriers(add_clocks(headlines), VOCABULARY), VOCABULARY), FRAMES)


def group(headlines: pl.DataFrame, known: pl.DataFrame | None = None) -> pl.DataFrame:
    """The headlines with story_id, reason and similarity."""
    prepared = prepare(headlines)
    remembered = prepared.clear().with_columns(pl.lit("").alias("story_id")) if known is None else known
    links = group_stories(prepared, remembered, FRAMES, VOCABULARY)
    return prepared.join(links, on="entry_id", how="left", validate="1:1", maintain_order="left")


def detect(*rows: dict, known_ids: dict[str, str] | None = None) -> Detected:
    return detect_in(add_exclusions(group(make_headlines(*rows)), FRAMES), known_ids)


def detect_in(
    headlines: pl.DataFrame, known_ids: dict[str, str] | None = None, recorded: Collection[str] = ()
) -> Detected:
    """Events of headlines that are grouped and told with what excludes them."""
    drafts = draft_events(read_stories(headlines, VOCABULARY))
    return build_events(drafts, headlines, known_ids or {}, VOCABULARY, recorded)


def told_by(n: int, title: str) -> pl.DataFrame:
    return detect(*({"title": title, "at": "2026-06-13T01:00:00Z", "outlet": f"h{k}.example"} for k in range(n))).events


def draft_as(stories: dict[str, list[dict]]) -> pl.DataFrame:
    """Events of headlines whose stories are given."""
    return _build_as(stories).events


def sources_as(stories: dict[str, list[dict]]) -> pl.DataFrame:
    """The evidence of the events of headlines whose stories are given."""
    return _build_as(stories).sources


def _build_as(stories: dict[str, list[dict]]) -> Detected:
    return detect_in(tell_as(stories))


def tell_as(stories: dict[str, list[dict]]) -> pl.DataFrame:
    """Headlines whose stories are given, with what excludes them."""
    grouped = group(make_headlines(*(row for rows in stories.values() for row in rows)))
    names = [name for name, rows in stories.items() for _ in rows]
    return add_exclusions(grouped.with_columns(pl.Series("story_id", names)), FRAMES)
