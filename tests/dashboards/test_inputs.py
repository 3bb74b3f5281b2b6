"""What a page reads are its inputs, and only pages whose inputs changed are drawn."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest

from dashboards.pages.providers import OUTAGE_KIND, provider_path
from dashboards.shell import site as site_module
from dashboards.shell.frames import Frames, Read, SplitFrame, UndeclaredReadError
from dashboards.shell.page import event_path, token_path
from dashboards.shell.plan import plan_pages
from dashboards.shell.site import build_site
from tests.bench.bench_pages import repeat_event
from tests.builders import make_rows
from tests.dashboards.material import NOW, make_tables
from tests.dashboards.publication import publish_tables
from warehouse.store import connection
from warehouse.store.connection import Reader
from warehouse.tables.news import EVENT, EVENT_SOURCE, INCIDENT, NEWS_EPISODE
from warehouse.tables.prices import MARKET
from warehouse.tables.queries import query_text
from warehouse.tables.studies import PLACEBO, STUDY_PATH, STUDY_RESULT


@pytest.fixture
def frames() -> Frames:
    return Frames({table.name: frame for table, frame in make_tables().items()})


def test_a_page_that_reads_an_undeclared_table_is_stopped(frames):
    view = frames.only([Read(EVENT.name)])
    assert view.get(EVENT).height == frames.get(EVENT).height
    with pytest.raises(UndeclaredReadError, match=r"reads all of out\.study_result"):
        view.get(STUDY_RESULT)


def test_a_page_of_one_event_reads_that_events_rows_alone(frames):
    event_id = frames.get(EVENT_SOURCE)["event_id"][0]
    view = frames.only([Read(EVENT_SOURCE.name, "event_id", event_id)])
    assert view.part(EVENT_SOURCE, "event_id", event_id).height > 0
    for read in (lambda: view.part(EVENT_SOURCE, "event_id", "another"), lambda: view.get(EVENT_SOURCE)):
        with pytest.raises(UndeclaredReadError, match="add it in shell/plan"):
            read()


def test_one_signed_row_of_a_table_is_read_alone(frames):
    event_id = frames.get(EVENT)["event_id"][0]
    view = frames.only([Read(EVENT.name, "event_id", event_id)])
    row = view.row(EVENT, "event_id", event_id)
    assert row == next(view.part(EVENT, "event_id", event_id).iter_rows(named=True))
    assert row.origin("best_at_utc").key == (("event_id", event_id),)
    with pytest.raises(UndeclaredReadError, match="add it in shell/plan"):
        view.row(EVENT, "event_id", "another")
    assert frames.row(EVENT, "event_id", "another") is None


def test_a_query_that_is_not_declared_is_not_read_either(frames):
    for read in (lambda view: view.named("daily_closes"), lambda view: view.named_part("daily_closes", "x", "y")):
        with pytest.raises(UndeclaredReadError, match="daily_closes"):
            read(frames.only([]))


def test_a_page_of_one_event_reads_the_other_steps_of_its_episode_and_their_titles() -> None:
    tables = {table.name: frame for table, frame in make_tables().items()}
    first, second = tables[EVENT.name].filter(pl.col("status") != "rejected")["event_id"].sort()[:2]
    steps = [{"event_id": name, "episode_id": first, "step_number": n + 1} for n, name in enumerate((first, second))]
    jobs = plan_pages(Frames({**tables, NEWS_EPISODE.name: make_rows(NEWS_EPISODE, *steps)}), NOW)
    [job] = [job for job in jobs if job.path == event_path(second)]
    assert {Read(NEWS_EPISODE.name, "episode_id", first), Read(EVENT.name, "event_id", first)} <= set(job.reads)
    assert f"{first}.html" in job.render()[job.path]


def test_new_evidence_of_one_event_draws_no_page_of_another(tmp_path: Path) -> None:
    tables = make_tables()
    site = tmp_path / "site"
    build_site(publish_tables(tables, tmp_path), site, now=NOW)
    before = {path: path.stat().st_mtime_ns for path in (site / "events").rglob("*.html")}
    sources = tables[EVENT_SOURCE]
    event_id = sources["event_id"][0]
    changed = pl.when(pl.col("event_id") == event_id).then(pl.lit("Another outlet")).otherwise("outlet").alias("outlet")
    report = build_site(
        publish_tables({**tables, EVENT_SOURCE: sources.with_columns(changed)}, tmp_path), site, now=NOW
    )
    drawn = [path for path, at in before.items() if path.stat().st_mtime_ns != at]
    assert [path.stem for path in drawn] == [event_id]
    assert report.n_rendered < report.n_pages / 2


def test_an_event_that_a_token_has_no_result_on_does_not_draw_its_page(tmp_path: Path) -> None:
    tables = make_tables()
    site = tmp_path / "site"
    results = tables[STUDY_RESULT]
    measured = results.drop_nulls(["event_id", "market_id"]).select("event_id", "market_id").unique().sort("event_id")
    event_id = measured["event_id"][0]
    markets = measured.filter(pl.col("event_id") == event_id)["market_id"].to_list()
    held = tables[MARKET].filter(pl.col("market_id").is_in(markets))["asset_id"].unique().to_list()
    build_site(publish_tables(tables, tmp_path), site, now=NOW)
    before = {path: path.stat().st_mtime_ns for path in (site / "tokens").glob("*.html")}
    renamed = pl.when(pl.col("event_id") == event_id).then(pl.lit("Renamed")).otherwise("title").alias("title")
    build_site(publish_tables({**tables, EVENT: tables[EVENT].with_columns(renamed)}, tmp_path), site, now=NOW)
    drawn = {path.stem for path, at in before.items() if path.stat().st_mtime_ns != at}
    assert drawn <= set(held)
    assert drawn
    assert set(held) < {path.stem for path in before}


def test_an_outage_draws_the_page_of_its_own_provider_alone(tmp_path: Path) -> None:
    tables = make_tables()
    kept = [row for row in tables[EVENT].iter_rows(named=True) if row["category"] != OUTAGE_KIND]
    outages = [{**kept[0], "event_id": f"o-{name}", "category": OUTAGE_KIND, "entities": name} for name in ("a", "b")]
    incidents = make_rows(INCIDENT, *({"incident_id": name, "provider": name} for name in ("a", "b")))

    def drawn_after(title: str, estimate: float) -> set[str]:
        first, *others = outages
        events = make_rows(EVENT, *kept, {**first, "title": title}, *others)
        results = make_rows(STUDY_RESULT, {"result_id": "r", "event_id": "o-b", "estimate": estimate})
        changed = {**tables, EVENT: events, INCIDENT: incidents, STUDY_RESULT: results}
        report = build_site(publish_tables(changed, tmp_path), tmp_path / "site", now=NOW)
        return {path for path in report.rendered if path.startswith("providers/")}

    assert drawn_after("One", 0.0) == {provider_path("a"), provider_path("b")}
    assert drawn_after("Two", 0.0) == {provider_path("a")}
    assert drawn_after("Two", 1.0) == {provider_path("b")}


def test_no_two_assets_share_a_page() -> None:
    ids = ["TAO", "链上", "币安", "A/B", "A-B", ".A-B", "", "-"]
    names = [token_path(asset_id) for asset_id in ids]
    assert len(set(names)) == len(ids)
    assert names[0] == "tokens/TAO.html"
    assert names[4] == "tokens/A-B.html"
    assert all(re.fullmatch(r"tokens/[A-Za-z0-9_][A-Za-z0-9._-]*\.html", name) for name in names)


def test_the_same_tables_published_again_are_digested_and_not_read(tmp_path, monkeypatch):
    tables = make_tables()
    build_site(publish_tables(tables, tmp_path), tmp_path / "site", now=NOW)
    read = []
    plain = Reader.frame

    def noted(self: Reader, table, *rest, **named):
        read.append(table.name)
        return plain(self, table, *rest, **named)

    monkeypatch.setattr(Reader, "frame", noted)
    report = build_site(publish_tables(tables, tmp_path), tmp_path / "site", now=NOW)
    assert report.n_rendered == 0
    assert {EVENT.name} <= set(read)
    assert not {STUDY_RESULT.name, PLACEBO.name, EVENT_SOURCE.name} & set(read)


def test_a_file_that_nobody_replaced_is_not_even_opened(tmp_path, monkeypatch):
    published = publish_tables(make_tables(), tmp_path)
    first = build_site(published, tmp_path / "site", now=NOW)
    monkeypatch.setattr("dashboards.shell.site.open_reader", lambda path: pytest.fail(f"{path} was opened"))
    again = build_site(published, tmp_path / "site", now=NOW)
    assert (again.n_pages, again.n_rendered, again.n_unchanged) == (first.n_pages, 0, first.n_pages)


def test_a_part_keeps_the_order_of_its_rows_and_a_row_without_a_value_is_in_none() -> None:
    frame = pl.DataFrame({"event_id": ["b", "a", "b", None, "a"], "place": [1, 2, 3, 4, 5]})
    parts = SplitFrame.of(frame, ["event_id"])
    assert {name: parts.get(name)["place"].to_list() for name in [("a",), ("b",)]} == {("a",): [2, 5], ("b",): [1, 3]}
    assert parts.get(("None",)) is None


class Kept(dict):
    """Tables in memory of which rows can be read alone; it notes what was read."""

    def __init__(self, frames: dict[str, pl.DataFrame]) -> None:
        super().__init__(frames)
        self.read: list[list[str]] = []

    def rows(self, name: str, column: str, values: list[str]) -> pl.DataFrame:
        self.read.append(list(values))
        return self[name].filter(pl.col(column).is_in(values))


def test_parts_that_are_expected_are_read_together_and_another_one_alone() -> None:
    events = pl.DataFrame({"event_id": ["a", "b", "c", "c"]})
    kept = Kept({EVENT_SOURCE.name: events})
    frames = Frames(kept)
    frames.expect([Read(EVENT_SOURCE.name, "event_id", value) for value in ("a", "b")])
    heights = [frames.part(EVENT_SOURCE, "event_id", value).height for value in ("b", "a", "c", "b", "c")]
    assert heights == [1, 1, 2, 1, 2]
    assert kept.read == [["a", "b"], ["c"]]
    frames.expect([Read(EVENT_SOURCE.name, "event_id", "c")])
    assert frames.part(EVENT_SOURCE, "event_id", "c").height == 2
    assert kept.read[2:] == [["c"]]


def test_one_changed_event_reads_that_events_paths_and_no_others(tmp_path, monkeypatch) -> None:
    tables = repeat_event(make_tables(), 3)
    build_site(publish_tables(tables, tmp_path), tmp_path / "site", now=NOW)
    sources = tables[EVENT_SOURCE]
    told = pl.when(pl.col("event_id") == "copy-0001").then(pl.lit("Another outlet")).otherwise("outlet").alias("outlet")
    published = publish_tables({**tables, EVENT_SOURCE: sources.with_columns(told)}, tmp_path)
    read: dict[str, set[str]] = {}
    plain = Reader.frame

    def noted(self: Reader, table, *rest, **named):
        found = plain(self, table, *rest, **named)
        if "event_id" in found.columns:
            read.setdefault(table.name, set()).update(found["event_id"].unique().drop_nulls())
        return found

    monkeypatch.setattr(Reader, "frame", noted)
    report = build_site(published, tmp_path / "site", now=NOW)
    assert "events/copy-0001.html" in report.rendered
    leading = set(tables[STUDY_PATH]["event_id"]) - {f"copy-{number:04d}" for number in range(3)}
    for table in (STUDY_PATH, PLACEBO):
        # The overview, which lists sources, leads with an event of its own.
        assert "copy-0001" in read[table.name]
        assert read[table.name] <= {"copy-0001"} | leading


def test_a_query_of_another_text_has_the_pages_of_its_rows_drawn_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, published = tmp_path / "site", publish_tables(make_tables(), tmp_path)
    build_site(published, site, now=NOW)
    texts = {"press_misses": query_text("press_misses").replace("select", "select 'Other' as other,", 1)}

    def other_text(name: str) -> str:
        return texts.get(name) or query_text(name)

    for module in (connection, site_module):
        monkeypatch.setattr(module, "query_text", other_text)
    assert build_site(published, site, now=NOW).rendered == {"press.html"}
