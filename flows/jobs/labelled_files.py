"""Read headlines from a person's file, tag them, and score them against labels."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import polars as pl

from analysis.events.carriers import publishing_house
from analysis.events.labels.gold import score_gold_stories
from analysis.events.labels.labelling import label_headlines
from analysis.events.labels.scoring import half_of_story, score_labels
from analysis.events.stories.frames import load_frames
from analysis.events.vocabulary import Vocabulary, load_vocabulary
from flows.configuration import read_own
from flows.errors import CommandError
from warehouse.tables.contract import UTC

OPTIONAL_COLUMNS = ("url", "outlet", "published_utc")
STORY_COLUMNS = ("title", "outlet", "published_utc", "story_id", "category", "relevant")
LABEL_COLUMNS = ("relevant", "category", "story_id")
# Relevance, macro average and stories come first; the categories follow.
SUMMARY_MEASURES = 3


def read_headlines_file(path: Path) -> pl.DataFrame:
    """The rows of a CSV, JSON lines or Parquet file with at least `title`; CommandError when unreadable."""
    try:
        if path.suffix == ".parquet":
            frame = pl.read_parquet(path)
        elif path.suffix in (".jsonl", ".ndjson"):
            frame = pl.read_ndjson(path)
        else:
            frame = pl.read_csv(path, infer_schema=False)
    except FileNotFoundError as exc:
        raise CommandError(f"{path}: no such file") from exc
    except (pl.exceptions.PolarsError, OSError) as exc:
        raise CommandError(f"{path}: cannot be read as CSV, JSON lines or Parquet: {exc}") from exc
    if "title" not in frame.columns:
        raise CommandError(f"{path}: no column `title`; found {', '.join(frame.columns)}. Only `title` is required")
    missing = [pl.lit(None, dtype=pl.String).alias(name) for name in OPTIONAL_COLUMNS if name not in frame.columns]
    return frame.with_columns(pl.col("title").cast(pl.String), *missing)


def load_user_vocabulary(config_path: Path) -> Vocabulary:
    """The packaged vocabulary with the user's `tags.toml`, `entities.toml`, `languages.toml`, where present."""
    names = ("tags.toml", "entities.toml", "languages.toml")
    return load_vocabulary(*(read_own(config_path, name) for name in names))


def tag_file(path: Path, config_path: Path) -> pl.DataFrame:
    """Each row of the file with its verdict; undated rows and unreadable dates are grouped among themselves."""
    rows = read_headlines_file(path)
    headlines = rows.select("title", pl.col("url").cast(pl.String), read_instants(rows).alias("published_at_utc"))
    found = label_headlines(headlines, load_user_vocabulary(config_path), load_frames())
    kept = rows.select("title", *OPTIONAL_COLUMNS)
    return pl.concat([kept, found], how="horizontal")


def score_file(path: Path, config_path: Path) -> pl.DataFrame:
    """Precision, recall and F1 of relevance, categories and stories, on the whole file and on halves of its stories."""
    labels = read_headlines_file(path)
    missing = [name for name in LABEL_COLUMNS if name not in labels.columns]
    if missing:
        raise CommandError(f"{path}: labels need the columns {', '.join(LABEL_COLUMNS)}; missing {', '.join(missing)}")
    try:
        typed = labels.with_columns(pl.col("relevant").cast(pl.Int64), pl.col("category", "story_id").cast(pl.String))
    except pl.exceptions.InvalidOperationError as exc:
        raise CommandError(f"{path}: column relevant: expected 1 or 0 in every row, for example 1") from exc
    found = tag_file(path, config_path)
    half = typed["story_id"].map_elements(half_of_story, return_dtype=pl.Int64)
    parts = {"all": half >= 0, "half A": half == 0, "half B": half == 1}
    rows = []
    for name, mask in parts.items():
        agreements = score_labels(typed.filter(mask), found.filter(mask))
        shown = agreements if name == "all" else agreements[:SUMMARY_MEASURES]
        rows += [{"part": name, **asdict(agreement)} for agreement in shown]
    return pl.DataFrame(rows)


def score_story_file(path: Path, config_path: Path) -> pl.DataFrame:
    """How stories, relevance and categories of the file agree with those found, by month and category."""
    gold = read_with_columns(path, STORY_COLUMNS)
    return score_gold_stories(gold, tag_file(path, config_path), publishing_house)


def read_with_columns(path: Path, names: tuple[str, ...]) -> pl.DataFrame:
    """The rows of the file, which has all of these columns; CommandError when it lacks some or is unreadable."""
    rows = read_headlines_file(path)
    missing = [name for name in names if name not in rows.columns]
    if missing:
        raise CommandError(f"{path}: needs the columns {', '.join(names)}; missing {', '.join(missing)}")
    return rows


def read_instants(rows: pl.DataFrame) -> pl.Series:
    """`published_utc` as UTC instants; without a zone it is UTC, unreadable is null."""
    column = rows["published_utc"]
    if column.dtype.is_temporal():
        return rows.select(pl.col("published_utc").cast(UTC))["published_utc"]
    text = pl.col("published_utc").cast(pl.String).str.strip_chars().str.replace("T", " ", literal=True)
    zoned = text.str.replace(r"(?:Z| ?UTC)$", "+0000").str.replace(r"([+-]\d\d):(\d\d)$", "${1}${2}")
    return rows.select(
        pl.coalesce(
            zoned.str.to_datetime("%Y-%m-%d %H:%M:%S%.f%z", time_unit="us", strict=False).dt.convert_time_zone("UTC"),
            zoned.str.to_datetime("%Y-%m-%d %H:%M%z", time_unit="us", strict=False).dt.convert_time_zone("UTC"),
            *(
                text.str.to_datetime(written, time_unit="us", strict=False).dt.replace_time_zone("UTC")
                for written in ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M")
            ),
            text.str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("us")).dt.replace_time_zone("UTC"),
        ).cast(UTC)
    ).to_series()
