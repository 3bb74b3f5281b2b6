"""Claims in, verdicts and readings out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

import polars as pl

from analysis.claims.finding import Evidence, Finding, Reading, Weight, unknown
from analysis.claims.incidents import check_incident
from analysis.claims.judging.beside import BEHIND_SCHEMA, look_beside
from analysis.claims.judging.judge import judge_statement, pose_question
from analysis.claims.judging.offers import find_window
from analysis.claims.language import Claim, Conjunction, IncidentClaim, Premium
from analysis.claims.premium import measure_premium
from analysis.claims.quotes import quote_warnings
from analysis.claims.reading import FRACTION, Anchor, AnchorError, ClaimPart, find_anchor, read_parts
from analysis.claims.statement import Judgement, StatementVerdict, TriedReading
from analysis.claims.studies import study_readings
from analysis.results.fingerprint import SourceCode, fingerprint
from analysis.tape.funding import why_no_rates
from warehouse.tables.bars import HOUR
from warehouse.tables.claims import CLAIM, CLAIM_BAR, CLAIM_READING, CLAIM_VERDICT
from warehouse.tables.units import listing, moment

_SOURCE = SourceCode("analysis.claims.verdicts")
_NOT_PARAMETERS = {"id", "episode", "quote", "kind", "asset", "event", "source", "said_at", "said_by", "url"}
# Verdicts of parts, the one that decides first: what is wrong is wrong whatever else is true.
_SEVEREST_FIRST = (
    StatementVerdict.NOT_SUPPORTED,
    StatementVerdict.CANNOT_BE_TOLD,
    StatementVerdict.OVERSTATED,
    StatementVerdict.UNDERSTATED,
    StatementVerdict.ANOTHER_READING,
    StatementVerdict.SUPPORTED,
)
# Counts of comparable windows beside the claim's own, which would be a second one on the screen.
_OTHER_COUNTS = ("placebo_rank", "earlier_stretches")
_WEIGHTS = {"literal": Weight.DECISIVE, "elsewhere": Weight.VENUE, "earlier_stretches": Weight.CONTEXT}


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
            "said_at_utc": claim.said_at,
            "said_by": claim.said_by,
            "url": claim.url,
        }
        for claim in claims
    ]
    return CLAIM.conform(pl.DataFrame(rows, schema=CLAIM.schema))


class JudgedClaims(NamedTuple):
    """out.claim_verdict, out.claim_reading and out.claim_bar rows."""

    verdicts: pl.DataFrame
    readings: pl.DataFrame
    bars: pl.DataFrame


def judge(claims: Sequence[Claim], evidence: Evidence) -> JudgedClaims:
    """One verdict per claim, every reading that was tried, and the bars that the headline reading rests on.

    A claim that cannot be measured has a row that says why; it takes no other with it.
    """
    verdicts, readings, bars = [], [], [CLAIM_BAR.empty()]
    for claim in claims:
        finding = judge_one_claim(claim, evidence)
        verdicts.append(_verdict_row(claim, finding))
        readings += _reading_rows(claim, finding)
        own = finding.bars.select(pl.lit(claim.id).alias("claim_id"), *BEHIND_SCHEMA)
        bars.append(own.unique(CLAIM_BAR.key, maintain_order=True))
    return JudgedClaims(
        CLAIM_VERDICT.conform(pl.DataFrame(verdicts, schema=CLAIM_VERDICT.schema)),
        CLAIM_READING.conform(pl.DataFrame(readings, schema=CLAIM_READING.schema)),
        CLAIM_BAR.conform(pl.concat(bars)),
    )


def judge_one_claim(claim: Claim, evidence: Evidence) -> Finding:
    """The finding on one claim: its parts judged together and apart, with what stands beside them."""
    if isinstance(claim, Premium):
        return measure_premium(claim, evidence.responses)
    if isinstance(claim, IncidentClaim):
        return check_incident(claim, evidence.incidents)
    try:
        anchor = find_anchor(claim, evidence.events)
        parts = read_parts(claim, anchor)
    except AnchorError as exc:
        return unknown(str(exc))
    if anchor is not None:
        evidence = replace(evidence, market=evidence.market_at(anchor.event_id))
    paid: list[Reading] = []
    if claim.funding:
        held = _after_funding(parts, str(claim.market), evidence)
        if isinstance(held, str):
            return unknown(held, parts[0].claimed, parts[0].unit)
        traded, (evidence, paid) = evidence.market, held
    judged = [_judge_part(part, evidence) for part in parts]
    finding = _together(claim, parts, judged, evidence)
    if claim.funding:
        # What was traded are the prices before funding.
        finding = replace(finding, bars=look_beside(parts[0].statement, judged[0], traded).bars)
    context = [*paid, *_context(claim, judged[0], anchor, evidence)]
    finding = replace(finding, readings=_with_context(finding, context))
    if finding.verdict is StatementVerdict.SUPPORTED:
        return finding
    return replace(finding, offer=_offer(claim, parts, anchor, evidence))


def _after_funding(
    parts: Sequence[ClaimPart], market_id: str, evidence: Evidence
) -> tuple[Evidence, list[Reading]] | str:
    """The evidence with the claim's market after funding and how much that is, or why it cannot be told."""
    record = evidence.funding.get(market_id)
    if record is None:
        return why_no_rates(market_id)
    question = pose_question(parts[0].statement, evidence.market)
    if isinstance(question, str):
        return question
    added = record.simple_return(question.start_us, question.end_us)
    words = record.words_of(question.start_us, question.end_us)
    if added is None:
        return words
    market = evidence.market.after_funding(parts[0].statement.asset, record, question.start_us)
    description = "what funding added to a long position in the perpetual over the window"
    at = question.window
    paid = Reading(
        "funding", description, Weight.CONTEXT, FRACTION, added, words, None, at.from_utc, at.to_utc, market_id
    )
    return replace(evidence, market=market), [paid]


