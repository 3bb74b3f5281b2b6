"""Claims in, verdicts and readings out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import polars as pl

from analysis.claims.finding import Evidence, Finding, Reading, Weight, unknown
from analysis.claims.incidents import check_incident
from analysis.claims.judging.comparisons import HISTORY_DAYS_BEFORE, count_as_large, count_swings
from analysis.claims.judging.judge import judge_statement, pose_question
from analysis.claims.judging.market import instant
from analysis.claims.judging.offers import find_window
from analysis.claims.language import Claim, Conjunction, IncidentClaim, Premium
from analysis.claims.premium import measure_premium
from analysis.claims.reading import FRACTION, Anchor, AnchorError, ClaimPart, find_anchor, quote_warnings, read_parts
from analysis.claims.statement import Judgement, Kind, Statement, StatementVerdict, TriedReading
from analysis.claims.studies import study_readings
from analysis.results.fingerprint import SourceCode, fingerprint
from analysis.tape.funding import why_no_rates
from warehouse.tables.bars import HOUR
from warehouse.tables.claims import CLAIM, CLAIM_READING, CLAIM_VERDICT
from warehouse.tables.units import listing, moment, plural

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
_WEIGHTS = {"literal": Weight.DECISIVE, "elsewhere": Weight.VENUE, "earlier_stretches": Weight.CONTEXT}
# Kinds whose move is compared with earlier stretches of the same length.
_MOVES = (Kind.PERCENT_MOVE, Kind.MULTIPLE, Kind.DIRECTION_ONLY, Kind.REACTED_TO)


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


def judge(claims: Sequence[Claim], evidence: Evidence) -> tuple[pl.DataFrame, pl.DataFrame]:
    """out.claim_verdict and out.claim_reading rows: one verdict per claim, every reading that was tried.

    A claim that cannot be measured has a row that says why; it takes no other with it.
    """
    verdicts, readings = [], []
    for claim in claims:
        finding = judge_one_claim(claim, evidence)
        verdicts.append(_verdict_row(claim, finding))
        readings += _reading_rows(claim, finding)
    return (
        CLAIM_VERDICT.conform(pl.DataFrame(verdicts, schema=CLAIM_VERDICT.schema)),
        CLAIM_READING.conform(pl.DataFrame(readings, schema=CLAIM_READING.schema)),
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
        evidence, paid = held
    judged = [_judge_part(part, evidence) for part in parts]
    finding = _together(claim, parts, judged, evidence)
    context = [*paid, *_context(claim, parts[0], judged[0], anchor, evidence)]
    finding = _compare(parts[0], evidence, replace(finding, readings=(*finding.readings, *context)))
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
    readings = [
        reading
        for number, (part, judgement) in enumerate(zip(parts, judged, strict=True))
        for reading in _readings(part, judgement, f"part_{number + 1}_" if len(parts) > 1 else "")
    ]
    head = judged[0]
    lead = next((tried for tried in head.readings if tried.name == "literal"), None)
    measured = " ".join(_capitalised(judgement.measured) for judgement in judged)
    reasons = [judgement.reason for judgement in judged if judgement.reason]
    bars = [
        _last_bar(part.statement, next((r.market_id for r in found.readings if r.name == "literal"), None), evidence)
        for part, found in zip(parts, judged, strict=True)
    ]
    warnings = [*quote_warnings(claim, parts), *_clipped(parts)]
    return Finding(
        verdict=verdict,
        readings=tuple(readings),
        measured=measured,
        closest_true_statement=" ".join(_capitalised(judgement.closest_true) for judgement in judged),
        claimed_value=parts[0].claimed,
        unit=parts[0].unit if lead is None or parts[0].claimed is not None else lead.unit,
        reason="; ".join(reasons) if verdict is StatementVerdict.CANNOT_BE_TOLD else None,
        warning="; ".join(warnings) or None,
        timeframe=bars[0][0],
        data_as_of=max((last_close for _, last_close in bars if last_close is not None), default=None),
        is_near_miss=any(judgement.is_near_miss for judgement in judged),
    )


def _combine(parts: list[ClaimPart], judged: list[Judgement]) -> StatementVerdict:
    decisive = [j.verdict for part, j in zip(parts, judged, strict=True) if part.is_decisive]
    verdict = min(decisive, key=_SEVEREST_FIRST.index)
    others = [j.verdict for part, j in zip(parts, judged, strict=True) if not part.is_decisive]
    fails = StatementVerdict.NOT_SUPPORTED in others or StatementVerdict.OVERSTATED in others
    return StatementVerdict.OVERSTATED if verdict is StatementVerdict.SUPPORTED and fails else verdict


def _readings(part: ClaimPart, judgement: Judgement, prefix: str) -> list[Reading]:
    """The tried readings as rows; a name that comes twice is numbered."""
    if not judgement.readings:
        reason = judgement.reason or judgement.measured
        return [Reading(f"{prefix}literal", "no reading possible", Weight.DECISIVE, part.unit, None, reason)]
    rows, seen = [], dict[str, int]()
    for tried in (*judgement.readings, *judgement.venues):
        seen[tried.name] = seen.get(tried.name, 0) + 1
        number = f"_{seen[tried.name]}" if seen[tried.name] > 1 else ""
        rows.append(_reading(tried, f"{prefix}{tried.name}{number}"))
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
    "at_the_end": "the last price of the window",
}


def _context(
    claim: Claim, part: ClaimPart, judgement: Judgement, anchor: Anchor | None, evidence: Evidence
) -> list[Reading]:
    """What stands beside the readings: the event study, and how rare the move is."""
    lead = next((tried for tried in judgement.readings if tried.name == "literal"), None)
    if lead is None or lead.market_id is None or lead.from_utc is None or lead.to_utc is None:
        return []
    own = evidence.studies.filter(pl.col("study_id") == claim.study)
    hours = (lead.to_utc - lead.from_utc) / HOUR
    return study_readings(own, anchor.event_id if anchor else None, lead.market_id, hours)


def _compare(part: ClaimPart, evidence: Evidence, finding: Finding) -> Finding:
    """The finding with its one count of comparable windows, where the claim is about a move."""
    statement = part.statement
    question = pose_question(statement, evidence.market)
    literal = next((r for r in finding.readings if r.weight is Weight.DECISIVE and r.value is not None), None)
    if isinstance(question, str) or literal is None or literal.value is None:
        return finding
    is_swing = statement.kind is Kind.SWING
    if not is_swing and statement.kind not in _MOVES:
        return finding
    counted = (count_swings if is_swing else count_as_large)(question, literal.value)
    if counted is None:
        return finding
    readings = (*_without_rank(finding.readings), _rarity(counted, "held a swing" if is_swing else "moved"))
    return replace(finding, readings=readings, n_as_large=counted[0], n_comparable=counted[1])


def _offer(claim: Claim, parts: list[ClaimPart], anchor: Anchor | None, evidence: Evidence) -> str | None:
    """The window in which all parts of a conjunction are true, looked for and offered."""
    if not isinstance(claim, Conjunction) or anchor is None:
        return None
    offer = find_window([part.statement for part in parts], evidence.market, anchor.best)
    return f"{offer.sentence}." if offer is not None else None


def _without_rank(readings: tuple[Reading, ...]) -> list[Reading]:
    """One count of comparable windows a screen: the claim's own takes the place of others."""
    return [item for item in readings if item.reading_id not in ("placebo_rank", "earlier_stretches")]


def _rarity(counted: tuple[int, int], did: str) -> Reading:
    n_as_large, n_stretches = counted
    detail = (
        f"{n_as_large} of {plural(n_stretches, 'earlier stretch', 'earlier stretches')} of that length, side by side "
        f"in the {HISTORY_DAYS_BEFORE} days before, {did} at least as far"
    )
    description = "share of earlier stretches of the same length that moved at least as far"
    return Reading(
        "earlier_stretches", description, Weight.CONTEXT, "fraction of earlier stretches", n_as_large / n_stretches,
        detail,
    )  # fmt: skip


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


def _last_bar(statement: Statement, market_id: str | None, evidence: Evidence) -> tuple[str | None, datetime | None]:
    """Bar length of the headline reading, and when the last bar it rests on closed."""
    question = pose_question(statement, evidence.market)
    if isinstance(question, str):
        return None, None
    for item in evidence.market.of_asset(statement.asset, market_id):
        if item.covers(question.start_us, question.end_us):
            return item.bar_name, instant(item.close_us[item.last_by(question.end_us)])
    return None, None


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
        "venue": listing(markets) if len(markets) == 1 else ", ".join(markets) or None,
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
