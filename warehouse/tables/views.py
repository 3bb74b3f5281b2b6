"""Contracts of the views: sentences over the tables, whose times are UTC without a zone, the same for every client."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from warehouse.tables.attention import ATTENTION
from warehouse.tables.claims import CLAIM_HISTORY, CLAIM_VERDICT
from warehouse.tables.contract import UTC, Column, Table, View
from warehouse.tables.keys import TOKEN_ID
from warehouse.tables.news import ENTRY, EVENT, EVENT_SOURCE, FETCH, INCIDENT
from warehouse.tables.press import PRESS_CLAIM, PRESS_VERDICT
from warehouse.tables.prices import CANDLE, MARKET, REFERENCE_PRICE
from warehouse.tables.studies import STUDY_RESULT

ZONELESS = pl.Datetime("us")


def _of(table: Table, *names: str, **renamed: str) -> tuple[Column, ...]:
    """Columns that a view passes on from a table; instants lose their zone and nothing else."""
    columns = {column.name: column for column in table.columns}
    passed = [columns[name] for name in names] + [replace(columns[old], name=new) for new, old in renamed.items()]
    return tuple(replace(column, dtype=ZONELESS) if column.dtype == UTC else column for column in passed)


_EVENT_ID = _of(EVENT, "event_id")
_EVENT_HEAD = (*_EVENT_ID, *_of(EVENT, event_title="title"))
_EVENT_AT = replace(_of(EVENT, event_at_utc="best_at_utc")[0], description="First public evidence of the event")
_AS_OF = _of(STUDY_RESULT, "data_as_of_utc")
_DAY = Column("day_utc", pl.Date, "Day in UTC")
_REASON = (
    Column("reason_code", pl.String, "Why a number is absent, as a code", is_nullable=True),
    Column("reason", pl.String, "The same in words", is_nullable=True),
)

EVENT_REACTION = View(
    name="out.event_reaction",
    description="What each AI token did after each event, per window: one row also where nothing could be measured.",
    key=("event_id", "asset_id", "window_hours"),
    columns=(
        *_EVENT_HEAD,
        *_of(EVENT, "category"),
        _EVENT_AT,
        *_of(EVENT, "time_precision", "selected_from"),
        TOKEN_ID,
        Column("window_hours", pl.Float64, "Length of the window from the last close before the event", "hours"),
        Column("market_id", pl.String, "The market that stands for the token at this event", is_nullable=True),
        Column("timeframe", pl.String, "Bar length of that market", is_nullable=True),
        Column("raw_return", pl.Float64, "Simple return over the window", "fraction", True),
        Column("expected_return", pl.Float64, "What the benchmark let expect", "fraction", True),
        Column("abnormal_return", pl.Float64, "The part beyond the benchmark", "fraction", True),
        Column("abnormal_return_lower_95", pl.Float64, "Lower end of its 95 % interval", "fraction", True),
        Column("abnormal_return_upper_95", pl.Float64, "Upper end of its 95 % interval", "fraction", True),
        Column("n_estimation", pl.Int64, "Bars of the estimation window", "bars", True),
        Column("n_as_large", pl.Int64, "Earlier windows that moved at least as far", "", True),
        Column("n_placebo", pl.Int64, "Earlier windows compared with", "", True),
        Column("n_placebo_independent", pl.Float64, "Independent windows they are worth", "", True),
        Column("p_placebo", pl.Float64, "Rank among them as a p value", "", True),
        Column("p_placebo_adjusted", pl.Float64, "The same over the event's windows and tokens (Holm)", "", True),
        Column("benchmark", pl.String, "Benchmark in words", is_nullable=True),
        *_REASON,
        replace(_AS_OF[0], is_nullable=True),
    ),
)

VERDICT = View(
    name="out.verdict",
    description="The verdict on each claim, with the market, the bars and the run it rests on.",
    key=("claim_id",),
    columns=(
        *_of(CLAIM_VERDICT, "claim_id", "episode", "quote", "said_at_utc", verdict_code="verdict"),
        Column("verdict", pl.String, "The verdict in words"),
        *_of(CLAIM_VERDICT, "measured", "measured_value", "claimed_value", "unit", "closest_true_statement"),
        *_of(CLAIM_VERDICT, market_id="venue"),
        *_of(CLAIM_VERDICT, "timeframe", "window_from_utc", "window_to_utc", "n_as_large", "n_placebo"),
        *_of(CLAIM_VERDICT, "offer", "warning", reason="missing_data"),
        *(replace(column, is_nullable=True) for column in _of(CLAIM_HISTORY, "run_id", "judged_at_utc")),
        Column("n_verdicts", pl.Int64, "Verdicts it has had, this one included", "", True),
        *_of(CLAIM_VERDICT, "data_as_of_utc"),
    ),
)

_PER_UNIT = _of(CANDLE, "open_quote", "high_quote", "low_quote", "close_quote", "volume_base")
PRICE_AROUND_EVENT = View(
    name="out.price_around_event",
    description="The bars of each asset from 48 hours before an event to 168 hours after, on the market that stands for it.",
    key=("event_id", "asset_id", "open_time_utc"),
    columns=(
        *_EVENT_ID,
        *_of(MARKET, "asset_id", "market_id"),
        *_of(CANDLE, "timeframe", "open_time_utc"),
        Column("close_time_utc", ZONELESS, "Close of the bar, when its prices were known"),
        Column("close_hours_after_event", pl.Float64, "The same after the event (negative: before)", "hours"),
        Column("is_event_bar", pl.Boolean, "Whether the event lies in this bar"),
        *_PER_UNIT,
    ),
)

HEADLINE_OF_EVENT = View(
    name="out.headline_of_event",
    description="Each source of each event with both clocks: what the publisher claims, and when it was first seen.",
    key=("event_id", "source_number"),
    columns=(
        *_EVENT_ID,
        *_of(EVENT_SOURCE, "source_number"),
        *_of(EVENT, event_title="title"),
        _EVENT_AT,
        *_of(EVENT_SOURCE, "role", "outlet"),
        *(replace(column, is_nullable=True) for column in _of(ENTRY, "outlet_kind")),
        *_of(EVENT_SOURCE, headline="title"),
        *_of(EVENT_SOURCE, "url", "published_at_utc", "first_seen_at_utc"),
        Column("seen_after_hours", pl.Float64, "First seen after the claimed time (negative: before)", "hours", True),
        *_of(EVENT_SOURCE, "time_basis", "entry_id", "story_id"),
    ),
)

OUTAGE_LENGTH = View(
    name="out.outage",
    description="Each incident of a status page with its length, which is unknown where the page tells one instant.",
    key=("incident_id",),
    columns=(
        *_of(INCIDENT, "incident_id", "provider", "title", "impact", "components", "started_at_utc", "resolved_at_utc"),
        Column("duration_hours", pl.Float64, "From start to end", "hours", True),
        *_REASON,
        *_of(INCIDENT, "first_seen_at_utc", "time_basis", "url"),
    ),
)

ATTENTION_BY_DAY = View(
    name="out.attention_by_day",
    description="Attention to AI policy day by day: as a whole, by category, entity and jurisdiction; 100 is ordinary.",
    key=("day_utc", "kind", "subject_id"),
    columns=(
        _DAY,
        *_of(ATTENTION, "kind", "subject_id", "attention_index", "attention_index_lower_95"),
        *_of(ATTENTION, "attention_index_upper_95", "n_headlines", "expected_headlines", "n_stories", "n_outlets"),
        *_of(ATTENTION, "is_outcome"),
    ),
)

COVERAGE_BY_DAY = View(
    name="out.coverage_by_day",
    description="How many bars of each series each day holds, of those that a day has; a day without any is no row.",
    key=("market_id", "timeframe", "day_utc"),
    columns=(
        *_of(MARKET, "market_id", "asset_id"),
        *_of(CANDLE, "timeframe"),
        _DAY,
        Column("n_present", pl.Int64, "Stored bars", "bars"),
        Column("n_of_day", pl.Int64, "Bars that a whole day has", "bars"),
        Column("share_present", pl.Float64, "Stored over whole", "fraction"),
    ),
)

PRICE_BY_DAY = View(
    name="out.price_by_day",
    description="What each asset cost at the end of each day, over how many venues, and its move since the day before.",
    key=("asset_id", "day_utc"),
    columns=(
        *_of(REFERENCE_PRICE, "asset_id"),
        _DAY,
        *_of(REFERENCE_PRICE, close_quote="reference_quote"),
        Column("raw_return", pl.Float64, "Simple return since the close of the day before", "fraction", True),
        *_of(REFERENCE_PRICE, "lowest_quote", "highest_quote", "n_venues"),
    ),
)

SOURCE_HEALTH = View(
    name="out.source_health",
    description="How each source answered when it was last asked, and when it last answered well.",
    key=("source_id",),
    columns=(
        *_of(FETCH, "source_id", "attempted_at_utc", "outcome", reason_code="reason"),
        *_of(FETCH, reason="detail"),
        *_of(FETCH, "n_failures"),
        Column("answered_at_utc", ZONELESS, "When it last answered well", "", True),
        Column("n_new", pl.Int64, "Rows that were new, over all answers"),
    ),
)


PRESS = View(
    name="out.press",
    description="What each headline says about a price, beside what the tape shows as of its publication.",
    key=("press_claim_id",),
    columns=(
        *_of(PRESS_CLAIM, "press_claim_id", "entry_id", "outlet", "said_at_utc", headline="title"),
        *_of(PRESS_CLAIM, "quote", "asset_id", "kind"),
        *(replace(column, is_nullable=True) for column in _of(PRESS_VERDICT, verdict_code="verdict")),
        *(replace(column, is_nullable=True) for column in _of(PRESS_VERDICT, "measured", "closest_true_statement")),
        *_of(PRESS_VERDICT, "market_id"),
        *_REASON,
        *_of(PRESS_CLAIM, "url"),
        *_of(PRESS_VERDICT, "data_as_of_utc"),
    ),
)


def load_views() -> dict[str, View]:
    """Every view of this module by name, sorted."""
    found = {value.name: value for value in globals().values() if isinstance(value, View)}
    return dict(sorted(found.items()))
