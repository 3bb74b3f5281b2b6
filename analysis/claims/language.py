"""The language of claims: TOML entries, read strictly into one class per kind of sentence."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from analysis.claims.amounts import ClaimTime, Dollars, Size
from analysis.claims.statement import Comparator, Direction, Held, Kind
from analysis.tape.funding import is_perpetual
from warehouse.config import ConfigText, Entry, EntryTable, FileForm, load_config, nearest, packaged_text

# How far after the news a swing is looked for, when a claim does not say it itself.
DEFAULT_SEARCH_HOURS = 72.0

Hours = Annotated[float, Field(gt=0, le=24 * 366)]
AssetId = Annotated[str, Field(pattern=r"^[A-Z0-9_]{2,12}$")]
_Way = Literal["up", "down", "none"]
# Kinds that are written with the names of statements; what they need is checked when they are judged.
StatementKind = Literal[
    "percent_move", "swing", "multiple", "level_crossed", "level_held", "n_period_extreme", "all_time_extreme",
    "drawdown", "range", "direction_only", "relative", "not_broad_move", "moved_with",
]  # fmt: skip


# What is said of a return, to which funding adds; a price level has none.
FUNDED_KINDS = (
    "rise_within", "peak_from_trough", "outperformed_over", "percent_move", "swing", "multiple", "direction_only",
    "relative",
)  # fmt: skip


class _Sentence(Entry):
    """What every claim has: who said what when, about which asset, after which event or time."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    episode: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    quote: str = Field(min_length=1)
    asset: AssetId
    event: str | None = None
    at: ClaimTime | None = None
    said_at: ClaimTime | None = None  # without it: the end of the claimed window
    said_by: str | None = None
    url: str | None = None
    direction: _Way | None = None
    comparator: Comparator | None = Field(default=None, strict=False)
    market: str | None = None  # use this market and no other
    funding: bool | None = None  # what a long position in the perpetual `market` earned, not its price
    study: str = "reaction"  # whose results stand beside the readings of the claim
    source: str | None = None
    note: str | None = None
    against: tuple[str, ...] | None = Field(
        default=None, strict=False
    )  # events of the ledger that speak against what the sentence says or presumes
    if_missing: str | None = None  # what data would answer the claim, where prices do not exist

    @model_validator(mode="after")
    def _check_anchor(self) -> _Sentence:
        if self.event is not None and self.at is not None:
            raise ValueError("give either `event` (an event id) or `at` (a UTC time)")
        if self.event is None and self.at is None and not self._may_stand_alone():
            raise ValueError("give either `event` (an event id) or `at` (a UTC time)")
        return self

    @model_validator(mode="after")
    def _check_funding(self) -> _Sentence:
        if self.funding and not is_perpetual(self.market or ""):
            raise ValueError("`funding` is of a perpetual: give its `market`, for example binanceusdm:TAO/USDT:USDT")
        kinds = [str(getattr(part, "kind", "")) for part in getattr(self, "parts", (self,))]
        if self.funding and (wrong := [kind for kind in kinds if kind not in FUNDED_KINDS]):
            raise ValueError(f"`funding` adds to returns; {wrong[0]} is no return: one of {', '.join(FUNDED_KINDS)}")
        return self

    def _may_stand_alone(self) -> bool:
        """Whether the claim has a window without an event or an instant."""
        return False


class RiseWithin(_Sentence):
    """The asset rose (a negative `rise`, or direction down: fell) by a fraction within some hours of the news."""

    kind: Literal["rise_within"]
    rise: Size
    hours: Hours
    tolerance: float | None = Field(default=None, ge=0, le=1)
    search_hours: Hours = DEFAULT_SEARCH_HOURS

    @model_validator(mode="after")
    def _check_signs(self) -> RiseWithin:
        if self.direction == "up" and self.rise < 0:
            raise ValueError("a negative `rise` is a fall; take the sign or the direction away")
        return self


class PeakFromTrough(_Sentence):
    """From its low to a later high (direction down: high to a later low) it moved a fraction within some hours."""

    kind: Literal["peak_from_trough"]
    rise: Size
    hours: Hours
    tolerance: float | None = Field(default=None, ge=0, le=1)
    search_hours: Hours = DEFAULT_SEARCH_HOURS


class Level(_Sentence):
    """The asset traded at a price or above it (direction down: or below it) within some hours of the news."""

    kind: Literal["level"]
    price: Dollars
    hours: Hours
    tolerance: float | None = Field(default=None, ge=0, le=1)


class NWeekHigh(_Sentence):
    """A price was the asset's highest (direction down: lowest) in so many weeks."""

    kind: Literal["n_week_high"]
    price: Dollars
    weeks: float = Field(gt=0, le=520)
    hours: Hours


class HighestSince(_Sentence):
    """The asset traded higher (direction down: lower) than at any time since a date."""

    kind: Literal["highest_since"]
    since: ClaimTime
    hours: Hours


class OutperformedOver(_Sentence):
    """The asset did better (direction down: worse) than others over some hours."""

    kind: Literal["outperformed_over"]
    versus: tuple[AssetId, ...] = Field(min_length=1)
    hours: Hours
    margin: Size = 0.0


class NotDuringBroadRally(_Sentence):
    """The rest of the market did not rise (direction down: fall) along."""

    kind: Literal["not_during_broad_rally"]
    versus: tuple[AssetId, ...] = Field(min_length=1)
    hours: Hours
    also_hours: tuple[Hours, ...] = ()  # further windows in which the claim must hold, e.g. until the reported high
    threshold: float | None = Field(default=None, gt=0, le=1)


