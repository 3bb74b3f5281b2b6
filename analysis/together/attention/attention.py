"""The attention index: relevant headlines over what the outlets' usual shares of their coverage would give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl
from scipy.special import gammaincinv

from analysis.engine.loops.shares import UsualShares, learn_shares
from analysis.events.timing import CORROBORATED, NEWSROOM_CLAIM, NEWSROOM_KINDS, add_clocks
from analysis.results.fingerprint import SourceCode, fingerprint
from analysis.together.moving.intervals import Array
from warehouse.tables.attention import ATTENTION
from warehouse.tables.bars import bar_words

_SOURCE = SourceCode("analysis.together.attention.attention")
# Stories about tokens and their rules, and outages, have indices of their own and are not AI policy.
_OUTCOMES = frozenset({"token_price_commentary"})
NOT_POLICY = _OUTCOMES | {"network_token_news", "crypto_token_regulation", "outage", "not_relevant", "sponsored_promo"}
# Which headlines and tags are counted, as SQL conditions: a revised title is no second headline.
FIRST_TITLES, ENTITY_TAGS = "title_version = 1", "kind = 'entity'"
# A subject with fewer headlines in the whole record has no index.
MIN_SUBJECT_HEADLINES = 20
# Hours are published for subjects with at least this many.
MIN_HOURLY_HEADLINES = 100
# With fewer expected headlines in a period one headline decides the index.
MIN_EXPECTED = {"hourly": 0.1, "daily": 0.5, "weekly": 0.5}
FREQUENCIES = {bar_words(name): name for name in ("1h", "1d", "1w")}
HOURLESS = ("date_only", "crawl")
# Headlines that are looked at together for changes: whole weeks, few enough to be cheap.
_STRETCH = "4w"
_SEED = 17


@dataclass(frozen=True, slots=True)
class Coverage:
    """Headlines per outlet and hour, and the relevant ones per subject."""

    all: pl.DataFrame  # outlet, hour, is_timed, n
    relevant: pl.DataFrame  # kind, subject_id, outlet, hour, is_timed, story_id


def digest_coverage(coverage: Coverage) -> dict[str, str]:
    """By the end of each four weeks of coverage, the fingerprint of all that periods before it rest on.

    That is which subjects there are, and every headline up to that end.
    """
    end = pl.col("hour").dt.truncate(_STRETCH).dt.offset_by(_STRETCH).alias("end")
    parts: dict[str, list[tuple[str, int, int]]] = {}
    for name, frame in (("all", coverage.all), ("relevant", coverage.relevant)):
        # Sums of hashes, for which rows need no order.
        hashed = frame.select(end, frame.hash_rows(seed=_SEED).alias("rows"))
        for until, rows, n_rows in hashed.group_by("end").agg(pl.col("rows").sum(), pl.len()).iter_rows():
            parts.setdefault(str(until), []).append((name, rows, n_rows))
    subjects = [(*subject, _is_hourly(str(subject[0]), rows)) for subject, rows in _list_subjects(coverage.relevant)]
    digest, digests = fingerprint(_SOURCE, subjects), {}
    for until in sorted(parts):
        digest = digests[until] = fingerprint(digest, parts[until])
    return digests


def measure_attention(coverage: Coverage, since: datetime | None = None) -> pl.DataFrame:
    """Rows of out.attention: the index by hour, day and week for all AI policy, each category, entity and jurisdiction.

    With `since`, the start of a week, only the periods from there on: none where it lies behind the last headline.

    Shares are learnt from the past alone (`learn_shares`), so a published period never changes with later news, and a
    feed that starts, stops or changes its volume does not move the index. One story counts once per outlet. Items
    whose clock shows no hour, or that nobody bore out, count by day and week only. Price commentary is an outcome: it
    has its own index and is in no other (after Baker, Bloom and Davis 2016).
    """
    if not coverage.relevant.height:
        return ATTENTION.empty()
    calendar = _calendar(coverage)
    is_asked = pl.lit(value=True) if since is None else pl.col("hour") >= since
    first_day = 0 if since is None else (since - calendar.first_day.item()).days
    if first_day >= len(calendar.by_day):
        return ATTENTION.empty()
    total = _place(coverage.all.filter(is_asked), calendar)
    frames: list[pl.DataFrame] = []
    for (kind, subject), chosen in _list_subjects(_place(coverage.relevant, calendar)):
        relevant = np.zeros(calendar.by_day.shape)
        np.add.at(relevant, (chosen["day_number"].to_numpy(), chosen["outlet_number"].to_numpy()), 1.0)
        usual = learn_shares(relevant, calendar.by_day, first_day)
        wanted = [name for name in FREQUENCIES if name != "hourly" or _is_hourly(kind, chosen)]
        frames += _measure_subject(total, chosen.filter(is_asked), usual, first_day, (kind, subject), wanted)
    return ATTENTION.conform(pl.concat(frames)) if frames else ATTENTION.empty()


def _list_subjects(relevant: pl.DataFrame) -> list[tuple[tuple[str, str], pl.DataFrame]]:
    """Kind and name of each subject that has an index, with its headlines of all relevant ones."""
    parts = relevant.partition_by("kind", "subject_id", as_dict=True)
    named = {(str(kind), str(subject)): rows for (kind, subject), rows in parts.items()}
    return [(names, named[names]) for names in sorted(named) if named[names].height >= MIN_SUBJECT_HEADLINES]


def _is_hourly(kind: str, rows: pl.DataFrame) -> bool:
    return kind != "entity" and rows.height >= MIN_HOURLY_HEADLINES


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
        add_clocks(entries.filter(pl.sql_expr(FIRST_TITLES)))
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
    causes = told.filter(~pl.col("category").is_in(list(_OUTCOMES)))
    policy = told.filter(~pl.col("category").is_in(list(NOT_POLICY)))
    places = pl.DataFrame(
        {"tag_id": list(jurisdictions), "place": list(jurisdictions.values())},
        schema={"tag_id": pl.String, "place": pl.String},
    )
    named = tags.filter(pl.sql_expr(ENTITY_TAGS)).select("entry_id", "tag_id").unique()
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
class _Calendar:
    """Coverage as a matrix of days and outlets, and every row of it as positions in that matrix."""

    outlets: pl.DataFrame  # outlet, outlet_number
    first_day: pl.Series
    by_day: Array  # (days, outlets)


def _calendar(coverage: Coverage) -> _Calendar:
    outlets = coverage.all.select(pl.col("outlet").unique().sort()).with_row_index("outlet_number")
    first_day = coverage.all.select(pl.col("hour").min().dt.truncate("1d"))["hour"]
    calendar = _Calendar(outlets, first_day, np.empty((0, 0)))
    placed = _place(coverage.all, calendar)
    by_day = np.zeros((int(placed["day_number"].to_numpy().max()) + 1, outlets.height))
    np.add.at(by_day, (placed["day_number"].to_numpy(), placed["outlet_number"].to_numpy()), placed["n"].to_numpy())
    return _Calendar(outlets, first_day, by_day)


def _place(frame: pl.DataFrame, calendar: _Calendar) -> pl.DataFrame:
    """`frame` (outlet, hour) with `day_number`, `outlet_number` and the period of each frequency, by its name."""
    day = (pl.col("hour") - calendar.first_day.item()).dt.total_days().alias("day_number")
    periods = (pl.col("hour").dt.truncate(every).alias(name) for name, every in FREQUENCIES.items())
    return frame.with_columns(day, *periods).join(calendar.outlets, on="outlet", validate="m:1")


def _measure_subject(
    total: pl.DataFrame,
    chosen: pl.DataFrame,
    usual: UsualShares,
    first_day: int,
    subject: tuple[str, str],
    wanted: Sequence[str],
) -> list[pl.DataFrame]:
    """The subject's index at the frequencies `wanted`; `total` and `chosen` are placed on the calendar.

    `usual` begins with `first_day`, before which none of them lies.
    """

    def counted(frame: pl.DataFrame) -> pl.DataFrame:
        cells = frame["day_number"].to_numpy() - first_day, frame["outlet_number"].to_numpy()
        return frame.with_columns(pl.Series("share", usual.share[cells])).filter(pl.Series(usual.is_counted[cells]))

    covered, found = counted(total), counted(chosen)
    return [_aggregate(covered, found, *subject, name) for name in wanted]


def _aggregate(covered: pl.DataFrame, found: pl.DataFrame, kind: str, subject: str, frequency: str) -> pl.DataFrame:
    if frequency == "hourly":
        covered, found = covered.filter("is_timed"), found.filter("is_timed")
    period = pl.col(frequency).alias("start_utc")
    expected = covered.group_by(period).agg(
        (pl.col("n") * pl.col("share")).sort().sum().alias("expected_headlines"),
        pl.col("outlet_number").n_unique().cast(pl.Int64).alias("n_outlets"),
        pl.col("n").sum().cast(pl.Int64).alias("n_coverage"),
    )
    counts = found.group_by(period).agg(
        pl.len().cast(pl.Int64).alias("n_headlines"),
        pl.col("story_id").n_unique().cast(pl.Int64).alias("n_stories"),
    )
    joined = expected.join(counts, on="start_utc", how="left", validate="1:1").with_columns(
        pl.col("n_headlines", "n_stories").fill_null(0)
    )
    return _add_index(joined, MIN_EXPECTED[frequency]).select(
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
        pl.lit(subject in _OUTCOMES).alias("is_outcome"),
    )


def _add_index(frame: pl.DataFrame, min_expected: float) -> pl.DataFrame:
    """Adds the index and its exact Poisson interval (Garwood 1936); null where too little was expected."""
    ordered = frame.sort("start_utc")
    count = ordered["n_headlines"].to_numpy()
    lower = np.where(count > 0, gammaincinv(np.maximum(count, 1), 0.025), 0.0)
    upper = gammaincinv(count + 1, 0.975)
    values = {"": count.astype(np.float64), "_lower_95": lower, "_upper_95": upper}
    return ordered.with_columns(
        pl.when(pl.col("expected_headlines") >= min_expected)
        .then(100.0 * pl.Series(value) / pl.col("expected_headlines"))
        .alias(f"attention_index{suffix}")
        for suffix, value in values.items()
    )
