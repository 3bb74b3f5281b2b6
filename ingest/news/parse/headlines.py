"""Tables of headlines, as Parquet or CSV files hold them, as entries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from ingest.news.parse.dates import EARLIEST_CLAIM, LATEST_AHEAD, UPPER_BOUND, read_span
from ingest.news.parse.entries import digest, entry_id
from ingest.news.parse.language import UNDETERMINED, agreed_language, detect_languages
from ingest.news.parse.text import MAX_SUMMARY_CHARACTERS, MAX_TITLE_CHARACTERS, clean_link, plain_text
from ingest.refusals import Refusal, refuse_rows
from ingest.source import Source
from warehouse.tables.contract import UTC
from warehouse.tables.news import ENTRY

# Names that other people give to our columns; the first that a file has is taken.
SYNONYMS = {
    "title": ("title", "headline"),
    "url": ("url", "link"),
    "outlet": ("outlet", "source", "publisher", "domain"),
    "published": ("published_utc", "published_at_utc", "published_at", "published", "date", "timestamp"),
    "first_seen": ("first_seen_utc", "first_seen_at_utc", "first_seen"),
    "summary": ("summary", "description"),
    "collection": ("collection",),
    "language": ("language", "lang"),
    "time_basis": ("time_basis",),
}
_BASES = {
    "publisher": "publisher",
    "submission": "submission",
    "hn_submission": "submission",
    "crawl": "crawl",
    "crawl_time": "crawl",
    "date_only": "date_only",
    "statement": "statement",
    UPPER_BOUND: UPPER_BOUND,
}
# The ends of what a written time can mean.
EARLIEST, LATEST = 0, 1
# What the outlets of a collection are, where the registry does not know them by name or host.
COLLECTION_KINDS = {"crypto": "crypto_press", "hn": "forum", "lab": "lab", "radar": "aggregator", "tech": "press"}
# Plain and safe as it is: everything else goes through the cleaners one by one.
_UNCLEAN_TEXT = r"[<&\x{0}-\x{1f}\x{7f}-\x{9f}\x{200b}-\x{200f}\x{202a}-\x{202e}\x{2060}-\x{2069}\x{feff}]|\s\s|^\s|\s$"
_CLEAN_LINK = r"^https?://[A-Za-z0-9.\-]+(?::\d{1,5})?(?:[/?#][A-Za-z0-9;/?:@=+$,#\-_.!~*'()%&]*)?$"
_ESCAPED = r"&(?:amp|#\d+|lt|gt|quot);"


@dataclass(frozen=True, slots=True)
class HeadlineTable:
    """Rows of a file as entries (first versions), those refused, and the columns nobody reads."""

    entries: pl.DataFrame
    quarantined: pl.DataFrame
    n_rows: int
    ignored: tuple[str, ...]


class UnknownColumnsError(ValueError):
    """The file has no column of titles."""


def parse_headlines(table: pl.DataFrame, source: Source, kinds_by_outlet: dict[str, str]) -> HeadlineTable:
    """The rows of `table` as `core.entry`; needs a column of titles, takes url, outlet, times and language if present.

    Where the file names no first sight, a submission or crawl time is one (an archive saw it then), and everything
    else was first seen when the file was. Rows without a title are refused. `kinds_by_outlet` gives the kind of an
    outlet by its name or host in lower case. Raises UnknownColumnsError.
    """
    columns = {name.lower(): name for name in table.columns}
    chosen = {
        ours: next((columns[name] for name in names if name in columns), None) for ours, names in SYNONYMS.items()
    }
    if chosen["title"] is None:
        raise UnknownColumnsError(f"no column named title or headline; found {', '.join(table.columns)}")
    named = table.select(
        (pl.col(theirs) if theirs else pl.lit(None, dtype=pl.String)).alias(ours) for ours, theirs in chosen.items()
    ).with_row_index("row_number", offset=1)
    for name in ("title", "url", "outlet", "summary", "collection", "language", "time_basis"):
        named = named.with_columns(pl.col(name).cast(pl.String))
    cleaned = named.with_columns(
        title=_clean(named["title"], MAX_TITLE_CHARACTERS),
        summary=_clean(named["summary"], MAX_SUMMARY_CHARACTERS),
        outlet=_clean(named["outlet"], MAX_TITLE_CHARACTERS),
        url=_clean_links(named["url"]),
        published_raw=named["published"].cast(pl.String),
        published_at_utc=_instants(named["published"], LATEST),
        published_earliest_at_utc=_instants(named["published"], EARLIEST),
        seen=_instants(named["first_seen"], LATEST),
    )
    refused = [
        Refusal("no_title", "a row without a title", _row_text(row), row["row_number"])
        for row in cleaned.filter(pl.col("title").is_null()).iter_rows(named=True)
    ]
    kept = _judge_times(cleaned.filter(pl.col("title").is_not_null()), source.received_at)
    entries = _as_entries(kept, source.source_id, source.run_id, kinds_by_outlet)
    ignored = tuple(name for name in table.columns if name not in chosen.values())
    return HeadlineTable(entries, refuse_rows(refused, ENTRY.name, source), table.height, ignored)


def _clean(values: pl.Series, max_characters: int) -> pl.Series:
    """`plain_text` of each value; only those that need it go through Python."""
    needs_work = values.str.contains(_UNCLEAN_TEXT) | (values.str.len_chars() > max_characters)
    replaced = {text: plain_text(text, max_characters) for text in values.filter(needs_work).unique().to_list()}
    mapped = values.replace_strict(replaced, default=values, return_dtype=pl.String) if replaced else values
    return mapped.set(mapped == "", None)


def _clean_links(values: pl.Series) -> pl.Series:
    """`safe_link` of each value; only those that are not plainly safe go through Python."""
    needs_work = ~values.str.contains(_CLEAN_LINK) | values.str.contains(_ESCAPED) | (values.str.len_chars() > 2048)
    replaced = {text: clean_link(text) for text in values.filter(needs_work).unique().to_list()}
    return values.replace_strict(replaced, default=values, return_dtype=pl.String) if replaced else values


def _instants(values: pl.Series, which: int) -> pl.Series:
    """Times in UTC: typed columns as they are (no zone means UTC), words one by one, null where they say nothing.

    `which` of the readings of an ambiguous zone: EARLIEST or LATEST.
    """
    if isinstance(values.dtype, pl.Datetime):
        zoned = values.dt.replace_time_zone("UTC") if values.dtype.time_zone is None else values
        return zoned.dt.convert_time_zone("UTC").cast(UTC)
    if values.dtype == pl.Date:
        return values.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    texts = values.cast(pl.String)
    spans = {text: read_span(text) for text in texts.drop_nulls().unique().to_list()}
    read = {text: span[which] if span else None for text, span in spans.items()}
    return texts.replace_strict(read, default=None, return_dtype=UTC) if read else texts.cast(UTC)


def _judge_times(rows: pl.DataFrame, seen_at: datetime) -> pl.DataFrame:
    """The claim inside the sanity window with its basis, and the first sight."""
    seen = pl.coalesce("seen", pl.lit(seen_at, dtype=UTC))
    is_credible = pl.col("published_at_utc").is_between(pl.lit(EARLIEST_CLAIM, dtype=UTC), seen + LATEST_AHEAD)
    stated = pl.col("time_basis").replace_strict(_BASES, default="publisher", return_dtype=pl.String)
    is_midnight = (pl.col("published_at_utc").dt.time() == pl.time(0, 0, 0)) & (stated == "publisher")
    is_ambiguous = pl.col("published_earliest_at_utc") < pl.col("published_at_utc")
    basis = (
        pl.when(pl.col("published_at_utc").is_null() | ~is_credible)
        .then(pl.lit("first_seen"))
        .when(is_ambiguous)
        .then(pl.lit(UPPER_BOUND))
        .when(is_midnight)
        .then(pl.lit("date_only"))
        .otherwise(stated)
    )
    judged = rows.with_columns(
        published_at_utc=pl.when(is_credible).then("published_at_utc"),
        published_earliest_at_utc=pl.when(is_credible & is_ambiguous).then("published_earliest_at_utc"),
        time_basis=basis.alias("time_basis"),
    )
    archived = pl.when(pl.col("time_basis").is_in(["submission", "crawl"])).then("published_at_utc")
    return judged.with_columns(first_seen_at_utc=pl.coalesce("seen", archived, pl.lit(seen_at, dtype=UTC)))


def _as_entries(rows: pl.DataFrame, source_id: str, run_id: str, kinds_by_outlet: dict[str, str]) -> pl.DataFrame:
    """Rows as entries. In a collection of many outlets the id of a headline is outlet and link."""
    collection = pl.col("collection").fill_null("").str.to_lowercase()
    kind = pl.coalesce(
        pl.col("outlet").str.to_lowercase().replace_strict(kinds_by_outlet, default=None, return_dtype=pl.String),
        collection.str.extract(r"^([a-z]+)").replace_strict(COLLECTION_KINDS, default=None, return_dtype=pl.String),
        pl.lit("press"),
    )
    shaped = rows.with_columns(
        feed_id=pl.when(collection == "")
        .then(pl.lit(source_id))
        .otherwise(pl.lit("import:") + collection.str.slice(0, 80)),
        outlet=pl.coalesce("outlet", pl.col("url").str.extract(r"^https?://(?:www\.)?([^/:?#]+)"), pl.lit("unknown")),
        outlet_kind=kind,
        language=agreed_language(
            detect_languages(rows["title"]),
            pl.when(pl.col("language").str.contains(r"^[a-z]{2}(?:-[A-Za-z]{2,4})?$"))
            .then("language")
            .otherwise(pl.lit(UNDETERMINED)),
        ),
        title_version=pl.lit(1, dtype=pl.Int64),
        run_id=pl.lit(run_id),
    ).with_columns(summary=pl.when(pl.col("summary") != pl.col("title")).then("summary"))
    guids = [
        f"{outlet} {url}" if url else f"{outlet} title:{digest(title)[:32]}"
        for outlet, url, title in shaped.select("outlet", "url", "title").iter_rows()
    ]
    with_guid = shaped.with_columns(pl.Series("guid", guids, dtype=pl.String))
    ids = [entry_id(feed_id, guid, 1) for feed_id, guid in with_guid.select("feed_id", "guid").iter_rows()]
    return with_guid.with_columns(pl.Series("entry_id", ids, dtype=pl.String)).select(ENTRY.column_names)


def _row_text(row: dict[str, object]) -> str:
    return " | ".join(f"{name}={value}" for name, value in row.items() if value is not None)
