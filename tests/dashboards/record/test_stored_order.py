"""What readers get is the same in whatever order the rows of the tables are stored."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import duckdb
import polars as pl
import pytest

from dashboards.findings.readings import read_reactions
from dashboards.pages.event_tables import conventions
from dashboards.pages.events import compose_events
from dashboards.pages.methods import compose_methods
from dashboards.pages.search import search_entries
from dashboards.shell.exports import write_exports
from dashboards.shell.frames import Frames
from dashboards.shell.site import build_site
from tests.builders import make_rows
from tests.dashboards.material import NOW, frame_of, make_tables
from tests.dashboards.rows import EVENT_AT, EVENT_ID
from warehouse.tables.catalog import load_tables
from warehouse.tables.news import EVENT
from warehouse.tables.studies import EXCLUSION, STUDY_RESULT

SEEDS = (1, 2, 3)


def make_frames() -> Frames:
    """The tables of the episode with results of kinds, and a further event of the same minute."""
    tables = {table.name: frame for table, frame in make_tables().items()}
    kinds = [{"result_id": f"{name}", "group_id": f"category:{name}", "statistic": "caar"} for name in "dbeac"]
    twins = [{"event_id": f"twin-{name}", "title": name, "best_at_utc": EVENT_AT} for name in "cab"]
    return Frames(
        {
            **tables,
            STUDY_RESULT.name: pl.concat([tables[STUDY_RESULT.name], frame_of(STUDY_RESULT, kinds)]),
            EVENT.name: pl.concat([tables[EVENT.name], frame_of(EVENT, twins)]),
        }
    )


def shuffle(frames: Frames, seed: int) -> Frames:
    return Frames({name: frame.sample(fraction=1.0, shuffle=True, seed=seed) for name, frame in frames.by_name.items()})


@pytest.mark.parametrize("seed", SEEDS)
def test_files_pages_and_search_entries_do_not_hang_on_the_order_of_stored_rows(seed: int) -> None:
    stored = make_frames()
    shuffled = shuffle(stored, seed)
    of_stored, of_shuffled = read_reactions(stored), read_reactions(shuffled)
    assert write_exports(shuffled, of_shuffled) == write_exports(stored, of_stored)
    assert search_entries(shuffled, of_shuffled) == search_entries(stored, of_stored)
    assert compose_methods(shuffled) == compose_methods(stored)
    assert compose_events(shuffled, of_shuffled) == compose_events(stored, of_stored)


@pytest.mark.parametrize("seed", SEEDS[:2])
def test_every_page_of_the_bundled_record_has_the_same_bytes_from_shuffled_rows(
    bundled_home: Path, tmp_path: Path, seed: int
) -> None:
    shuffled = tmp_path / "aftershock.duckdb"
    shutil.copyfile(bundled_home / "aftershock.duckdb", shuffled)
    with closing(duckdb.connect(str(shuffled))) as connection:
        for name, table in load_tables().items():
            frame = connection.sql(f"select {', '.join(table.column_names)} from {name}").pl()
            other = frame.sample(fraction=1.0, shuffle=True, seed=seed)
            connection.execute(f"delete from {name}")
            connection.execute(f"insert into {name} ({', '.join(table.column_names)}) select * from other")
            assert other.height == frame.height
    build_site(shuffled, tmp_path / "site", now=NOW)
    drawn = {path.relative_to(tmp_path / "site"): path.read_bytes() for path in (tmp_path / "site").rglob("*.html")}
    assert len(drawn) > 200
    assert [str(path) for path, page in drawn.items() if (bundled_home / "site" / path).read_bytes() != page] == []


@pytest.mark.parametrize("seed", SEEDS)
def test_what_was_left_out_of_an_event_is_listed_by_market(seed: int) -> None:
    markets = [f"okx:{name}/USDT" for name in ("WLD", "TAO", "FET", "NEAR")]
    rows = make_rows(
        EXCLUSION, *({"study_id": "reaction", "event_id": EVENT_ID, "market_id": name} for name in markets)
    )
    listed = conventions(None, rows.sample(fraction=1.0, shuffle=True, seed=seed))
    places = [listed.index(f"{name}/USDT") for name in ("FET", "NEAR", "TAO", "WLD")]
    assert places == sorted(places)
