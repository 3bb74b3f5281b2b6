"""Facts of stories kept as rows, so that only those are read again whose headlines are others."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, is_dataclass
from datetime import datetime

import polars as pl
from pydantic import TypeAdapter

from analysis.events.facts import StoryFacts
from warehouse.tables.news import STORY_FACT

_STORED = TypeAdapter(list[StoryFacts])


@dataclass(frozen=True, slots=True)
class Recalled:
    """Every story that is asked for as rows of `core.story_fact`, and which stories' stored rows are others or gone."""

    rows: pl.DataFrame
    changed: list[str]

    @property
    def facts(self) -> list[StoryFacts]:
        """The facts of the stories that tell an act."""
        return _STORED.validate_json(f"[{','.join(self.rows['facts'].drop_nulls())}]")


def rest_on(headlines: pl.DataFrame, rules: str) -> pl.DataFrame:
    """Per story of stored `headlines` (whole stories) what its facts rest on: story_id and a digest, `rests_on`.

    `rules` stands for everything that headlines are read by.
    """
    told = headlines.with_columns(pl.col("entity_ids").list.join(",")).hash_rows()
    # The order of headlines is none of what a story says.
    digests = headlines.select("story_id", told.alias("told")).group_by("story_id").agg(pl.col("told").bitwise_xor())
    return digests.sort("story_id").select("story_id", pl.format("{} {}", pl.lit(rules), "told").alias("rests_on"))


def recall(rested: pl.DataFrame, stored: pl.DataFrame, fresh: Iterable[StoryFacts]) -> Recalled:
    """The rows of all stories in `rested` (`rest_on`): stored ones that rest on the same, others from `fresh`.

    A story that tells no act has a row without facts, so that it is not read again either.
    """
    told = [(story.story_id, _as_text(story)) for story in fresh]
    known = pl.DataFrame(told, schema={"story_id": pl.String, "facts": pl.String}, orient="row")
    kept = stored.join(rested, on=["story_id", "rests_on"], how="semi")
    missing = rested.join(kept, on="story_id", how="anti")
    rows = pl.concat([kept, STORY_FACT.conform(missing.join(known, on="story_id", how="left", validate="1:1"))])
    gone = stored.join(kept, on="story_id", how="anti")["story_id"]
    return Recalled(rows.sort("story_id"), sorted({*missing["story_id"], *gone}))


def _as_text(story: StoryFacts) -> str:
    return json.dumps({field.name: getattr(story, field.name) for field in fields(story)}, default=_plain)


def _plain(value: object) -> object:
    """Sets in order of the alphabet, so that the same facts are the same text in every process."""
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    raise TypeError(f"a fact is {value!r}, which has no text")
