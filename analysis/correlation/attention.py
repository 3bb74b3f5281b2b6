"""The attention index: relevant headlines over what the outlets' usual shares of their coverage would give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.special import gammaincinv

from analysis.correlation.shares import learn_shares
from analysis.events.timing import CORROBORATED, NEWSROOM_CLAIM, NEWSROOM_KINDS, add_clocks
from warehouse.tables.attention import ATTENTION

# Stories about tokens and their rules, and outages, have indices of their own and are not AI policy.
OUTCOMES = frozenset({"token_price_commentary"})
NOT_POLICY = OUTCOMES | {"network_token_news", "crypto_token_regulation", "outage", "not_relevant", "sponsored_promo"}
# A subject with fewer headlines in the whole record has no index.
MIN_SUBJECT_HEADLINES = 20
# Hours are published for subjects with at least this many.
MIN_HOURLY_HEADLINES = 100
# With fewer expected headlines in a period one headline decides the index.
MIN_EXPECTED = 0.1
FREQUENCIES = {"hourly": "1h", "daily": "1d", "weekly": "1w"}
HOURLESS = ("date_only", "crawl")


@dataclass(frozen=True, slots=True)
class Coverage:
    """Headlines per outlet and hour, and the relevant ones per subject."""

    all: pl.DataFrame  # outlet, hour, is_timed, n
    relevant: pl.DataFrame  # kind, subject_id, outlet, hour, is_timed, story_id


def measure_attention(
    entries: pl.DataFrame,
    story_entries: pl.DataFrame,
    stories: pl.DataFrame,
    tags: pl.DataFrame,
    jurisdictions: Mapping[str, str],
) -> pl.DataFrame:
    """Rows of out.attention: the index by hour, day and week for all AI policy, each category, entity and jurisdiction.

    Shares are learnt from the past alone (`learn_shares`), so a published period never changes with later news, and a
    feed that starts, stops or changes its volume does not move the index. One story counts once per outlet. Items
    whose clock shows no hour, or that nobody bore out, count by day and week only. Price commentary is an outcome: it
    has its own index and is in no other (after Baker, Bloom and Davis 2016).
    """
    coverage = count_coverage(entries, story_entries, stories, tags, jurisdictions)
    if not coverage.relevant.height:
        return ATTENTION.empty()
    days = _day_table(coverage)
    sizes = coverage.relevant.group_by("kind", "subject_id").len().filter(pl.col("len") >= MIN_SUBJECT_HEADLINES)
    frames = [
        frame
        for kind, subject, size in sizes.sort("kind", "subject_id").iter_rows()
        for frame in _measure_subject(coverage, days, kind, subject, size)
    ]
    return ATTENTION.conform(pl.concat(frames)) if frames else ATTENTION.empty()


def count_coverage(
    entries: pl.DataFrame,
    story_entries: pl.DataFrame,
    stories: pl.DataFrame,
    tags: pl.DataFrame,
    jurisdictions: Mapping[str, str],
) -> Coverage:
    """Headlines by outlet and hour (revised titles once), and relevant ones by subject, once per outlet and story."""
    newsroom = pl.col("outlet_kind").is_in(list(NEWSROOM_KINDS))
    firm = pl.col("level").is_in([CORROBORATED, NEWSROOM_CLAIM]) | newsroom
    clocked = (
        add_clocks(entries.filter(pl.col("title_version") == 1))
        .with_columns(
            pl.col("at_utc").dt.truncate("1h").alias("hour"),
            (firm & ~pl.col("time_basis").is_in(HOURLESS)).alias("is_timed"),
        )
        .filter(pl.col("hour").is_not_null())
        .select("entry_id", "outlet", "hour", "is_timed")
    )
    total = clocked.group_by("outlet", "hour", "is_timed").agg(pl.len().alias("n"))
    told = (
        clocked.join(story_entries.select("entry_id", "story_id"), on="entry_id", validate="1:1")
        .join(stories.select("story_id", "category", "is_relevant"), on="story_id", validate="m:1")
        .filter("is_relevant")
    )
    causes = told.filter(~pl.col("category").is_in(list(OUTCOMES)))
    policy = told.filter(~pl.col("category").is_in(list(NOT_POLICY)))
    places = pl.DataFrame(
        {"tag_id": list(jurisdictions), "place": list(jurisdictions.values())},
        schema={"tag_id": pl.String, "place": pl.String},
    )
    named = tags.filter(pl.col("kind") == "entity").select("entry_id", "tag_id").unique()
    entities = causes.join(named, on="entry_id", validate="1:m")
    placed = policy.join(named, on="entry_id", validate="1:m").join(places, on="tag_id", validate="m:1")
    relevant = pl.concat(
        [
            _subjects(policy, "all", pl.lit("all")),
            _subjects(told, "category", pl.col("category")),
            _subjects(entities, "entity", pl.col("tag_id")),
            _subjects(placed, "jurisdiction", pl.col("place")),
        ]
    )
    return Coverage(total, relevant)


def _subjects(frame: pl.DataFrame, kind: str, subject: pl.Expr) -> pl.DataFrame:
    rows = frame.select(
        pl.lit(kind).alias("kind"), subject.alias("subject_id"), "outlet", "story_id", "hour", "is_timed"
    )
    keys = ["kind", "subject_id", "outlet", "story_id"]
    return rows.sort("hour", "is_timed", descending=[False, True]).unique(keys, keep="first", maintain_order=True)


@dataclass(frozen=True, slots=True)
class _Days:
    """The grid of days and outlets that every subject shares."""

    grid: pl.DataFrame  # day, outlet, for every cell
    n_days: int
    n_outlets: int
    coverage: np.ndarray[tuple[int, ...], np.dtype[np.float64]]


def _day_table(coverage: Coverage) -> _Days:
    by_day = coverage.all.group_by(pl.col("hour").dt.truncate("1d").alias("day"), "outlet").agg(pl.col("n").sum())
    days = by_day.select(pl.datetime_range(pl.col("day").min(), pl.col("day").max(), "1d").alias("day"))
    outlets = by_day.select(pl.col("outlet").unique().sort())
    grid = days.join(outlets, how="cross")
    counts = grid.join(by_day, on=["day", "outlet"], how="left", validate="1:1", maintain_order="left")["n"]
    matrix = counts.fill_null(0).cast(pl.Float64).to_numpy().reshape(days.height, outlets.height)
    return _Days(grid, days.height, outlets.height, matrix)


def _measure_subject(coverage: Coverage, days: _Days, kind: str, subject: str, size: int) -> list[pl.DataFrame]:
    chosen = coverage.relevant.filter((pl.col("kind") == kind) & (pl.col("subject_id") == subject))
    by_day = chosen.group_by(pl.col("hour").dt.truncate("1d").alias("day"), "outlet").agg(pl.len().alias("n"))
    counts = days.grid.join(by_day, on=["day", "outlet"], how="left", validate="1:1", maintain_order="left")["n"]
    relevant = counts.fill_null(0).cast(pl.Float64).to_numpy().reshape(days.n_days, days.n_outlets)
    usual = learn_shares(relevant, days.coverage)
    shares = days.grid.with_columns(
        pl.Series("share", usual.share.reshape(-1)), pl.Series("is_counted", usual.is_counted.reshape(-1))
    ).filter("is_counted")
    wanted = [name for name in FREQUENCIES if name != "hourly" or (kind != "entity" and size >= MIN_HOURLY_HEADLINES)]
    return [_aggregate(coverage.all, chosen, shares, kind, subject, name) for name in wanted]


def _aggregate(
    total: pl.DataFrame, chosen: pl.DataFrame, shares: pl.DataFrame, kind: str, subject: str, frequency: str
) -> pl.DataFrame:
    if frequency == "hourly":
        total, chosen = total.filter("is_timed"), chosen.filter("is_timed")
    day, period = pl.col("hour").dt.truncate("1d").alias("day"), pl.col("hour").dt.truncate(FREQUENCIES[frequency])
    keys = ["day", "outlet"]
    expected = (
        total.with_columns(day)
        .join(shares, on=keys, validate="m:1")
        .group_by(period.alias("start_utc"))
        .agg(
            (pl.col("n") * pl.col("share")).sum().alias("expected_headlines"),
            pl.col("outlet").n_unique().cast(pl.Int64).alias("n_outlets"),
            pl.col("n").sum().cast(pl.Int64).alias("n_coverage"),
        )
    )
    found = (
        chosen.with_columns(day)
        .join(shares, on=keys, validate="m:1")
        .group_by(period.alias("start_utc"))
        .agg(
            pl.len().cast(pl.Int64).alias("n_headlines"),
            pl.col("story_id").n_unique().cast(pl.Int64).alias("n_stories"),
        )
    )
    joined = expected.join(found, on="start_utc", how="left", validate="1:1").with_columns(
        pl.col("n_headlines", "n_stories").fill_null(0)
    )
    return _add_index(joined).select(
        pl.lit(frequency).alias("frequency"),
        pl.lit(kind).alias("kind"),
        pl.lit(subject).alias("subject_id"),
        "start_utc",
        "attention_index",
        "attention_index_lower_95",
        "attention_index_upper_95",
        "n_headlines",
        "expected_headlines",
        "n_stories",
        "n_outlets",
        "n_coverage",
        pl.lit(subject in OUTCOMES).alias("is_outcome"),
    )


def _add_index(frame: pl.DataFrame) -> pl.DataFrame:
    """Adds the index and its exact Poisson interval (Garwood 1936); null where too little was expected."""
    ordered = frame.sort("start_utc")
    count = ordered["n_headlines"].to_numpy()
    lower = np.where(count > 0, gammaincinv(np.maximum(count, 1), 0.025), 0.0)
    upper = gammaincinv(count + 1, 0.975)
    values = {"": count.astype(np.float64), "_lower_95": lower, "_upper_95": upper}
    return ordered.with_columns(
        pl.when(pl.col("expected_headlines") >= MIN_EXPECTED)
        .then(100.0 * pl.Series(value) / pl.col("expected_headlines"))
        .alias(f"attention_index{suffix}")
        for suffix, value in values.items()
    )
