"""What stands beside a verdict: the bars it rests on, the other markets of the asset, and how rare the move is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import polars as pl

from analysis.claims.judging.judge import judge_statement, pose_question
from analysis.claims.judging.market import MarketEvidence, PriceSeries
from analysis.claims.judging.question import DAYS, Question, tape_words
from analysis.claims.judging.rarity import Rarity, compare_with_past
from analysis.claims.statement import Judgement, Kind, Statement, TriedReading
from analysis.tape.observations import is_observed
from warehouse.tables.bars import MICROSECONDS_PER_DAY, utc_instant
from warehouse.tables.claims import CLAIM_BAR
from warehouse.tables.units import format_value, listing, plural

# Bars of a statement: those of out.claim_bar without the claim.
BEHIND_SCHEMA = pl.Schema({name: dtype for name, dtype in CLAIM_BAR.schema.items() if name != "claim_id"})
# Kinds whose own judgement looks at the other markets, or that no single market answers.
_WITHOUT_VENUES = (Kind.NOT_BROAD_MOVE, Kind.OTHER_QUANTITY, Kind.PREMIUM, Kind.INCIDENT)
SPOT, PERPETUAL, OBSERVED = "spot", "perpetual", "observed prices"


@dataclass(frozen=True, slots=True)
class Beside:
    """What a reader may want to see with a verdict; `series` is what the asset was measured on."""

    series: PriceSeries | None = None
    last_close: datetime | None = None  # of its bars, by the end of the window
    venues: tuple[TriedReading, ...] = ()
    rarity: Rarity | None = None
    bars: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=BEHIND_SCHEMA))

    @property
    def elsewhere(self) -> str | None:
        """What the other markets say, in words."""
        return venue_sentence(self.series, self.venues)

    @property
    def bar_name(self) -> str | None:
        """Length of the bars."""
        return None if self.series is None else self.series.bar_name


def look_beside(statement: Statement, judgement: Judgement, market: MarketEvidence) -> Beside:
    """The series that answered, what the asset's other markets say of the same reading, and how rare the move is."""
    question = pose_question(statement, market)
    if isinstance(question, str):
        return Beside()
    series = _answering(question, judgement)
    if series is None:
        return Beside()
    bars = _bars_behind(question, series)
    last_close = utc_instant(series.close_us[series.last_by(question.end_us)])
    venues = judgement.venues or tuple(_judge_elsewhere(statement, series, market))
    return Beside(series, last_close, venues, compare_with_past(question, judgement), bars)


def _answering(question: Question, judgement: Judgement) -> PriceSeries | None:
    """The series that the literal reading names, by default the one that covers the window."""
    literal = next((tried for tried in judgement.readings if tried.name == "literal"), None)
    named = (literal.market_id if literal is not None else None) or question.statement.market_id
    if question.statement.kind is Kind.N_PERIOD_EXTREME:
        # The period may begin before the finest bars do; the extreme is taken from those of its last day.
        last_day = max(question.start_us, question.end_us - MICROSECONDS_PER_DAY)
        return question.market.with_ranges(question.asset, last_day, question.end_us, named)
    return question.market.covering(question.asset, question.start_us, question.end_us, named)


def _judge_elsewhere(statement: Statement, own: PriceSeries, market: MarketEvidence) -> Iterator[TriedReading]:
    """The literal reading on each other market of the asset, on bars that are not longer."""
    if statement.kind in _WITHOUT_VENUES or statement.market_id is not None:
        return
    series = market.of_asset(statement.asset)
    # Longer bars than those of the headline reading would begin and end at other times.
    others = [item for item in series if item.market_id != own.market_id and item.bar_us <= own.bar_us]
    for market_id in dict.fromkeys(item.market_id for item in others):
        alone = tuple(item for item in others if item.market_id == market_id)
        narrowed = replace(market, series={**market.series, statement.asset: alone})
        found = judge_statement(statement, narrowed)
        literal = next((tried for tried in found.readings if tried.name == "literal"), None)
        if literal is None or literal.value is None:
            continue
        words = f"{_written(literal)} ({tape_words(alone[0])})"
        yield replace(literal, name="elsewhere", market_id=market_id, detail=words)


def venue_sentence(own: PriceSeries | None, venues: Sequence[TriedReading]) -> str | None:
    """On how many other markets the reading holds as well, spot and perpetual apart; None without other markets."""
    told = [venue for venue in venues if venue.value is not None and venue.market_id is not None]
    if own is None or not told:
        return None
    parts = []
    for kind in (SPOT, PERPETUAL, OBSERVED):
        values = [venue for venue in told if market_kind(str(venue.market_id)) == kind]
        if values:
            n_holding = sum(venue.fits is True for venue in values)
            markets = f"{n_holding} of {plural(len(values), 'market')}"
            parts.append(f"{kind} {_extent(values)} (it holds on {markets})")
    return f"Measured on {market_kind(own.market_id)}, {own.market_id}. Elsewhere: {listing(parts)}."


def _extent(venues: Sequence[TriedReading]) -> str:
    ordered = sorted(venues, key=lambda venue: venue.value or 0.0)
    low, high = _written(ordered[0]), _written(ordered[-1])
    return low if low == high else f"{low} to {high}"


def _written(reading: TriedReading) -> str:
    value = round(reading.value, 1) if reading.value is not None and reading.unit == DAYS else reading.value
    return format_value(value, reading.unit)


def market_kind(market_id: str) -> str:
    """Spot, perpetual (its symbol names what it settles in), or prices that were observed and not traded there."""
    if is_observed(market_id):
        return OBSERVED
    return PERPETUAL if ":" in market_id.split(":", 1)[-1] else SPOT


def _bars_behind(question: Question, own: PriceSeries) -> pl.DataFrame:
    """The bars of the window, of the asset and of what it is set beside, with the last one closed before it.

    BEHIND_SCHEMA; a null high and low where a bar's range is not known.
    """
    groups, start_us, end_us = question.market.groups, question.start_us, question.end_us
    others = [name for side in question.statement.versus for name in groups.get(side, (side,))]
    found = {name: question.market.covering(name, start_us, end_us) for name in others}
    parts = [(name, series) for name, series in found.items() if series is not None and name != question.asset]
    return pl.concat([_bars(name, series, question) for name, series in ((question.asset, own), *parts)])


def _bars(asset_id: str, series: PriceSeries, question: Question) -> pl.DataFrame:
    bars = slice(max(series.last_by(question.start_us), 0), series.last_by(question.end_us) + 1)
    columns = {
        "close_time_utc": series.close_us[bars],
        "high_quote": series.highs[bars],
        "low_quote": series.lows[bars],
        "close_quote": series.closes[bars],
        "is_range_known": series.is_range_known[bars],
    }
    frame = pl.DataFrame(columns).with_columns(
        pl.lit(asset_id).alias("asset_id"),
        pl.lit(series.market_id).alias("market_id"),
        pl.lit(series.bar_name).alias("timeframe"),
        pl.from_epoch("close_time_utc", time_unit="us").dt.replace_time_zone("UTC"),
        *(pl.when("is_range_known").then(name).alias(name) for name in ("high_quote", "low_quote")),
    )
    return frame.select(*BEHIND_SCHEMA).cast(BEHIND_SCHEMA)
