"""How fast headlines become stories, in how much memory: `python tests/bench/bench_events.py [headlines.parquet]`."""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path

import polars as pl

from analysis.events.stories.frames import load_frames
from analysis.events.stories.grouping import group_stories
from analysis.events.stories.headlines import story_input
from analysis.events.summaries import add_tags
from analysis.events.vocabulary import load_vocabulary
from warehouse.tables.contract import UTC

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "news" / "headlines.parquet"
TARGET_PER_SECOND = 5_000
TARGET_GB = 2.0
# The last headlines of the file, as one hourly run would find them.
RUN_ROWS = 200
NEIGHBOURHOOD_DAYS = 6


def main() -> None:
    """Print headlines per second end to end (wall and processor time), peak memory, and the cost of one late run."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else SHARED
    headlines = pl.read_parquet(path, columns=["title", "url", "published_utc"]).with_row_index("row")
    entries = headlines.select(
        pl.col("row").hash(seed=1).cast(pl.String).alias("entry_id"),
        "title",
        "url",
        pl.col("published_utc").cast(UTC).alias("at_utc"),
    )
    vocabulary, frames = load_vocabulary(), load_frames()

    wall, cpu = time.perf_counter(), time.process_time()
    prepared = story_input(add_tags(entries, vocabulary), frames)
    tagged_wall = time.perf_counter()
    links = group_stories(prepared, prepared.clear().with_columns(pl.lit("").alias("story_id")), frames, vocabulary)
    wall_seconds, cpu_seconds = time.perf_counter() - wall, time.process_time() - cpu
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{entries.height} headlines, {links['story_id'].n_unique()} stories")
    tag_seconds = tagged_wall - wall
    print(f"tags {tag_seconds:.1f} s, stories {wall_seconds - tag_seconds:.1f} s, processor {cpu_seconds:.1f} s")
    rate = entries.height / wall_seconds
    print(f"{rate:,.0f} headlines/s end to end; target {TARGET_PER_SECOND:,}; ratio {rate / TARGET_PER_SECOND:.2f}")
    print(f"peak memory {peak_gb:.2f} GB; target {TARGET_GB}; ratio {peak_gb / TARGET_GB:.2f}")

    stories = links.select("entry_id", "story_id")
    joined = prepared.join(stories, on="entry_id", how="inner", validate="1:1").sort("at_utc")
    fresh = joined.tail(RUN_ROWS).drop("story_id")
    since = fresh.select(pl.col("at_utc").min().dt.offset_by(f"-{NEIGHBOURHOOD_DAYS}d")).item()
    known = joined.head(joined.height - RUN_ROWS).filter(pl.col("at_utc") > since)
    cpu = time.process_time()
    group_stories(fresh, known, frames, vocabulary)
    late = time.process_time() - cpu
    print(f"a run of {RUN_ROWS} headlines after all of these: {late:.2f} s over {known.height} neighbours")


if __name__ == "__main__":
    main()
