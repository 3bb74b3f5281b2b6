"""The site's folder: complete, incremental, honest when empty, safe against hostile text."""

import json
import re
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from importlib.resources import files

import polars as pl
import pytest

from dashboards.findings.readings import bare_horizons, read_reactions
from dashboards.marks import OPEN
from dashboards.shell.feed import write_feeds
from dashboards.shell.frames import Frames, last_close
from dashboards.shell.manifest import MANIFEST_NAME
from dashboards.shell.page import NAVIGATION, event_path, file_name, safe_link
from dashboards.shell.report import UnknownEventError, event_card, event_html, event_markdown, find_event
from dashboards.shell.site import build_site, read_frames
from flows.alerts.delivery import FIGURES
from tests.bench.bench_pages import repeat_event
from tests.dashboards.material import NOW, frame_of, make_tables
from tests.dashboards.publication import publish_tables
from tests.dashboards.rows import EVENT_AT, EVENT_ID
from warehouse.store.connection import open_reader
from warehouse.tables.claims import CLAIM_VERDICT
from warehouse.tables.news import EVENT
from warehouse.tables.ops import NOTIFICATION
from warehouse.tables.prices import COVERAGE
from warehouse.tables.studies import STUDY_RESULT
from warehouse.tables.units import percent

PAGES = [path for _, path in NAVIGATION] + [event_path(EVENT_ID), "tokens/TAO.html"]
VOID = {"meta", "link", "br", "input", "line", "rect", "circle", "polyline", "path", "hr", "img"}


