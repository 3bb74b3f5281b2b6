"""What a claim comes to: its readings, its verdict, and the sentences and numbers that go with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import polars as pl

from analysis.claims.judging.beside import BEHIND_SCHEMA
from analysis.claims.judging.market import MarketEvidence
from analysis.claims.statement import StatementVerdict
from analysis.tape.funding import FundingRecord
from warehouse.tables.bars import parse_bar
from warehouse.tables.choice import MARKET_CHOICE
from warehouse.tables.news import INCIDENT


class Weight(StrEnum):
    """How much a reading counts."""

    DECISIVE = "decisive"  # what the words say
    ALTERNATIVE = "alternative"  # what they may mean
    VENUE = "venue"  # the same on another market
    CONTEXT = "context"  # what a reader should know; it earns no credit


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a claim, and what it gives; `value` None means that it cannot be measured."""

    reading_id: str
    description: str
    weight: Weight
    unit: str
    value: float | None
    detail: str
    is_satisfied: bool | None = None
    from_utc: datetime | None = None
    to_utc: datetime | None = None
    market_id: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What verdicts may rest on: prices, and rows of core.event, out.study_result, out.dose_response and core.incident.

    `choices`: out.market_choice at the events of the studies; the market that was chosen there stands for the asset.
    """

    market: MarketEvidence
    events: pl.DataFrame
    studies: pl.DataFrame
    responses: pl.DataFrame
    incidents: pl.DataFrame = field(default_factory=INCIDENT.empty)
    choices: pl.DataFrame = field(default_factory=MARKET_CHOICE.empty)
    funding: Mapping[str, FundingRecord] = field(default_factory=dict)  # by market

    def market_at(self, event_id: str | None) -> MarketEvidence:
        """The prices with the markets that were chosen at an event first."""
        chosen = self.choices.filter(pl.col("event_id") == (event_id or "")).select(
            "asset_id", "market_id", "timeframe"
        )
        return self.market.preferring(
            {asset: (market, parse_bar(timeframe).hours) for asset, market, timeframe in chosen.iter_rows()}
        )


@dataclass(frozen=True, slots=True)
class Finding:
    """All readings of one claim with the verdict and the sentence one may print instead."""

    verdict: StatementVerdict
    readings: tuple[Reading, ...]
    measured: str
    closest_true_statement: str
    claimed_value: float | None = None
    unit: str | None = None
    reason: str | None = None  # why it cannot be told
    n_comparable: int | None = None  # the one count of stretches it is compared with
    n_as_large: int | None = None
    rarity: str | None = None  # how those were counted
    elsewhere: str | None = None  # what other venues say, spot and perpetual apart
    offer: str | None = None
    warning: str | None = None
    timeframe: str | None = None  # bar length of the headline reading
    data_as_of: datetime | None = None
    is_near_miss: bool = False
    bars: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=BEHIND_SCHEMA))
    specification: Mapping[str, object] = field(default_factory=dict)  # what it rests on, for its fingerprint


def unknown(reason: str, claimed: float | None = None, unit: str | None = None) -> Finding:
    """The finding when the claim cannot be measured at all."""
    sentence = f"It cannot be told from the data at hand: {reason}."
    reading = Reading("none", "no reading possible", Weight.DECISIVE, unit or "", None, reason)
    return Finding(
        StatementVerdict.CANNOT_BE_TOLD, (reading,), f"Nothing was measured: {reason}.", sentence, claimed, unit,
        reason,
    )  # fmt: skip
