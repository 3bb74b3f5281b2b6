"""Claims in, verdicts and readings out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from analysis.claims.comparisons import measure_lead, measure_outperformance, measure_rally
from analysis.claims.language import Claim, PeakFromTrough, RiseWithin
from analysis.claims.levels import LOOK_BACK_TIMES, measure_highest_since, measure_level, measure_week_high
from analysis.claims.premium import measure_premium
from analysis.claims.reactions import measure_reaction
from analysis.claims.reading import Anchor, Evidence, Finding, find_anchor, judge_readings, nothing_known
from analysis.claims.rises import measure_rise, measure_swing
from analysis.claims.tape import HISTORY_DAYS, Absence
from analysis.results.fingerprint import SourceCode, fingerprint
from warehouse.tables.claims import CLAIM, CLAIM_READING, CLAIM_VERDICT

_SOURCE = SourceCode("analysis.claims.verdicts")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Context readings look this far beyond the news whatever the claim says.
LATER_HOURS = 168.0

# Each measure takes its own kind of claim; the language's `kind` picks it.
MEASURES: dict[str, Callable[[Any, Anchor, Evidence], Finding]] = {
    "rise_within": measure_rise,
    "peak_from_trough": measure_swing,
    "level": measure_level,
    "n_week_high": measure_week_high,
    "highest_since": measure_highest_since,
    "outperformed_over": measure_outperformance,
    "not_during_broad_rally": measure_rally,
    "lead_sustained": measure_lead,
    "reacted_to": measure_reaction,
    "premium": measure_premium,
}
_NOT_PARAMETERS = {"id", "episode", "quote", "kind", "asset", "event", "source"}


def claim_frame(claims: Sequence[Claim]) -> pl.DataFrame:
    """core.claim rows."""
    rows = [
        {
            "claim_id": claim.id,
            "episode": claim.episode,
            "quote": claim.quote,
            "kind": claim.kind,
            "asset_id": claim.asset,
            "event_id": claim.event,
            "parameters_json": claim.model_dump_json(exclude=_NOT_PARAMETERS, exclude_none=True),
            "source": claim.source,
        }
        for claim in claims
    ]
    return CLAIM.conform(pl.DataFrame(rows, schema=CLAIM.schema))


def claimed_span(claims: Sequence[Claim], events: pl.DataFrame) -> tuple[datetime, datetime]:
    """The stretch of time whose prices can matter to these claims: history to compare with, and the longest window."""
    anchors = [find_anchor(claim, events) for claim in claims]
    known = [anchor for anchor in anchors if isinstance(anchor, Anchor)]
    starts = [anchor.earliest for anchor in known] + [claim.since for claim in claims if claim.kind == "highest_since"]
    weeks = max((claim.weeks for claim in claims if claim.kind == "n_week_high"), default=0.0)
    hours = max((claim.hours for claim in claims), default=0.0)
    search = max(
        (claim.search_hours for claim in claims if isinstance(claim, RiseWithin | PeakFromTrough)), default=0.0
    )
    first = min(starts, default=_EPOCH) - timedelta(days=HISTORY_DAYS) - timedelta(weeks=weeks * LOOK_BACK_TIMES)
    last = max((anchor.latest for anchor in known), default=_EPOCH) + timedelta(hours=max(hours, search, LATER_HOURS))
    return first, last


def judge(claims: Sequence[Claim], evidence: Evidence) -> tuple[pl.DataFrame, pl.DataFrame]:
    """out.claim_verdict and out.claim_reading rows, one verdict per claim, every reading that was tried."""
    verdicts, readings = [], []
    for claim in claims:
        finding = _find(claim, evidence)
        verdicts.append(_verdict_row(claim, finding))
        readings += _reading_rows(claim, finding)
    return (
        CLAIM_VERDICT.conform(pl.DataFrame(verdicts, schema=CLAIM_VERDICT.schema)),
        CLAIM_READING.conform(pl.DataFrame(readings, schema=CLAIM_READING.schema)),
    )


def _find(claim: Claim, evidence: Evidence) -> Finding:
    anchor = find_anchor(claim, evidence.events)
    if isinstance(anchor, Absence):
        return nothing_known(anchor.reason, None, None, claim.if_missing)
    own = evidence.studies.filter(pl.col("study_id") == claim.study)
    return MEASURES[claim.kind](claim, anchor, replace(evidence, studies=own, event_id=anchor.event_id))


def _verdict_row(claim: Claim, finding: Finding) -> dict[str, object]:
    closes = [tape.close_time(len(tape.opens_at) - 1) for tape in finding.tapes]
    markets = {tape.market_id for tape in finding.tapes}
    markets |= {name for reading in finding.readings for name in (reading.market_id or "").split(",") if name}
    statement = finding.closest_true_statement + (f" {claim.note}" if claim.note else "")
    return {
        "claim_id": claim.id,
        "episode": claim.episode,
        "quote": claim.quote,
        "verdict": judge_readings(finding.readings).value,
        "measured": finding.measured,
        "measured_value": finding.readings[0].value,
        "claimed_value": finding.claimed_value,
        "unit": finding.unit,
        "closest_true_statement": statement,
        "n_placebo": finding.n_placebo,
        "venue": ", ".join(sorted(markets)) or None,
        "missing_data": finding.missing_data,
        "spec_sha256": _spec_hash(claim, finding),
        "data_as_of_utc": max(closes, default=finding.data_as_of),
    }


def _reading_rows(claim: Claim, finding: Finding) -> list[dict[str, object]]:
    return [
        {
            "claim_id": claim.id,
            "reading_id": reading.reading_id,
            "description": reading.description,
            "weight": reading.weight.value,
            "value": reading.value,
            "unit": reading.unit,
            "from_utc": reading.from_utc,
            "to_utc": reading.to_utc,
            "is_satisfied": reading.is_satisfied,
            "market_id": reading.market_id,
            "detail": reading.detail,
        }
        for reading in finding.readings
    ]


def _spec_hash(claim: Claim, finding: Finding) -> str:
    """Fingerprint of the method, the whole claim, and what was read from the data."""
    tapes = [
        (tape.market_id, tape.timeframe, tape.opens_at[0], len(tape.opens_at), tape.closes) for tape in finding.tapes
    ]
    values = [(reading.reading_id, reading.value) for reading in finding.readings]
    return fingerprint(_SOURCE, claim.model_dump(mode="json"), tapes, values)
