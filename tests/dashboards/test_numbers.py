"""Every number of every page is run against the published file; one without an origin fails."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest
from markupsafe import Markup

from dashboards.figures.false_alarms import LEVEL
from dashboards.figures.price_path import MARKED_HOURS
from dashboards.figures.specification_curve import STANDARD_ERRORS
from dashboards.findings.findings import QUIET_MOVE
from dashboards.findings.readings import HEADLINE_HOURS
from dashboards.marks import bare, tagged
from dashboards.numbers import Count, Moment, Number, Origin, StoredRow, StoredRows
from dashboards.origins import form_of, sql_of
from dashboards.pages.correlations import CLEAR_P
from dashboards.pages.event_tables import SPARK_HOURS
from dashboards.pages.resilience import HEADLINE_WEIGHT
from dashboards.pages.trading import CLEAR
from dashboards.shell.proof import METHOD, Proof, prove_site, read_page, write_form
from dashboards.shell.site import build_site
from dashboards.shell.tables import with_code
from tests.bench.bench_pages import N_EVENTS, repeat_event
from tests.dashboards.material import NOW, make_tables
from tests.dashboards.publication import publish_tables
from warehouse.tables.prices import ASSET
from warehouse.tables.studies import STUDY_RESULT
from warehouse.tables.units import count, day, hours_in_words, p_value, percent, plural, sentence


@pytest.fixture(scope="module")
def proof(site: Path, published: Path) -> Proof:
    return prove_site(site, published)


def make_row(**values: object) -> StoredRow:
    return StoredRow({"result_id": "r&1", "estimate": 0.2344, "n": 3, **values}, StoredRows(STUDY_RESULT))


def test_every_number_of_the_site_has_the_words_of_the_published_value(proof):
    assert proof.n_numbers > 3_000
    assert proof.differences == []


def test_no_page_prints_a_number_without_an_origin(proof):
    assert proof.loose == []


@pytest.mark.slow
def test_every_number_of_a_record_of_five_hundred_events_has_the_words_of_the_published_value(tmp_path):
    published = publish_tables(repeat_event(make_tables(), N_EVENTS), tmp_path)
    build_site(published, tmp_path / "site", now=NOW)
    proof = prove_site(tmp_path / "site", published)
    assert proof.n_pages > N_EVENTS
    assert (proof.differences, proof.loose) == ([], [])


def test_a_wrong_number_on_one_page_is_found(site, published, tmp_path):
    pages = sorted((site / "events").glob("*.html"))
    text = pages[0].read_text(encoding="utf-8")
    right = next(item for item in read_page(text) if not isinstance(item, str) and item.words.endswith("%"))
    wrong = re.sub(rf">{re.escape(right.words)}</data>", ">+99.9%</data>", text, count=1)
    (tmp_path / "events").mkdir()
    (tmp_path / "events" / pages[0].name).write_text(wrong, encoding="utf-8")
    found = prove_site(tmp_path, published).differences
    assert [(item.printed, item.published) for item in found] == [("+99.9%", right.words)]


def test_a_wrong_cell_in_a_table_beside_a_figure_is_found(site, published, tmp_path):
    page = site / "index.html"
    wrong, n = re.subn(
        r'(<tr data-key="close_time_utc=[^"]*"><td>[^<]*<td class="n">)[^<]*', r"\g<1>777.7", page.read_text(), count=1
    )
    assert n == 1
    (tmp_path / "index.html").write_text(wrong, encoding="utf-8")
    assert [item.printed for item in prove_site(tmp_path, published).differences] == ["777.7"]


def test_a_number_without_an_origin_is_found(published, tmp_path):
    (tmp_path / "index.html").write_text("<p>It rose 12% in <time>12 Jun 2026</time>.</p>", encoding="utf-8")
    assert [loose.text for loose in prove_site(tmp_path, published).loose] == ["It rose 12% in"]


def test_an_origin_that_names_no_row_is_a_difference(published, tmp_path):
    text = '<data value="1" data-from="out.study_result|result_id=none|estimate" data-as="percent">+1.0%</data>'
    (tmp_path / "index.html").write_text(text, encoding="utf-8")
    assert len(prove_site(tmp_path, published).differences) == 1


def test_words_keep_their_origin_through_a_sentence():
    row = make_row()
    sentence = f"TAO rose {percent(row['estimate'], 0)} after {plural(row['n'], 'event')}, {p_value(row['estimate'])}"
    assert bare(sentence) == "TAO rose +23% after 3 events, p = 0.23"
    html, sources = tagged(sentence)
    assert sources == {STUDY_RESULT.name}
    assert (
        '<data value="0.2344" data-from="out.study_result|result_id=r%261|estimate" data-as="percent:0">+23%</data>'
        in html
    )


def test_marks_become_bare_words_where_no_element_may_stand():
    words = percent(make_row()["estimate"])
    html, _ = tagged(f'<title>{words}</title><p title="{words}">{words}</p><script>"{words}"</script>')
    assert html.startswith('<title>+23.4%</title><p title="+23.4%"><data value="0.2344"')
    assert html.endswith('<script>"+23.4%"</script>')


def test_what_is_escaped_in_an_attribute_is_escaped_once():
    text = f"TAO’s {percent(make_row()['estimate'])} & more"
    html, _ = tagged(Markup('<p title="{}">{}</p>').format(text, text))
    assert html.startswith('<p title="TAO’s +23.4% &amp; more">TAO’s <data value="0.2344"')
    assert html.endswith("</data> &amp; more</p>")


def test_a_moment_is_written_inside_a_time_element():
    html, _ = tagged(day(Moment(2026, 6, 12)))
    assert html == '<time datetime="2026-06-12T00:00:00Z">12 Jun 2026</time>'


def test_arithmetic_gives_a_number_without_an_origin_and_a_sign_keeps_it():
    value = make_row()["estimate"]
    assert not isinstance(value * 2, Number)
    assert write_form(-0.5, "abs+percent") == "+50.0%"
    assert abs(value).origin.steps == ("abs",)


def test_the_statement_of_a_number_returns_it_with_its_conventions():
    origin = Origin("out.study_result", (("result_id", "o'clock"),), "estimate")
    assert Origin.read(str(origin)) == origin
    assert sql_of(origin) == (
        "select estimate, conventions, data_as_of_utc from out.study_result where result_id = 'o''clock'"
    )
    assert isinstance(make_row()["n"], Count)
    assert count(make_row()["n"]) != "3"
    assert bare(count(make_row()["n"])) == "3"


def is_loose(words: str) -> bool:
    """Whether a digit is left of words when what the methods fix is taken out."""
    return bool(re.search(r"\d", METHOD.sub("", words)))


@pytest.mark.parametrize(
    "words",
    [
        "+23.4%",
        "3 events",
        "1,204 rows",
        "TAO rose 5%",
        "95% of tokens rose",
        "80% of events",
        "lay still for 24 h 3 min",
        "7 days of hourly bars",
        "72 hours of silence",
        "fell 24 h before",
        "p = 0.05",
        "beta 12",
        "2.7 times as many events",
        "1 in 93",
        "39 windows",
    ],
)
def test_what_the_methods_fix_covers_no_measured_number(words):
    assert is_loose(words)


def test_what_the_methods_fix_is_what_their_constants_are():
    """Each exemption names a constant: another value of it leaves its words loose."""
    level = f"{LEVEL:.0%}"
    assert LEVEL == CLEAR == CLEAR_P
    said = [
        *(f"after {hours_in_words(hours)}" for hours in MARKED_HOURS),
        f"{HEADLINE_HOURS:.0f}-hour return",
        f"{SPARK_HOURS:.0f} hours",
        f"no other token rose more than {QUIET_MOVE:.0%}",
        f"a portfolio with {HEADLINE_WEIGHT:.0%} in one token",
        f"where {level} was intended",
        f"have p < {CLEAR}",
        f"±{STANDARD_ERRORS} standard errors",
    ]
    assert [words for words in said if is_loose(words)] == []
    assert is_loose(f"after {hours_in_words(HEADLINE_HOURS * 2)}")
    assert is_loose(f"where {2 * LEVEL:.0%} was intended")


def test_groups_of_an_aggregate_are_read_at_once_and_an_absent_group_counts_nothing(published, tmp_path):
    numbers = "".join(
        f'<data data-from="core.market|asset_id={asset}|count(*)" data-as="count">{words}</data>'
        for asset, words in (("TAO", "1"), ("FET", "1"), ("NONE", "0"))
    )
    (tmp_path / "index.html").write_text(numbers, encoding="utf-8")
    assert prove_site(tmp_path, published).differences == []


def test_a_stored_note_keeps_its_origin_as_a_sentence_and_without_ticks():
    note = StoredRow({"asset_id": "A", "note": "a `b` c"}, StoredRows(ASSET))["note"]
    assert sentence(note) != "A `b` c."
    assert bare(sentence(note)) == "A `b` c."
    assert bare(str(with_code(note))) == "a b c"
    assert str(with_code("a `b` c")) == "a <code>b</code> c"


def test_only_what_a_writer_writes_alone_can_be_written_again():
    assert form_of(lambda value: percent(value, 2), pl.Float64()) == "percent:2"
    assert form_of(lambda value: f"{percent(value)} a year", pl.Float64()) == ""
    assert form_of(str, pl.String()) == "text"
    assert form_of(str.upper, pl.String()) == ""
    with pytest.raises(LookupError, match="no writer is called 'guess'"):
        write_form(1.0, "guess")