def _judge_part(part: ClaimPart, evidence: Evidence) -> Judgement:
    """The judgement from the first public report; from a later confirmation is another reading."""
    first = judge_statement(part.statement, evidence.market)
    for window in part.later_starts:
        later = judge_statement(replace(part.statement, window=window), evidence.market)
        literal = next((reading for reading in later.readings if reading.name == "literal"), None)
        if literal is None:
            continue
        words = f"after the last public confirmation: {literal.detail}"
        first = replace(first, readings=(*first.readings, replace(literal, name="from_confirmation", detail=words)))
        is_wrong = first.verdict in (StatementVerdict.NOT_SUPPORTED, StatementVerdict.OVERSTATED)
        if is_wrong and later.verdict is StatementVerdict.SUPPORTED:
            first = replace(first, verdict=StatementVerdict.ANOTHER_READING, closest_true=f"{first.measured} {words}.")
    return first


def _together(claim: Claim, parts: list[ClaimPart], judged: list[Judgement], evidence: Evidence) -> Finding:
    """One finding from all parts; the severest verdict is the claim's."""
    verdict = _combine(parts, judged)
    head = judged[0]
    lead = next((tried for tried in head.readings if tried.name == "literal"), None)
    measured = " ".join(_capitalised(judgement.measured) for judgement in judged)
    reasons = [judgement.reason for judgement in judged if judgement.reason]
    beside = [look_beside(part.statement, found, evidence.market) for part, found in zip(parts, judged, strict=True)]
    readings = [
        reading
        for number, (part, judgement, others) in enumerate(zip(parts, judged, beside, strict=True))
        for reading in _readings(part, (*judgement.readings, *others.venues), judgement, len(parts) > 1 and number + 1)
    ]
    warnings = [*quote_warnings(claim, parts), *_clipped(parts)]
    rarity = beside[0].rarity
    return Finding(
        verdict=verdict,
        readings=tuple(readings),
        measured=measured,
        closest_true_statement=" ".join(_capitalised(judgement.closest_true) for judgement in judged),
        claimed_value=parts[0].claimed,
        unit=parts[0].unit if lead is None or parts[0].claimed is not None else lead.unit,
        reason="; ".join(reasons) if verdict is StatementVerdict.CANNOT_BE_TOLD else None,
        warning="; ".join(warnings) or None,
        n_comparable=rarity.n_stretches if rarity else None,
        n_as_large=rarity.n_as_large if rarity else None,
        rarity=rarity.words if rarity else None,
        elsewhere=" ".join(words for item in beside if (words := item.elsewhere)) or None,
        timeframe=beside[0].bar_name,
        data_as_of=max((item.last_close for item in beside if item.last_close is not None), default=None),
        bars=pl.concat([item.bars for item in beside]),
        is_near_miss=any(judgement.is_near_miss for judgement in judged),
    )


def _combine(parts: list[ClaimPart], judged: list[Judgement]) -> StatementVerdict:
    decisive = [j.verdict for part, j in zip(parts, judged, strict=True) if part.is_decisive]
    verdict = min(decisive, key=_SEVEREST_FIRST.index)
    others = [j.verdict for part, j in zip(parts, judged, strict=True) if not part.is_decisive]
    fails = StatementVerdict.NOT_SUPPORTED in others or StatementVerdict.OVERSTATED in others
    return StatementVerdict.OVERSTATED if verdict is StatementVerdict.SUPPORTED and fails else verdict


def _readings(
    part: ClaimPart, tried: Sequence[TriedReading], judgement: Judgement, number: int | None
) -> list[Reading]:
    """The tried readings as rows; a name that comes twice is numbered."""
    prefix = f"part_{number}_" if number else ""
    if not judgement.readings:
        reason = judgement.reason or judgement.measured
        return [Reading(f"{prefix}literal", "no reading possible", Weight.DECISIVE, part.unit, None, reason)]
    rows, seen = [], dict[str, int]()
    for item in tried:
        seen[item.name] = seen.get(item.name, 0) + 1
        again = f"_{seen[item.name]}" if seen[item.name] > 1 else ""
        rows.append(_reading(item, f"{prefix}{item.name}{again}"))
    return rows


