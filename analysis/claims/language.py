"""The language of claims: TOML entries, read strictly into one class per kind of sentence."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from datetime import UTC as UTC_ZONE
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

CLAIMS_FILE = "claims.toml"
# How far after the news a journalist's unnamed window may lie, when a claim does not say it itself.
DEFAULT_SEARCH_HOURS = 72.0


class ClaimFileError(ValueError):
    """A claim file is wrong; the message names file, line, entry and key."""


def _require_utc(value: datetime) -> datetime:
    if value.utcoffset() != timedelta(0):
        raise ValueError("a time must be UTC: write it with a final Z")
    return value.astimezone(UTC_ZONE)


UtcTime = Annotated[datetime, AfterValidator(_require_utc)]
Fraction = Annotated[float, Field(gt=-1, le=100)]
Hours = Annotated[float, Field(gt=0, le=24 * 366)]
AssetId = Annotated[str, Field(pattern=r"^[A-Z0-9]{2,12}$")]


class _Sentence(BaseModel):
    """What every claim has: who is quoted, about which asset, after which event or time."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    episode: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    quote: str = Field(min_length=1)
    asset: AssetId
    event: str | None = None
    at: UtcTime | None = None
    market: str | None = None  # use this market and no other
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
    versus: list[AssetId] = Field(min_length=1)
    hours: Hours
    margin: float = Field(default=0.0, ge=0, le=10)


class NotDuringBroadRally(_Sentence):
    """The rest of the market did not rise along."""

    kind: Literal["not_during_broad_rally"]
    versus: list[AssetId] = Field(min_length=1)
    hours: Hours
    also_hours: list[Hours] = []  # further windows in which the claim must hold, e.g. until the reported high
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
KINDS: dict[str, type[_Sentence]] = {
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
_CLAIM: TypeAdapter[Claim] = TypeAdapter(Annotated[Claim, Field(discriminator="kind")])


def packaged_claims() -> list[Claim]:
    """The claims shipped with Aftershock."""
    return parse_claims((files("analysis.claims") / CLAIMS_FILE).read_text(encoding="utf-8"), CLAIMS_FILE)


def parse_claims(text: str, file_name: str) -> list[Claim]:
    """The claims of one file in order; ClaimFileError names file, line, entry and key when it is wrong."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        raise ClaimFileError(f"{file_name}: not valid TOML: {exc}") from exc
    unknown = sorted(set(document) - {"claim"})
    if unknown:
        line = _line_of_key(text.splitlines(), 0, unknown[0])
        raise ClaimFileError(f"{file_name} line {line}: unknown key {unknown[0]!r}; expected [[claim]] entries")
    entries = document.get("claim", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ClaimFileError(f"{file_name}: `claim` must be a list of tables: start each with [[claim]]")
    claims = [_parse_entry(entry, number, text, file_name) for number, entry in enumerate(entries)]
    _refuse_repeated_ids(claims, text, file_name)
    return claims


def merge_claims(packaged: Sequence[Claim], own: Sequence[Claim]) -> list[Claim]:
    """Both lists; a person's own claim replaces the packaged one with its id."""
    by_id = {claim.id: claim for claim in packaged} | {claim.id: claim for claim in own}
    return list(by_id.values())


def _parse_entry(entry: dict[str, object], number: int, text: str, file_name: str) -> Claim:
    lines = text.splitlines()
    start = _line_of_entry(lines, number)
    name = f"claim {entry.get('id') or f'number {number + 1}'!r}"
    kind = entry.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        line = _line_of_key(lines, start, "kind")
        raise ClaimFileError(
            f"{file_name} line {line}: {name}: kind: {kind!r} is not a kind; expected one of {', '.join(KINDS)}"
        )
    try:
        return _CLAIM.validate_python(entry)
    except ValidationError as exc:
        # A misspelt key is both unknown and missing; the line with the misspelling helps more.
        first = min(exc.errors(), key=lambda error: error["type"] != "extra_forbidden")
        keys = [str(part) for part in first["loc"] if part != kind]
        line = _line_of_key(lines, start, keys[0]) if keys else start
        where = f"{file_name} line {line}: {name}"
        raise ClaimFileError(f"{where}: {_explain(first['type'], str(first['msg']), keys, kind)}") from exc


def _explain(error_type: str, message: str, keys: list[str], kind: str) -> str:
    key = ".".join(keys)
    if error_type == "extra_forbidden":
        return f"{key}: unknown key for kind {kind!r}; expected some of {', '.join(KINDS[kind].model_fields)}"
    if error_type == "missing":
        return f"{key}: missing; a claim of kind {kind!r} needs it"
    return f"{key + ': ' if key else ''}{message.removeprefix('Value error, ')}"


def _refuse_repeated_ids(claims: list[Claim], text: str, file_name: str) -> None:
    seen: dict[str, int] = {}
    for number, claim in enumerate(claims):
        if claim.id in seen:
            line = _line_of_key(text.splitlines(), _line_of_entry(text.splitlines(), number), "id")
            raise ClaimFileError(f"{file_name} line {line}: claim {claim.id!r}: id: used twice")
        seen[claim.id] = number


def _line_of_entry(lines: list[str], number: int) -> int:
    """Line (from 1) of the `[[claim]]` header of the entry with this number (from 0)."""
    headers = [index for index, line in enumerate(lines, start=1) if re.match(r"\s*\[\[\s*claim\s*\]\]", line)]
    return headers[number] if number < len(headers) else 1


def _line_of_key(lines: list[str], start: int, key: str) -> int:
    """Line of `key` in the entry whose header is at line `start` (0: before any); the header when it is not there."""
    for index, line in enumerate(lines[start:], start=start + 1):
        if start and re.match(r"\s*\[\[", line):
            break
        if re.match(rf"\s*\[?\[?\s*[\"']?{re.escape(key)}[\"']?\s*(=|\.|\])", line):
            return index
    return max(start, 1)
