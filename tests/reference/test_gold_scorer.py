"""`aftershock events score` prints the figures of the independent scorer that came with the sets read by hand."""

import importlib.util
import re
from datetime import timedelta
from pathlib import Path
from types import ModuleType

import polars as pl
import pytest

from analysis.events.carriers import publishing_house
from analysis.events.labels.gold import score_gold_events, score_gold_stories
from flows.jobs.labelled_files import tag_file
from tests.analysis.events.headline_frames import instant
from tests.builders import make_rows
from tests.paths import shared
from warehouse.tables.news import EVENT, EVENT_SOURCE

WRITTEN = "%Y-%m-%dT%H:%M:%SZ"
# The independent scorer prints three digits.
DIGITS = 5e-4


@pytest.fixture(scope="module")
def scorer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("score_news", shared("gold", "score_news.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read(path: Path) -> pl.DataFrame:
    return pl.read_csv(path, infer_schema=False)


def test_stories_and_relevance_are_scored_alike(scorer: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = shared("gold", "stories", "stories_train.csv")
    found = tag_file(path, Path("no-such-folder"))
    found.select("title", "relevant", "category", "story_id").write_csv(tmp_path / "tagged.csv")
    capsys.readouterr()
    scorer.stories(str(path), str(tmp_path / "tagged.csv"))
    printed = capsys.readouterr().out
    ours = score_gold_stories(read(path), found, publishing_house).filter(pl.col("part") == "all")
    for theirs, measure in (
        ("B3 all rows", "stories (B-cubed), all rows"),
        ("B3 rows of stories of >=2 outlets (against all rows)", "stories (B-cubed), rows of shared stories"),
        ("relevance", "relevance"),
    ):
        row = ours.row(by_predicate=pl.col("measure") == measure, named=True)
        said = re.search(rf"{re.escape(theirs)} +P ([\d.]+)  R ([\d.]+)  F1 ([\d.]+)  n (\d+)", printed)
        assert [row[name] for name in ("precision", "recall", "f1")] == pytest.approx(
            [float(said[number]) for number in (1, 2, 3)], abs=DIGITS
        ), measure
        if measure != "relevance":  # there n is of all rows, here of the relevant ones
            assert row["n"] == int(said[4]), measure


def test_events_are_scored_alike(scorer: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    gold_path, none_path = (shared("gold", "events", f"{name}_train.csv") for name in ("events", "nonevents"))
    gold, none = read(gold_path), read(none_path)
    events, sources = make_found(gold, none)
    for name, frame in (("events", events), ("sources", sources)):
        frame.with_columns(pl.col(pl.Datetime).dt.strftime(WRITTEN)).write_csv(tmp_path / f"{name}.csv")
    scorer.events(str(gold_path), str(none_path), str(tmp_path / "events.csv"), str(tmp_path / "sources.csv"))
    blocks = capsys.readouterr().out.split("-- match by ")[1:]
    scores = score_gold_events(gold, events, sources, none)
    for block, part in zip(blocks, ("time and party", "time, party and words"), strict=True):
        ours = {row["measure"]: row for row in scores.filter(pl.col("part") == part).iter_rows(named=True)}
        for theirs, measure in (
            ("in scope", "in scope"),
            ("in scope, high importance", "importance high"),
            ("in scope, medium", "importance medium"),
            ("in scope, low", "importance low"),
            ("in scope, >=2 outlets in the data", "two houses or more"),
        ):
            hit, n = re.search(rf"recall {re.escape(theirs)} +(\d+)/(\d+) =", block).groups()
            row = ours[f"recall, {measure}"]
            assert (round(row["recall"] * row["n"]), row["n"]) == (int(hit), int(n)), (part, measure)
        n_found = int(re.search(r"events found in the period: (\d+)", block)[1])
        copies, false = (
            int(re.search(pattern, block)[1])
            for pattern in (r"parts of a gold event (\d+)", r"taken from a listed non-event (\d+)")
        )
        row = ours["further copies of a matched happening"]
        assert (round(row["recall"] * row["n"]), row["n"]) == (copies, n_found), part
        row = ours["listed non-events that make an event"]
        assert (round(row["recall"] * row["n"]), row["n"]) == (false, none.height), part
        assert 0 < copies < n_found
        assert false > 0


def make_found(gold: pl.DataFrame, none: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Two in three of the happenings, some hours late or under other names, some twice, and some non-events."""
    rows, told = [], []
    for number, row in enumerate(gold.iter_rows(named=True)):
        for copy in range(2 if number % 7 == 0 else 1):
            if number % 3 == 0 and not copy:
                continue
            at = instant(row["best_utc"]) + timedelta(hours=4 * (number % 5) + copy)
            title = row["evidence_title"] if number % 2 else f"Something about {row['entities']}"
            entities = row["entities"].replace(";", ",") if row["entities"] and number % 4 else None
            rows.append(make_event(f"e{number}-{copy}", title, at, entities))
            told.append({"event_id": f"e{number}-{copy}", "title": row["title"], "published_at_utc": at})
    for number, row in enumerate(none.iter_rows(named=True)):
        if number % 9 == 0:
            rows.append(make_event(f"n{number}", row["title"], instant(row["published_utc"]), None))
    return make_rows(EVENT, *rows), make_rows(EVENT_SOURCE, *told).select("event_id", "title", "published_at_utc")


def make_event(event_id: str, title: str, at: object, entities: str | None) -> dict[str, object]:
    times = dict.fromkeys(("best_at_utc", "earliest_at_utc", "latest_at_utc"), at)
    return {"event_id": event_id, "title": title, "entities": entities, "status": "detected", **times}
