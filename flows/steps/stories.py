"""Group new headlines into stories and tag them."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from analysis.events.carriers import add_carriers
from analysis.events.facts import read_stories
from analysis.events.recalling import Recalled, recall, rest_on
from analysis.events.stories.frames import FrameSet
from analysis.events.stories.grouping import MEMORY_HOURS, group_stories
from analysis.events.stories.headlines import add_frames, add_plain
from analysis.events.summaries import add_tags, read_tags, story_rows, tag_rows
from analysis.events.timing import add_clocks
from analysis.events.titles import plain_title
from analysis.events.vocabulary import PARTY_KINDS, Vocabulary
from analysis.events.wording.exclusions import add_exclusions
from analysis.results.fingerprint import SourceCode, fingerprint
from analysis.results.source import hash_everything_behind
from warehouse.store.connection import Reader, Warehouse
from warehouse.tables.news import STORY, STORY_ENTRY, STORY_FACT, TAG
from warehouse.tables.ops import STEP_INPUT

# What stored tags and stories rest on, by its name in ops.step_input: the code beside the rules that are data.
_CODE = {
    "tags": SourceCode("analysis.events.summaries"),
    "stories": SourceCode("analysis.events.stories.grouping"),
}
# What facts are read by, `prepare` among it, and kept by: these, with all code and packaged words behind them.
_FACTS_READ_BY = (
    "analysis.events.facts",
    "analysis.events.summaries",
    "analysis.events.recalling",
    "analysis.events.wording.exclusions",
    "analysis.events.carriers",
)
_OF_RULES = "input = 'rules' and step in ('tags', 'stories')"


def update_stories(warehouse: Warehouse, vocabulary: Vocabulary, frames: FrameSet) -> tuple[int, str]:
    """Rows written and a sentence; only headlines without a story are read, and their neighbours in time."""
    n_changed = follow_rules(warehouse, vocabulary, frames)
    again = f"{n_changed} rows of tags and stories follow other rules; " if n_changed else ""
    fresh = warehouse.query("events_new_entries")
    if fresh.is_empty():
        return n_changed, f"{again}no new headlines"
    new = add_plain(add_tags(_add_facts(fresh, vocabulary), vocabulary))
    days = _days_around(new)
    known = _read_known(read_grouped(warehouse, days=days), vocabulary)

    links = group_stories(new, known, frames, vocabulary)
    n_changed += warehouse.merge(STORY_ENTRY, links).n_changed
    n_changed += warehouse.merge(TAG, tag_rows(new, vocabulary)).n_changed
    n_changed += _renew_stories(warehouse, new, known, links, vocabulary, frames)
    n_joined = links.height - new.height
    moved = f", {n_joined} known ones joined to them" if n_joined else ""
    return n_changed, f"{again}{new.height} new headlines in {links['story_id'].n_unique()} stories{moved}"


def _renew_stories(
    warehouse: Warehouse,
    new: pl.DataFrame,
    known: pl.DataFrame,
    links: pl.DataFrame,
    vocabulary: Vocabulary,
    frames: FrameSet,
) -> int:
    """Write the stories that new headlines changed, and take out those that have none left; returns rows written."""
    kept = ("entry_id", "title", "carrier", "at_utc", "category")
    before = known.select("entry_id", pl.col("story_id").alias("story_before"))
    members = (
        pl.concat([frame.select(kept) for frame in (new, known)])
        .join(links.select("entry_id", "story_id"), on="entry_id", how="left", validate="1:1")
        .join(before, on="entry_id", how="left", validate="1:1")
        .with_columns(pl.coalesce("story_id", "story_before").alias("story_id"))
    )
    left = members.filter(pl.col("story_id") != pl.col("story_before"))["story_before"]
    touched = sorted({*links["story_id"], *left})
    elsewhere = sorted(set(touched) & set(known["story_id"]))
    far = _read_known(read_grouped(warehouse, story_ids=elsewhere), vocabulary)
    far = far.filter(~pl.col("entry_id").is_in(members["entry_id"].to_list()))
    inside = members.filter(pl.col("story_id").is_in(touched))
    every = pl.concat([frame.select("story_id", *kept) for frame in (inside, far)])
    rows = story_rows(every, vocabulary, frames.version)
    return warehouse.replace_part(STORY, rows, "story_id in (select unnest($touched))", touched=touched)


def follow_rules(warehouse: Warehouse, vocabulary: Vocabulary, frames: FrameSet) -> int:
    """Tag and group stored headlines again as far as other rules than theirs apply now; returns rows written.

    Other rules of grouping touch every headline, other rules of tagging those that they tag otherwise, with their
    neighbours. A story keeps the id of its earliest headline, so that taking a rule back undoes it.
    """
    # Headlines that are tagged as before part otherwise once other places or parties are known.
    parties = sorted(entity.entity_id for entity in vocabulary.entities if entity.kind in PARTY_KINDS)
    rules = {
        "tags": vocabulary.digest,
        "stories": fingerprint(frames.digest, vocabulary.place_names, parties),
    }
    account = pl.DataFrame(
        [(step, "rules", fingerprint(rules[step], code)) for step, code in _CODE.items()],
        schema=STEP_INPUT.schema,
        orient="row",
    )
    stored = warehouse.frame(STEP_INPUT, where=_OF_RULES)
    other = account.join(stored, on=STEP_INPUT.column_names, how="anti")["step"].to_list()
    n_changed = _tag_and_group(warehouse, vocabulary, frames, is_all="stories" in other) if other else 0
    warehouse.merge(STEP_INPUT, account)
    return n_changed


def _tag_and_group(warehouse: Warehouse, vocabulary: Vocabulary, frames: FrameSet, *, is_all: bool) -> int:
    """Tag every grouped headline, and group those again that are tagged otherwise than before, or all."""
    grouped = warehouse.query("events_grouped_entries")
    if grouped.is_empty():
        return 0
    tagged = add_plain(add_tags(_add_facts(grouped, vocabulary), vocabulary))
    tags = tag_rows(tagged, vocabulary)
    stored, key = warehouse.frame(TAG), ["entry_id", "tag_id", "is_main"]
    moved = pl.concat([tags.join(stored, on=key, how="anti"), stored.join(tags, on=key, how="anti")])["entry_id"]
    is_moved = pl.lit(is_all) | pl.col("entry_id").is_in(moved.unique().to_list())
    new = tagged.filter(is_moved)
    near = pl.col("at_utc").dt.date().is_in(_days_around(new))
    links = group_stories(new, tagged.filter(~is_moved & near), frames, vocabulary)
    n_changed = warehouse.replace(TAG, tags) + warehouse.merge(STORY_ENTRY, links).n_changed
    members = tagged.rename({"story_id": "story_before"}).join(
        links.select("entry_id", "story_id"), on="entry_id", how="left", validate="1:1"
    )
    members = members.with_columns(pl.coalesce("story_id", "story_before").alias("story_id"))
    return n_changed + warehouse.replace(STORY, story_rows(members, vocabulary, frames.version))


def read_grouped(
    reader: Reader,
    *,
    days: list[object] | None = None,
    story_ids: list[str] | None = None,
    is_relevant: bool = False,
) -> pl.DataFrame:
    """Headlines that belong to a story, with their stored tags: of `days`, of `story_ids`, or of relevant stories."""
    return reader.query("events_stored_entries", days=days, story_ids=story_ids, is_relevant=is_relevant)


def prepare(entries: pl.DataFrame, vocabulary: Vocabulary, frames: FrameSet) -> pl.DataFrame:
    """Stored headlines with clocks, carriers, their stored tags and frames."""
    return add_frames(_read_known(entries, vocabulary), frames)


def _read_known(entries: pl.DataFrame, vocabulary: Vocabulary) -> pl.DataFrame:
    """Stored headlines with clocks, carriers, their stored tags and plain titles: what grouping needs."""
    return add_plain(read_tags(_add_facts(entries, vocabulary), vocabulary))


def recall_facts(reader: Reader, vocabulary: Vocabulary, frames: FrameSet) -> Recalled:
    """The facts of every relevant story: those stored, and read from headlines what rests on others than it did."""
    headlines, stored = read_grouped(reader, is_relevant=True), reader.frame(STORY_FACT)
    rested = rest_on(headlines, fingerprint(vocabulary.digest, hash_everything_behind(_FACTS_READ_BY)))
    other = headlines.join(rested.join(stored, on=["story_id", "rests_on"], how="anti"), on="story_id", how="semi")
    told = add_exclusions(prepare(other, vocabulary, frames), frames)
    return recall(rested, stored, read_stories(told, vocabulary))


def read_evidence(reader: Reader, story_ids: list[str], vocabulary: Vocabulary) -> pl.DataFrame:
    """Headlines of some stories with clocks, carriers and plain titles: what an event's rows tell of them."""
    told = _add_facts(read_grouped(reader, story_ids=story_ids), vocabulary)
    return told.with_columns(plain_title(pl.col("title")).alias("plain"))


def keep_facts(warehouse: Warehouse, recalled: Recalled) -> int:
    """Store the facts of stories that are others than they were, and take out those that are gone; returns rows."""
    rows = recalled.rows.filter(pl.col("story_id").is_in(recalled.changed))
    part = "story_id in (select unnest($changed))"
    return warehouse.replace_part(STORY_FACT, rows, part, changed=recalled.changed)


def _add_facts(entries: pl.DataFrame, vocabulary: Vocabulary) -> pl.DataFrame:
    return add_carriers(add_clocks(entries), vocabulary)


def _days_around(new: pl.DataFrame) -> list[object]:
    """The days within memory of any new headline."""
    reach = range(-int(MEMORY_HOURS // 24) - 1, int(MEMORY_HOURS // 24) + 2)
    own = new["at_utc"].dt.date().unique()
    return sorted({day + timedelta(days=offset) for day in own for offset in reach})
