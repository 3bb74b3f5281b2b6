"""The same news across outlets: headlines grouped into stories, at the cost of the neighbourhood of what is new."""

from __future__ import annotations

from itertools import chain, pairwise

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from analysis.arrays import Flags
from analysis.events.stories.frames import FrameSet
from analysis.events.stories.headlines import canonical_names, headlines_of
from analysis.events.stories.likeness import STORY_HOURS, find_spoken, profile
from analysis.events.stories.linkage import Links, link_headlines
from analysis.events.stories.meetings import find_meetings
from analysis.events.vocabulary import Vocabulary
from analysis.near_titles import PERCENT
from warehouse.tables.news import STORY_ENTRY

# Known headlines this far around the new ones are linked again with them: two stories' length.
MEMORY_HOURS = 2 * STORY_HOURS
ID_LETTERS = 16
# Headlines of these that name nobody meet only by title or address.
_QUIET = ("general", "tech_generic", "sports", "crypto_generic")


def group_stories(entries: pl.DataFrame, known: pl.DataFrame, frames: FrameSet, vocabulary: Vocabulary) -> pl.DataFrame:
    """`core.story_entry` rows for `entries`, and for those of `known` whose story is another one now.

    Both frames are tagged and come from `add_plain`; `known`, and `entries` grouped again, have story_id too. `known`
    needs to reach only MEMORY_HOURS around the new headlines, and of it only those are read that these lead to, which
    is why a run costs what its new headlines cost. A story keeps the id of its earliest known headline: when news joins
    two stories, the later one's headlines take the earlier one's id.
    """
    if entries.is_empty():
        return STORY_ENTRY.empty()
    headlines = _in_order(entries, known, canonical_names(vocabulary))
    meetings = find_meetings(headlines)
    links = _link(headlines, meetings, frames, vocabulary)
    named = _names(headlines, links)
    met = _reasons(headlines, links, meetings)
    grouped = headlines.select("entry_id", "is_new", pl.col("story_id").alias("story_before"))
    rows = pl.concat([grouped, met], how="horizontal")[named["row"]].with_columns(
        named["story_id"], pl.lit(frames.version).alias("algorithm_version")
    )
    is_other = pl.col("story_id").ne_missing(pl.col("story_before"))
    return STORY_ENTRY.conform(rows.filter(pl.col("is_new") | is_other).select(STORY_ENTRY.column_names))


def _in_order(entries: pl.DataFrame, known: pl.DataFrame, canonical: dict[str, str]) -> pl.DataFrame:
    """What both frames are compared by, by time, with `is_new` and the story that each had, or null."""
    told = []
    for frame, is_new in ((entries, True), (known, False)):
        stories = frame["story_id"] if "story_id" in frame.columns else pl.lit(None, dtype=pl.String).alias("story_id")
        told.append(headlines_of(frame, canonical).with_columns(stories, pl.lit(is_new).alias("is_new")))
    return pl.concat(told).sort("at", "entry_id")


def _link(headlines: pl.DataFrame, meetings: pl.DataFrame, frames: FrameSet, vocabulary: Vocabulary) -> Links:
    """Links among the headlines that can meet by what they say; the others have only their meetings."""
    n = headlines.height
    met = meetings.select("row", "other_row").to_numpy()
    _, owner = connected_components(
        csr_matrix((np.ones(len(met)), (met[:, 0], met[:, 1])), shape=(n, n)), directed=False
    )
    is_new = headlines["is_new"].to_numpy()
    is_quiet = (pl.col("entities").list.len() == 0) & ~pl.col("is_relevant") & pl.col("category").is_in(_QUIET)
    takes_part = _any_by(owner, headlines.select(~is_quiet).to_series().to_numpy())[owner]
    chosen = np.flatnonzero(takes_part)
    inside = np.searchsorted(chosen, met[takes_part[met].all(axis=1)])
    part = headlines[chosen]
    found = link_headlines(
        find_spoken(part), inside, is_new[chosen], lambda rows: profile(part[rows], frames, vocabulary)
    )

    links = Links(np.where(_any_by(owner, is_new)[owner], owner, -1), np.full(n, -1), np.zeros(n))
    links.met[met[:, 0]] = met[:, 1]
    links.labels[chosen] = np.where(found.labels >= 0, found.labels + n, -1)
    links.met[chosen] = np.where(found.met >= 0, chosen[found.met], -1)
    links.chance[chosen] = found.chance
    return links


def _any_by(owner: npt.NDArray[np.int32], flags: Flags) -> Flags:
    """For each owner whether any of its members is flagged."""
    return np.bincount(owner, weights=flags.astype(float)) > 0


def _names(headlines: pl.DataFrame, links: Links) -> pl.DataFrame:
    """Every headline that was linked, by its `row`, with the `story_id` of its story.

    Stories follow each other in order of their first known headline, then those of new headlines alone; their order
    decides who may keep an id that two of them had.
    """
    known, n = headlines["story_id"], headlines.height
    rows = np.flatnonzero(links.labels >= 0)
    first = np.full(2 * n, 2 * n)
    np.minimum.at(first, links.labels[rows], np.where(known.is_null().to_numpy()[rows], rows + n, rows))
    place = first[links.labels[rows]]
    rows = rows[np.argsort(place, kind="stable")]
    ends = [0, *np.cumsum(np.unique(place, return_counts=True)[1]).tolist()]

    taken = set(known.filter(pl.Series(links.labels < 0)).drop_nulls())
    entry_ids, known_ids = headlines["entry_id"][rows].to_list(), known[rows].to_list()
    story_ids: list[str] = []
    for start, end in pairwise(ends):
        story_id = _name(entry_ids[start:end], known_ids[start:end], taken)
        taken.add(story_id)
        story_ids += [story_id] * (end - start)
    return pl.DataFrame({"row": rows, "story_id": story_ids}, schema={"row": pl.Int64, "story_id": pl.String})


def _name(entry_ids: list[str], known: list[str | None], taken: set[str]) -> str:
    """The id of the earliest known headline's story, else the earliest headline's own; never one that is taken."""
    earlier = (story_id for story_id in known if story_id is not None)
    candidates = chain(earlier, (entry_id[:ID_LETTERS] for entry_id in entry_ids), entry_ids)
    return next(candidate for candidate in candidates if candidate not in taken)


def _reasons(headlines: pl.DataFrame, links: Links, meetings: pl.DataFrame) -> pl.DataFrame:
    """The headline of its story that each met, how alike they are (0 to 100), and by what: columns of the contract."""
    label = pl.lit(pl.Series(links.labels))
    own = meetings.filter(label.gather(pl.col("row")) == label.gather(pl.col("other_row")))
    rows = pl.DataFrame({"row": np.arange(headlines.height), "met": links.met, "chance": links.chance}).join(
        own, on="row", how="left", validate="1:1", maintain_order="left"
    )
    is_alone = pl.col("reason").is_null() & (pl.col("met") < 0)
    entry_id = pl.lit(headlines["entry_id"])
    return rows.with_columns(
        pl.coalesce("other_row", pl.when(pl.col("met") >= 0).then("met")).alias("other_row")
    ).select(
        entry_id.gather(pl.col("other_row")).alias("matched_entry_id"),
        pl.when(~is_alone).then(pl.coalesce("similarity", PERCENT * pl.col("chance"))).alias("similarity"),
        pl.when(is_alone).then(pl.lit("first")).otherwise(pl.col("reason").fill_null("same_news")).alias("reason"),
    )