def _reading(tried: TriedReading, reading_id: str) -> Reading:
    weight = _WEIGHTS.get(tried.name, Weight.ALTERNATIVE)
    return Reading(
        reading_id=reading_id,
        description=_DESCRIPTIONS.get(tried.name, tried.name.replace("_", " ")),
        weight=weight,
        unit=tried.unit,
        value=tried.value,
        detail=_capitalised(tried.detail),
        is_satisfied=None if weight is Weight.CONTEXT else tried.fits,
        from_utc=tried.from_utc,
        to_utc=tried.to_utc,
        market_id=tried.market_id,
    )


_DESCRIPTIONS = {
    "literal": "what the words say",
    "to_extreme": "last close before to the best price inside the window",
    "from_extreme": "worst price inside the window to its last close",
    "swing": "worst to a later best price inside the window",
    "net": "last close before to last close of the window",
    "from_confirmation": "the same window from the last public confirmation",
    "elsewhere": "the same on another market",
    "traded_there": "traded there inside the window",
    "began_at": "the price that the move began at",
    "began_earlier": "the move began in the week before",
    "at_the_end": "the last price of the window",
}


def _context(claim: Claim, judgement: Judgement, anchor: Anchor | None, evidence: Evidence) -> list[Reading]:
    """What stands beside the readings: the event study, and how rare the move is."""
    lead = next((tried for tried in judgement.readings if tried.name == "literal"), None)
    if lead is None or lead.market_id is None or lead.from_utc is None or lead.to_utc is None:
        return []
    own = evidence.studies.filter(pl.col("study_id") == claim.study)
    hours = (lead.to_utc - lead.from_utc) / HOUR
    return study_readings(own, anchor.event_id if anchor else None, lead.market_id, hours)


def _offer(claim: Claim, parts: list[ClaimPart], anchor: Anchor | None, evidence: Evidence) -> str | None:
    """The window in which all parts of a conjunction are true, looked for and offered."""
    if not isinstance(claim, Conjunction) or anchor is None:
        return None
    offer = find_window([part.statement for part in parts], evidence.market, anchor.best)
    return f"{offer.sentence}." if offer is not None else None


def _with_context(finding: Finding, context: list[Reading]) -> tuple[Reading, ...]:
    """The readings with what stands beside them; of counts of comparable windows the claim's own alone."""
    if finding.rarity is None or not finding.n_comparable or finding.n_as_large is None:
        return (*finding.readings, *context)
    kept = [item for item in (*finding.readings, *context) if item.reading_id not in _OTHER_COUNTS]
    share = finding.n_as_large / finding.n_comparable
    description = "share of earlier stretches of the same length that moved at least as far"
    return (
        *kept,
        Reading(
            "earlier_stretches", description, Weight.CONTEXT, "fraction of earlier stretches", share, finding.rarity
        ),
    )


def _clipped(parts: list[ClaimPart]) -> list[str]:
    """Windows that were said to reach beyond the time of saying."""
    cut = {
        part.statement.said_at
        for part in parts
        if part.statement.said_at is not None
        and part.statement.window is not None
        and part.statement.window.to_utc is not None
        and part.statement.window.to_utc > part.statement.said_at
    }
    return [f"the window reaches beyond {moment(at)}, when it was said, and is cut there" for at in sorted(cut)]


def _capitalised(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _verdict_row(claim: Claim, finding: Finding) -> dict[str, object]:
    head = next((r for r in finding.readings if r.weight is Weight.DECISIVE), finding.readings[0])
    markets = sorted({name for r in finding.readings if r.weight is Weight.DECISIVE for name in _markets(r)})
    missing = claim.if_missing or finding.reason
    return {
        "claim_id": claim.id,
        "episode": claim.episode,
        "quote": claim.quote,
        "verdict": finding.verdict.value,
        "measured": finding.measured,
        "measured_value": head.value,
        "claimed_value": finding.claimed_value,
        "unit": finding.unit,
        "closest_true_statement": finding.closest_true_statement + (f" {claim.note}" if claim.note else ""),
        "n_placebo": finding.n_comparable,
        "n_as_large": finding.n_as_large,
        "rarity": finding.rarity,
        "venue": listing(markets) if len(markets) == 1 else ", ".join(markets) or None,
        "elsewhere": finding.elsewhere,
        "timeframe": finding.timeframe,
        "said_at_utc": claim.said_at,
        "window_from_utc": head.from_utc,
        "window_to_utc": head.to_utc,
        "offer": finding.offer,
        "warning": finding.warning,
        "is_near_miss": finding.is_near_miss,
        "missing_data": missing if finding.verdict is StatementVerdict.CANNOT_BE_TOLD else None,
        "spec_sha256": _spec_hash(claim, finding),
        "data_as_of_utc": finding.data_as_of,
    }


def _markets(reading: Reading) -> list[str]:
    return [name for name in (reading.market_id or "").split(",") if name]


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
    values = [(r.reading_id, r.value, r.market_id, _stamp(r.from_utc), _stamp(r.to_utc)) for r in finding.readings]
    return fingerprint(_SOURCE, claim.model_dump(mode="json"), values)


def _stamp(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