class LeadSustained(_Sentence):
    """The asset's lead over a peer (direction down: its lag) still stood after some hours."""

    kind: Literal["lead_sustained"]
    peer: AssetId
    hours: Hours


class ReactedTo(_Sentence):
    """The asset moved unusually after the news."""

    kind: Literal["reacted_to"]
    hours: Hours
    direction: Literal["up", "down", "none", "either"] | None = "either"  # type: ignore[assignment] # one word more
    level: float = Field(default=0.05, gt=0, lt=1)


class Premium(_Sentence):
    """A kind of news, and more of it the worse it is, lifts the asset: tested over all such events."""

    kind: Literal["premium"]
    category: str = Field(pattern=r"^[a-z_]+$")
    hours: Hours = 24.0
    least_events: int = Field(default=5, ge=2)


class IncidentClaim(_Sentence):
    """A provider's service failed on the day of `at`, and lasted so many hours; `asset` is whom it is told of."""

    kind: Literal["incident"]
    provider: str = Field(pattern=r"^[a-z0-9_]+$")
    lasted_hours: Hours | None = None


class SentencePart(Entry):
    """One half of a sentence: what is said of the window and the asset that the whole claim has."""

    kind: StatementKind
    direction: _Way = "up"
    comparator: Comparator | None = Field(default=None, strict=False)
    size: Size | None = None
    size_high: Size | None = None
    factor: float | None = Field(default=None, gt=0)  # of `multiple`: 2.0 is doubled, 0.5 halved
    price: Dollars | None = None
    price_high: Dollars | None = None
    peak: Dollars | None = None
    versus: tuple[AssetId, ...] = ()
    period: str | None = None  # of `n_period_extreme`: P3W, since:2026-01
    amount: Dollars | None = None  # of `direction_only`: how many dollars it moved
    as_amount: Comparator | None = Field(default=None, strict=False)  # of a price that may be by how much it moved
    held: Held | None = Field(default=None, strict=False)  # of `level_held`, for how much of the window
    written: str | None = None  # the number as it was written, for its digits
    tolerance: float | None = Field(default=None, ge=0, le=1)
    negated: bool | None = None  # "never below"
    range_bound: bool | None = None  # of `direction_only` none: range-bound, not flat
    as_of: ClaimTime | None = None  # when an extreme was set


class _InWindow(_Sentence):
    """A claim whose window is said as a token (`weekend`, `P7D`, `ytd`), or as hours after its event or time."""

    window: str | None = None
    hours: Hours | None = None

    @model_validator(mode="after")
    def _check_window(self) -> _InWindow:
        if self.window is not None and self.hours is not None:
            raise ValueError("give either `window` (a token such as weekend or P7D) or `hours`")
        if self.hours is not None and self.event is None and self.at is None:
            raise ValueError("`hours` count from an `event` or `at`; give one, or a `window`")
        if self.said_at is None and self.hours is None:
            raise ValueError("a `window` ends when it is said; give `said_at`")
        return self

    def _may_stand_alone(self) -> bool:
        return True


class Stated(_InWindow, SentencePart):
    """A claim written as a statement is: any kind, any window, either direction."""

    kind: StatementKind
    direction: _Way = "up"
    comparator: Comparator | None = Field(default=None, strict=False)


class Conjunction(_InWindow):
    """Several things said of one asset in one window, judged together and apart."""

    kind: Literal["conjunction"]
    parts: tuple[SentencePart, ...] = Field(min_length=2)


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
    | IncidentClaim
    | Stated
    | Conjunction
)
_OLD_KINDS: Mapping[str, type[Claim]] = {
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
    "incident": IncidentClaim,
    "conjunction": Conjunction,
}
_STATED_KINDS = (
    Kind.PERCENT_MOVE, Kind.SWING, Kind.MULTIPLE, Kind.LEVEL_CROSSED, Kind.LEVEL_HELD, Kind.N_PERIOD_EXTREME,
    Kind.ALL_TIME_EXTREME, Kind.DRAWDOWN, Kind.RANGE, Kind.DIRECTION_ONLY, Kind.RELATIVE, Kind.NOT_BROAD_MOVE,
    Kind.MOVED_WITH,
)  # fmt: skip
KINDS: Mapping[str, type[Claim]] = {**_OLD_KINDS, **{kind.value: Stated for kind in _STATED_KINDS}}
CLAIMS = EntryTable("claim", KINDS, exclusive=(("event", "at"),))
CLAIM_FORM = FileForm((CLAIMS,))


def claimed_direction(word: str | None) -> Direction:
    """The direction that a claim names: up by default, none for `either`."""
    return Direction.NONE if word in ("none", "either") else Direction(word or "up")


def packaged_claims(own: ConfigText | None = None, known_events: Collection[str] | None = None) -> list[Claim]:
    """The claims shipped with Aftershock, extended or overridden by id, key by key, by a person's own."""
    return read_claims(packaged_text("analysis.claims", "claims.toml"), own, known_events=known_events)


def read_claims(*texts: ConfigText | None, known_events: Collection[str] | None = None) -> list[Claim]:
    """The claims of all texts, later ones over earlier ones; ConfigError names file, line, entry and key.

    Where `known_events` are given, what speaks against a claim must be one of them.
    """
    loaded = load_config(CLAIM_FORM, *texts)
    claims = list(loaded.entries(CLAIMS))
    for claim in claims:
        for event_id in claim.against or ():
            if known_events is not None and event_id not in known_events:
                meant = nearest(event_id, list(known_events))
                hint = f"did you mean {meant!r}?" if meant else "add it to events.toml"
                raise loaded.error(CLAIMS, (claim.id,), "against", f"{event_id!r} is no event of the ledger; {hint}")
    return claims
