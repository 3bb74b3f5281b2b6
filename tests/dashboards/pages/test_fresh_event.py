"""The page of a fresh event says what may still change, and what has changed."""

import re
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from dashboards.findings.readings import read_reactions
from dashboards.marks import bare
from dashboards.pages.event import compose_event
from dashboards.shell.frames import Frames
from tests.builders import make_rows
from tests.dashboards.material import make_tables
from tests.dashboards.rows import EVENT_AT, EVENT_ID
from warehouse.tables.news import EVENT, EVENT_REVISION, NEWS_EPISODE
from warehouse.tables.studies import EXCLUSION, STUDY_RESULT

CHANGED = datetime(2026, 6, 14, 10, 2, tzinfo=UTC)


def page_of(tables: dict[str, pl.DataFrame]) -> str:
    frames = Frames(tables)
    event = frames.get(EVENT).filter(pl.col("event_id") == EVENT_ID).row(0, named=True)
    return bare(str(compose_event(frames, event, read_reactions(frames).get(EVENT_ID, [])).body))


def without_the_week(tables: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """As the record was 30 hours after the event."""
    is_week = pl.col("window_end_hours") == 168
    cut = tables[STUDY_RESULT.name].with_columns(
        pl.when(is_week).then(None).otherwise("estimate").alias("estimate"),
        pl.lit(EVENT_AT + timedelta(hours=30), dtype=STUDY_RESULT.schema["data_as_of_utc"]).alias("data_as_of_utc"),
    )
    return {**tables, STUDY_RESULT.name: cut}


@pytest.fixture
def tables() -> dict[str, pl.DataFrame]:
    return {table.name: frame for table, frame in make_tables().items()}


def test_a_page_is_preliminary_until_the_record_reaches_its_last_window(tables: dict[str, pl.DataFrame]) -> None:
    assert "Preliminary" not in page_of(tables)
    assert "Preliminary: the record ends before its longer windows do" in page_of(without_the_week(tables))


def test_a_page_is_preliminary_while_prices_end_before_the_event_and_says_so(tables: dict[str, pl.DataFrame]) -> None:
    unmeasured = {**tables, STUDY_RESULT.name: STUDY_RESULT.empty()}
    waits = {
        "study_id": "reaction",
        "event_id": EVENT_ID,
        "reason": "TAO on OKX ends before the event: fetch later bars",
    }
    gap = {**waits, "market_id": "okx:FET/USDT", "reason": "FET on OKX has no close in the bar before the event"}
    alone = page_of({**unmeasured, EXCLUSION.name: make_rows(EXCLUSION, {**waits, "market_id": "okx:TAO/USDT"})})
    assert "Preliminary: the record ends before its longer windows do" in alone
    assert "Prices end before it." in alone
    assert "It is measured as soon as bars of its first window are there." in alone
    both = page_of({**unmeasured, EXCLUSION.name: make_rows(EXCLUSION, {**waits, "market_id": "okx:TAO/USDT"}, gap)})
    assert "Preliminary" not in both
    assert "Preliminary" not in page_of({**unmeasured, EXCLUSION.name: EXCLUSION.empty()})


def test_a_revised_timing_is_told_with_both_times_and_when_it_was_noted(tables: dict[str, pl.DataFrame]) -> None:
    assert "Timing revised" not in page_of(tables)
    row = (EVENT_ID, CHANGED, EVENT_AT + timedelta(minutes=54), "submission", EVENT_AT, "publisher", "run")
    revised = pl.DataFrame([row], schema=EVENT_REVISION.schema, orient="row")
    text = page_of({**tables, EVENT_REVISION.name: revised})
    told = text[text.index("Timing revised") :].partition("</ul>")[0]
    stamps = [CHANGED, EVENT_AT + timedelta(minutes=54), EVENT_AT]
    places = [told.index(f'datetime="{stamp:%Y-%m-%dT%H:%M:%SZ}"') for stamp in stamps]
    assert places == sorted(places)


def test_the_other_steps_of_its_episode_are_linked_with_their_two_times(tables: dict[str, pl.DataFrame]) -> None:
    order, announced = "2026-06-02-order", datetime(2026, 6, 2, 9, tzinfo=UTC)
    own = {"event_id": EVENT_ID, "step_number": 2, "step": "lifted", "previous_event_id": order, "reason": "takes back"}
    first = {"event_id": order, "step_number": 1, "step": "done", "reason": "new", "announced_at_utc": announced}
    steps = [row | {"episode_id": order, "done_at_utc": EVENT_AT} for row in (own, first)]
    page = page_of({**tables, NEWS_EPISODE.name: make_rows(NEWS_EPISODE, *steps)})
    section = page[page.index('id="episode"') :]
    assert section.index(f"{order}.html") < section.index("(this one)")
    assert "2026-06-02T09:00" in section[: section.index("</table>")]
    assert 'id="episode"' not in page_of({**tables, NEWS_EPISODE.name: make_rows(NEWS_EPISODE, steps[1])})


def test_the_heading_is_the_finding_under_what_happened(tables: dict[str, pl.DataFrame]) -> None:
    title = tables[EVENT.name].filter(pl.col("event_id") == EVENT_ID)["title"][0]
    text = bare(page_of(tables))
    assert f'<p class="kicker what">{title}</p>' in text
    heading = text.split('<h1 class="long">')[1].split("</h1>")[0]
    assert re.fullmatch(r"TAO gained \d+% beyond Bitcoin in the day after the export-control news", heading)
    unmeasured = bare(page_of({**tables, STUDY_RESULT.name: tables[STUDY_RESULT.name].clear()}))
    assert f'<h1 class="long">{title}</h1>' in unmeasured
    assert "kicker" not in unmeasured