class Outline(HTMLParser):
    """Collects headings, ids, links and whether every element is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.headings: list[int] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.open: list[str] = []
        self.errors: list[str] = []

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if "id" in found:
            self.ids.append(found["id"])
        self.links += [found[name] for name in ("href", "src") if found.get(name)]
        self._close_cells(tag)
        if tag not in VOID:
            self.open.append(tag)

    def _close_cells(self, tag):
        # The end tags of cells and rows are optional in HTML, and left out in the long tables beside figures.
        ends = {"td": ["td"], "th": ["td"], "tr": ["td", "tr"], "tbody": ["td", "tr"]}.get(tag, [])
        for cell in ends:
            if self.open and self.open[-1] == cell:
                self.open.pop()

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if tag == "tbody":
            self._close_cells(tag)
        if not self.open or self.open[-1] != tag:
            self.errors.append(f"</{tag}> closes {self.open[-1:] or 'nothing'}")
        elif self.open:
            self.open.pop()


def outline(text: str) -> Outline:
    parser = Outline()
    parser.feed(text)
    parser.close()
    return parser


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_well_formed_with_one_heading_and_no_skipped_level(site, path):
    found = outline((site / path).read_text())
    assert found.errors == []
    assert found.headings[0] == 1
    assert found.headings.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in zip(found.headings, found.headings[1:], strict=False))
    assert len(found.ids) == len(set(found.ids))


@pytest.mark.parametrize("path", PAGES)
def test_every_link_inside_the_site_leads_somewhere(site, path):
    page = site / path
    for link in outline(page.read_text()).links:
        if link.startswith(("http://", "https://", "data:")):
            continue
        target, _, fragment = link.partition("#")
        target = target.partition("?")[0]
        file = (page.parent / target).resolve() if target else page
        assert file.is_file(), f"{path} links to {link}"
        if fragment and file.suffix == ".html":
            assert f'id="{fragment}"' in file.read_text(), f"{path} links to {link}"


@pytest.mark.parametrize("path", PAGES)
def test_no_page_asks_anybody_else_for_anything(site, path):
    text = (site / path).read_text()
    assert "default-src 'none'" in text
    assert not re.search(r'(?:src|<link[^>]+href)="(?:https?:)?//', text)


def test_pages_stay_inside_their_weight(site):
    for page in site.rglob("*.html"):
        limit = 300_000 if page.parent.name == "events" else 200_000
        assert page.stat().st_size < limit, page.name
    assets = sum((site / "assets" / name).stat().st_size for name in ("site.css", "site.js", "theme-init.js"))
    assert assets < 30_000


def test_the_overview_answers_in_words_alone(site):
    text = (site / "index.html").read_text()
    words = re.sub(r"</?(?:data|time)[^>]*>", "", re.sub(r"<script.*?</script>", " ", text, flags=re.DOTALL))
    words = re.sub(r"<[^>]+>", " ", words)
    for phrase in ("TAO rose 23% in a day after", "not 30% in 12 hours", "0 of 4", "What we cannot know", "Cause."):
        assert phrase in words
    assert "caused by" not in words.lower()
    assert "due to" not in words.lower()


def test_hostile_titles_and_links_are_text(site):
    for page in site.rglob("*.html"):
        text = page.read_text()
        assert "<img" not in text, page
        assert 'href="javascript' not in text, page
    assert safe_link("javascript:alert(1)", "<b>") == "&lt;b&gt;"


def test_a_second_build_renders_nothing(published, tmp_path):
    first = build_site(published, tmp_path, now=NOW)
    stamps = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    second = build_site(published, tmp_path, now=NOW.replace(hour=9))
    assert first.n_rendered == first.n_pages > 20
    assert (second.n_rendered, second.n_unchanged) == (0, first.n_pages)
    assert stamps == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}


def test_a_changed_title_renders_its_own_event_page_and_no_other(tmp_path):
    tables = make_tables()
    site = tmp_path / "site"
    build_site(publish_tables(tables, tmp_path), site, now=NOW)
    is_changed = pl.col("event_id") == "2026-06-16-omnibus"
    renamed = pl.when(is_changed).then(pl.lit("Parliament votes")).otherwise("title").alias("title")
    tables[EVENT] = tables[EVENT].with_columns(renamed)
    before = {path: path.read_bytes() for path in (site / "events").glob("*.html")}
    build_site(publish_tables(tables, tmp_path), site, now=NOW)
    changed = [path.name for path, content in before.items() if path.read_bytes() != content]
    assert changed == ["2026-06-16-omnibus.html"]


def test_one_new_event_redraws_its_own_page_and_those_that_list_count_or_average_it(tmp_path):
    tables, site = make_tables(), tmp_path / "site"
    build_site(publish_tables(tables, tmp_path), site, now=NOW)
    before = json.loads((site / MANIFEST_NAME).read_text())
    stood = {path: (site / path).read_bytes() for path in before if path}
    build_site(publish_tables(repeat_event(tables, 1), tmp_path), site, now=NOW)
    after = json.loads((site / MANIFEST_NAME).read_text())
    drawn = {path for path, entry in after.items() if path and entry != before.get(path)}
    measured = {f"tokens/{asset}.html" for asset in ("BTC", "ETH", "FET", "NEAR", "TAO", "WLD")}
    lists = {"index", "now", "events", "events-2026", "categories", "compare", "methods", "search"}
    for_a_closer_look = {"correlations.html", "providers.html"}  # they read all events, and may say the same of them
    files = {"events/copy-0000.html", "data/index.json", "feed.xml", *(f"{name}.html" for name in lists)}
    assert drawn == {*measured, *files, *for_a_closer_look}
    changed = {path for path, content in stood.items() if (site / path).read_bytes() != content}
    assert changed <= drawn


def test_the_page_of_a_rejected_event_is_removed(tmp_path):
    tables = make_tables()
    site = tmp_path / "site"
    build_site(publish_tables(tables, tmp_path), site, now=NOW)
    tables[EVENT] = tables[EVENT].filter(pl.col("event_id") != "2026-06-16-omnibus")
    report = build_site(publish_tables(tables, tmp_path), site, now=NOW)
    assert report.n_removed >= 1
    assert not (site / event_path("2026-06-16-omnibus")).exists()


def test_a_missing_file_is_rendered_again(published, tmp_path):
    build_site(published, tmp_path, now=NOW)
    (tmp_path / "claims.html").unlink()
    assert build_site(published, tmp_path, now=NOW).n_rendered == 1


def test_an_empty_database_gives_honest_pages(tmp_path):
    report = build_site(publish_tables({}, tmp_path), tmp_path / "site", now=NOW)
    text = report.index_path.read_text()
    assert "Nothing has been measured yet" in text
    assert "aftershock run" in text
    assert outline(text).errors == []
    for _, path in NAVIGATION:
        assert (tmp_path / "site" / path).is_file()


def test_an_event_without_prices_says_why(site):
    assert "Date only: no hour to measure from." in (site / event_path("2026-06-16-omnibus")).read_text()
    assert "No prices around it." in (site / event_path("2026-07-01-restored")).read_text()


def test_json_and_feed_hold_what_the_pages_say(site):
    index = json.loads((site / "data/index.json").read_text())
    for file in index["files"]:
        json.loads((site / file["path"]).read_text())
    events = json.loads((site / "data/events.json").read_text())["rows"]
    lead = next(row for row in events if row["event_id"] == EVENT_ID)
    tao = next(item for item in lead["reactions"] if item["asset_id"] == "TAO")
    assert next(h for h in tao["horizons"] if h["hours"] == 24)["raw_return"] == pytest.approx(0.2338, abs=1e-3)
    feed = ET.parse(site / "feed.xml").getroot()
    entries = feed.findall("{http://www.w3.org/2005/Atom}entry")
    assert len(entries) == 4 + 4
    assert len({entry.findtext("{http://www.w3.org/2005/Atom}id") for entry in entries}) == len(entries)
    items = json.loads((site / "feed.json").read_text())["items"]
    assert [item["id"] for item in items] == [e.findtext("{http://www.w3.org/2005/Atom}id") for e in entries]
    assert [item["title"] for item in items] == [e.findtext("{http://www.w3.org/2005/Atom}title") for e in entries]


def test_the_feeds_tell_an_alert_once_and_not_what_stood_before():
    def noted(rule: str, kind: str, subject: str, state: str) -> tuple[object, ...]:
        at = datetime(2026, 7, 1, tzinfo=UTC)
        return (f"{rule}{subject}", rule, kind, subject, f"{subject} moved", "words", "x.html", at, state, None, None)

    rows = [
        noted("mine", "move", "TAO", "sent"),
        noted("yours", "move", "TAO", "due"),
        noted("mine", "move", "FET", "standing"),
        noted("mine", "event", "told-as-event", "sent"),
    ]
    frame = pl.DataFrame(rows, schema=NOTIFICATION.schema, orient="row")
    files = write_feeds(Frames({NOTIFICATION.name: frame}), {})
    items = json.loads(files["feed.json"])["items"]
    assert [(item["id"], item["title"]) for item in items] == [("urn:aftershock:alert:move:TAO", "TAO moved")]
    assert files["feed.xml"].count("<entry>") == 1


def test_csv_beside_a_figure_holds_every_row(site):
    csv = pl.read_csv(site / f"data/events/{file_name(EVENT_ID)}/path.csv")
    assert csv.height > 200
    assert csv["close_time_utc"][0].endswith("Z")


def test_search_data_are_a_script_without_markup_power(site):
    text = (site / "data/search.js").read_text()
    entries = json.loads(text.removeprefix("window.AFTERSHOCK_SEARCH=").rstrip().removesuffix(";"))
    assert {entry[0] for entry in entries} == {"e", "c", "t", "k", "g"}
    assert not any(str(entry[2]).startswith("javascript") for entry in entries)


def test_an_older_file_without_a_new_nullable_column_is_read(tmp_path):
    tables = make_tables()
    path = publish_tables(tables, tmp_path)
    import duckdb

    with duckdb.connect(str(path)) as connection:
        connection.execute("alter table out.study_result drop column p_adjusted")
    frame = read_frames(path).get(STUDY_RESULT)
    assert frame.columns == STUDY_RESULT.column_names
    assert frame["p_adjusted"].null_count() == frame.height == tables[STUDY_RESULT].height


def test_the_file_of_an_event_tells_its_horizons_as_pages_do(published):
    read = [reaction for reactions in read_reactions(read_frames(published)).values() for reaction in reactions]
    told = [
        (bare, horizon)
        for reaction in read
        for bare, horizon in zip(bare_horizons(reaction), reaction.horizons.values(), strict=True)
    ]
    for bare, horizon in told:
        assert bare == {name: getattr(horizon, name) for name in bare}
    assert {bare["is_outside"] for bare, _ in told} >= {True, False}


def test_a_report_says_what_the_page_says(published):
    frames = read_frames(published)
    event = find_event(frames, "access-restriction")
    reactions = read_reactions(frames)[EVENT_ID]
    text = event_markdown(frames, event)
    assert "+23.4%" in text
    assert "What we cannot know" in text
    assert OPEN not in text + json.dumps(event_card(frames, event, reactions), ensure_ascii=False)
    assert re.search(r"\+23\.4%\[\^\d+\]", text)
    html = event_html(frames, event, None)
    assert OPEN not in html
    assert 'src="' not in html.split("<body>")[0]
    assert "<title>Export controls" in html
    assert event_card(frames, event, reactions) is not None
    assert "var(--" not in json.dumps(event_card(frames, event, reactions))
    with pytest.raises(UnknownEventError, match="did you mean one of"):
        find_event(frames, "2026")


def test_each_number_of_a_report_has_a_footnote_that_returns_it(published):
    frames = read_frames(published)
    text = event_markdown(frames, find_event(frames, "access-restriction"))
    notes = dict(re.findall(r"^\[\^(\d+)\]: `(.*)`$", text, flags=re.M))
    cited = re.findall(r"([+−]\d+\.\d%)\[\^(\d+)\]", text)
    assert len(cited) > 20
    with open_reader(published) as reader:
        assert [percent(reader.sql(notes[place]).to_series(0)[0]) for _, place in cited] == [
            words for words, _ in cited
        ]
    html = event_html(frames, find_event(frames, "access-restriction"), None)
    places = [int(place) for place in re.findall(r'<sup class="fn">(\d+)</sup>', html)]
    assert max(places) == html.split('class="notes"')[1].count("<li>")


def test_an_unmeasured_event_has_no_card(published):
    frames = read_frames(published)
    assert event_card(frames, find_event(frames, "omnibus"), []) is None
    assert "Not measured" in event_markdown(frames, find_event(frames, "omnibus"))


def test_verdicts_of_unknown_claims_do_not_break_a_build(tmp_path):
    tables = make_tables()
    orphan = tables[CLAIM_VERDICT].head(1).with_columns(pl.lit("orphan").alias("claim_id"))
    tables[CLAIM_VERDICT] = pl.concat([tables[CLAIM_VERDICT], orphan])
    build_site(publish_tables(tables, tmp_path), tmp_path / "site", now=NOW)
    assert 'id="orphan"' in (tmp_path / "site" / "claims.html").read_text()


def test_the_report_command_refuses_an_unknown_event_with_the_usage_code(published, tmp_path, monkeypatch):
    import typer
    from typer.testing import CliRunner

    from flows.commands import report
    from flows.errors import EXIT_USAGE

    monkeypatch.setenv("AFTERSHOCK_HOME", str(published.parent))
    app = typer.Typer()
    report.register(app)
    written = CliRunner().invoke(app, ["access-restriction", "--out", str(tmp_path / "report.md")])
    assert written.exit_code == 0
    assert "+23.4%" in (tmp_path / "report.md").read_text()
    refused = CliRunner().invoke(app, ["no-such-event"])
    assert refused.exit_code == EXIT_USAGE
    assert "aftershock events list" in " ".join(refused.stderr.split())


def test_the_number_of_a_ledger_record_stays_in_the_data_alone(tmp_path):
    reason = "The private receipt (E062) came first; the time is the outlet's own. (record E063 with E062 and E064)"
    tables = make_tables()
    tables[EVENT] = tables[EVENT].with_columns(pl.lit(reason).alias("reason"), pl.lit(None, pl.String).alias("summary"))
    published = publish_tables(tables, tmp_path)
    build_site(published, tmp_path / "site", now=NOW)
    page = (tmp_path / "site" / event_path(EVENT_ID)).read_text()
    assert "The private receipt came first; the time is the outlet&#39;s own.<" in page.replace("</p>", "<")
    assert not re.search(r"E06\d", page)
    frames = read_frames(published)
    assert "E063" not in event_markdown(frames, find_event(frames, EVENT_ID))
    assert frames.get(EVENT)["reason"].unique().to_list() == [reason]


def test_the_figures_that_alerts_link_to_stand_on_their_pages(site):
    assert f'<figure class="fig" id="{FIGURES["event"]}"' in (site / event_path(EVENT_ID)).read_text()
    assert f'<figure class="fig" id="{FIGURES["move"]}"' in (site / "tokens" / "TAO.html").read_text()


def test_each_page_says_once_and_in_its_header_as_of_when_its_data_are(site):
    for path in site.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        head = text.split("</header>", 1)[0]
        assert text.count("data-as-of") == head.count("data-as-of"), path.name
        dated = re.search(r'(Data|Prices used) to <span data-as-of( data-live)?><time datetime="[^"]+">', head)
        assert (dated is None) == ("No price is used on this page" in head), path.name
        assert dated is None or (dated[1] == "Data") == bool(dated[2])


def test_only_pages_that_follow_the_newest_bars_can_be_older_than_their_schedule(site):
    live = [path for path in site.rglob("*.html") if "data-live" in path.read_text(encoding="utf-8")]
    assert sorted(path.name for path in live) == ["health.html", "index.html", "now.html", "tokens.html"]


def test_pages_date_themselves_by_the_close_of_the_last_bar():
    rows = [{"timeframe": bar, "last_open_utc": EVENT_AT.replace(minute=0, second=0)} for bar in ("1h", "4h")]
    assert last_close(frame_of(COVERAGE, rows)) == EVENT_AT.replace(minute=0, second=0) + timedelta(hours=4)
    assert last_close(COVERAGE.empty()) is None


def test_type_is_sized_in_rem_so_that_a_larger_text_of_the_reader_works():
    css = (files("dashboards") / "assets" / "site.css").read_text(encoding="utf-8")
    assert re.findall(r"font(?:-size)?:[^;}]*\d(?:\.\d+)?px", css) == []
