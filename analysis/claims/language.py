"""The language of claims: TOML entries, read strictly into one class per kind of sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from warehouse.config import ConfigText, Entry, EntryTable, FileForm, UtcTime, load_config, packaged_text

# How far after the news a journalist's unnamed window may lie, when a claim does not say it itself.
DEFAULT_SEARCH_HOURS = 72.0


Fraction = Annotated[float, Field(gt=-1, le=100)]
Hours = Annotated[float, Field(gt=0, le=24 * 366)]
AssetId = Annotated[str, Field(pattern=r"^[A-Z0-9]{2,12}$")]


class _Sentence(Entry):
    """What every claim has: who is quoted, about which asset, after which event or time."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    episode: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    quote: str = Field(min_length=1)
    asset: AssetId
    event: str | None = None
    at: UtcTime | None = None
    market: str | None = None  # use this market and no other
    study: str = "reaction"  # whose results stand beside the readings of the claim
    source: str | None = None
    note: str | None = None
    if_missing: str | None = None  # what data would answer the claim, where prices do not exist

    @model_validator(mode="after")
    def _check_anchor(self) -> _Sentence:
        if (self.event is None) == (self.at is None):
            raise ValueError("give either `event` (an event id) or `at` (a UTC time)")
        return self


class RiseWithin(_Sentence):
    """The asset rose (a negative `rise`: fell) by a fraction within some hours of the news."""

    kind: Literal["rise_within"]
    rise: Fraction
    hours: Hours
    tolerance: float = Field(default=0.02, ge=0, le=1)
    search_hours: Hours = DEFAULT_SEARCH_HOURS


class PeakFromTrough(_Sentence):
    """From its low to a later high the asset gained a fraction within some hours."""

    kind: Literal["peak_from_trough"]
    rise: float = Field(gt=0, le=100)
    hours: Hours
    tolerance: float = Field(default=0.02, ge=0, le=1)
    search_hours: Hours = DEFAULT_SEARCH_HOURS


class Level(_Sentence):
    """The asset traded at a price or above it within some hours of the news."""

    kind: Literal["level"]
    price: float = Field(gt=0)
    hours: Hours
    tolerance: float = Field(default=0.005, ge=0, le=1)


class NWeekHigh(_Sentence):
    """A price was the asset's highest in so many weeks."""

    kind: Literal["n_week_high"]
    price: float = Field(gt=0)
    weeks: float = Field(gt=0, le=520)
    hours: Hours
    tolerance_days: float = Field(default=1.0, ge=0, le=30)


class HighestSince(_Sentence):
    """The asset traded higher than at any time since a date."""

    kind: Literal["highest_since"]
    since: UtcTime
    hours: Hours


class OutperformedOver(_Sentence):
    """The asset did better than others over some hours."""

    kind: Literal["outperformed_over"]
    versus: tuple[AssetId, ...] = Field(min_length=1)
    hours: Hours
    margin: float = Field(default=0.0, ge=0, le=10)


class NotDuringBroadRally(_Sentence):
    """The rest of the market did not rise along."""

    kind: Literal["not_during_broad_rally"]
    versus: tuple[AssetId, ...] = Field(min_length=1)
    hours: Hours
    also_hours: tuple[Hours, ...] = ()  # further windows in which the claim must hold, e.g. until the reported high
    threshold: float = Field(default=0.03, gt=0, le=1)


class LeadSustained(_Sentence):
    """The asset's lead over a peer still stood after some hours."""

    kind: Literal["lead_sustained"]
    peer: AssetId
    hours: Hours
    early_hours: Hours = 24.0


class ReactedTo(_Sentence):
    """The asset moved unusually after the news."""

    kind: Literal["reacted_to"]
    hours: Hours
    direction: Literal["up", "down", "either"] = "either"
    level: float = Field(default=0.05, gt=0, lt=1)


class Premium(_Sentence):
    """A kind of news, and more of it the worse it is, lifts the asset: tested over all such events."""

    kind: Literal["premium"]
    category: str = Field(pattern=r"^[a-z_]+$")
    hours: Hours = 24.0
    least_events: int = Field(default=5, ge=2)


Claim = (
    RiseWithin
    | PeakFromTrough
    | Level
    | NWeekHigh
    | HighestSince
    | OutperformedOver
    | NotDuringBroadRally
    | LeadSustained
    | ReactedTo
    | Premium
)
KINDS: Mapping[str, type[Claim]] = {
    "rise_within": RiseWithin,
    "peak_from_trough": PeakFromTrough,
    "level": Level,
    "n_week_high": NWeekHigh,
    "highest_since": HighestSince,
    "outperformed_over": OutperformedOver,
    "not_during_broad_rally": NotDuringBroadRally,
    "lead_sustained": LeadSustained,
    "reacted_to": ReactedTo,
    "premium": Premium,
}
CLAIMS = EntryTable("claim", KINDS, exclusive=(("event", "at"),))
CLAIM_FORM = FileForm((CLAIMS,))


def packaged_claims(own: ConfigText | None = None) -> list[Claim]:
    """The claims shipped with Aftershock, extended or overridden by id, key by key, by a person's own."""
    return read_claims(packaged_text("analysis.claims", "claims.toml"), own)


def read_claims(*texts: ConfigText | None) -> list[Claim]:
    """The claims of all texts, later ones over earlier ones; ConfigError names file, line, entry and key."""
    return list(load_config(CLAIM_FORM, *texts).entries(CLAIMS))
