"""What goes into a verdict: the evidence, the readings of a sentence, and the finding they add up to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import polars as pl

from analysis.claims.language import Claim
from analysis.claims.tape import Absence, Choice, Tape, select_tape
from warehouse.tables.choice import MARKET_CHOICE
from warehouse.tables.prices import CANDLE
from warehouse.tables.units import iso_day


class Weight(StrEnum):
    """How much a reading counts: what the words say, what they may have meant, or what a reader should know."""

    DECISIVE = "decisive"
    ALTERNATIVE = "alternative"
    CONTEXT = "context"


class Verdict(StrEnum):
    """The four answers."""

    SUPPORTED = "supported"
    PARTLY = "partly"
    NOT_SUPPORTED = "not_supported"
    CANNOT_BE_TOLD = "cannot_be_told"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Frames a verdict may rest on.

    `candles`: core.candle rows by asset id; `assets`: core.asset; `events`: core.event; `studies`: out.study_result;
    `responses`: out.dose_response; `choices`: out.market_choice at the events of the studies. `event_id` names the
    event that the claim in hand is about.
    """

    candles: Mapping[str, pl.DataFrame]
    assets: pl.DataFrame
    events: pl.DataFrame
    studies: pl.DataFrame
    responses: pl.DataFrame
    choices: pl.DataFrame = field(default_factory=MARKET_CHOICE.empty)
    event_id: str | None = None

    def chosen_for(self, asset_id: str) -> Choice | None:
        """Market and bar length that stand for the asset at the event in hand; None where nothing was chosen."""
        rows = self.choices.filter(pl.col("asset_id") == asset_id, pl.col("event_id") == self.event_id)
        return (rows["market_id"][0], rows["timeframe"][0]) if rows.height else None

    def candles_of(self, asset_id: str) -> pl.DataFrame:
        """The candles of one asset; no rows when none are stored."""
        return self.candles.get(asset_id, CANDLE.empty())


@dataclass(frozen=True, slots=True)
class Anchor:
    """When the news could be read: not before `earliest`, first in public at `best`, by everybody at `latest`."""

    event_id: str | None
    earliest: datetime
    best: datetime
    latest: datetime


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
class Finding:
    """All readings of one claim, with the sentence one may print instead."""

    readings: tuple[Reading, ...]
    measured: str
    closest_true_statement: str
    claimed_value: float | None
    unit: str | None
    n_placebo: int | None = None
    missing_data: str | None = None
    tapes: tuple[Tape, ...] = field(default=())
    data_as_of: datetime | None = None  # for findings that rest on other results than tapes


def find_anchor(claim: Claim, events: pl.DataFrame) -> Anchor | Absence:
    """The times of the claim's event, or its stated time; Absence when the event is not known."""
    if claim.at is not None:
        return Anchor(None, claim.at, claim.at, claim.at)
    rows = events.filter(pl.col("event_id") == claim.event)
    if not rows.height:
        return Absence(f"the event {claim.event} is not in the event table: `aftershock events list` shows what is")
    row = rows.row(0, named=True)
    return Anchor(row["event_id"], row["earliest_at_utc"], row["best_at_utc"], row["latest_at_utc"])


def tape_of(
    evidence: Evidence,
    asset: str,
    start: datetime,
    end: datetime,
    market: str | None = None,
    finest_hours: float = 0.0,
) -> Tape | Absence:
    """The tape of an asset, or why there is none; a merged or ended asset says so."""
    chosen = evidence.chosen_for(asset)
    found = select_tape(evidence.candles_of(asset), asset, start, end, market, finest_hours, chosen)
    if isinstance(found, Tape):
        return found
    history = evidence.assets.filter(pl.col("asset_id") == asset)
    if not history.height:
        return found
    row = history.row(0, named=True)
    ended, successor = row["valid_to_utc"], row["successor_asset_id"]
    if ended is None or ended >= end:
        return found
    became = f" and became {successor}" if successor else ""
    return Absence(f"{found.reason}; {asset} ended on {iso_day(ended)}{became}")


def nothing_known(reason: str, claimed: float | None, unit: str | None, missing: str | None) -> Finding:
    """The finding when the claim cannot be measured at all."""
    return Finding(
        readings=(Reading("none", "no reading possible", Weight.DECISIVE, unit or "", None, reason),),
        measured=f"Nothing: {reason}.",
        closest_true_statement=f"It cannot be told from the data at hand: {reason}.",
        claimed_value=claimed,
        unit=unit,
        missing_data=missing or reason,
    )


def judge_readings(readings: tuple[Reading, ...]) -> Verdict:
    """The verdict from the readings.

    Cannot be told when no decisive reading has a value. Supported when every decisive reading holds and no more than
    half of the measured alternatives fail. Partly when anything decisive or alternative holds. Else not supported.
    """
    decisive = [r for r in readings if r.weight is Weight.DECISIVE and r.is_satisfied is not None]
    alternatives = [r for r in readings if r.weight is Weight.ALTERNATIVE and r.is_satisfied is not None]
    if not decisive:
        return Verdict.CANNOT_BE_TOLD
    n_failing = sum(not r.is_satisfied for r in alternatives)
    if all(r.is_satisfied for r in decisive) and 2 * n_failing <= len(alternatives):
        return Verdict.SUPPORTED
    return Verdict.PARTLY if any(r.is_satisfied for r in decisive + alternatives) else Verdict.NOT_SUPPORTED
