"""Measure claims that set one asset beside others: outperformance, a lead that lasts, a market that stood still."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import polars as pl

from analysis.claims.language import LeadSustained, NotDuringBroadRally, OutperformedOver
from analysis.claims.moves import Move, measure_move
from analysis.claims.reading import Anchor, Evidence, Finding, Reading, Weight, nothing_known
from analysis.claims.studies import study_readings
from analysis.claims.tape import Absence, earlier_windows
from warehouse.tables.units import ascii_number, hours_short, listing, percent, percentage_points, plain_percent

_FRACTION = "fraction"
# With fewer other assets than this, "the market" is a name for a handful.
LEAST_MARKET_ASSETS = 5
# Windows at which a lead is looked at besides the first and the last.
LEAD_HOURS = (24.0, 72.0, 168.0)
# A lead of which less than half is left has not lasted, though it is still a lead.
LEAST_SHARE_KEPT = 0.5


def measure_outperformance(claim: OutperformedOver, anchor: Anchor, evidence: Evidence) -> Finding:
    """The asset's return less the first comparison's (decisive) and less the others' (alternatives)."""
    mine = measure_move(evidence, claim.asset, anchor.best, claim.hours, claim.market)
    if isinstance(mine, Absence):
        return nothing_known(mine.reason, claim.margin, _FRACTION, claim.if_missing)
    readings = [
        _difference(evidence, other, claim, anchor, Weight.ALTERNATIVE if number else Weight.DECISIVE)
        for number, other in enumerate(claim.versus)
    ]
    readings += _market_reading(evidence, mine, claim, anchor)
    readings += _earlier_gaps(evidence, claim, anchor, readings[0])
    readings += study_readings(evidence.studies, anchor.event_id, mine.tape.market_id, claim.hours)
    known = [reading for reading in readings if reading.value is not None and reading.unit == _FRACTION]
    moved = f"{claim.asset} {percent(mine.value)} over {hours_short(claim.hours)} after the first public report"
    measured = f"{moved}; {readings[0].detail}"
    against = listing([reading.detail for reading in known])
    statement = f"{claim.asset} moved {percent(mine.value)} in {hours_short(claim.hours)}: {against}."
    missing = "; ".join(reading.detail for reading in readings if reading.value is None) or None
    return Finding(
        tuple(readings), measured, statement, claim.margin, _FRACTION, missing_data=missing, tapes=(mine.tape,)
    )


def measure_rally(claim: NotDuringBroadRally, anchor: Anchor, evidence: Evidence) -> Finding:
    """What the others did over the same hours: decisive is their median, also in the claim's further windows.

    The claim holds while the median stays under the threshold. The median of all other stored assets is an
    alternative; the days after the last window are context.
    """
    decisive = [claim.hours, *claim.also_hours]
    windows = [*decisive, *(hours for hours in LEAD_HOURS if hours > max(decisive))]
    readings, tapes, reasons = [], [], []
    for hours in windows:
        moves = {asset: measure_move(evidence, asset, anchor.best, hours) for asset in claim.versus}
        known = {asset: move for asset, move in moves.items() if isinstance(move, Move)}
        reasons += [move.reason for move in moves.values() if isinstance(move, Absence)]
        if known:
            weight = Weight.DECISIVE if hours in decisive else Weight.CONTEXT
            readings.append(_rally_reading(known, hours, claim.threshold, weight))
            tapes += [move.tape for move in known.values()]
    if not readings or readings[0].reading_id != f"median_of_named_{ascii_number(claim.hours)}_h":
        return nothing_known("; ".join(reasons), claim.threshold, _FRACTION, claim.if_missing)
    breadth = _breadth_reading(evidence, claim, anchor)
    statement = f"After the first public report {listing([reading.detail for reading in readings])}"
    statement += "".join(f"; {reading.detail}" for reading in breadth)
    return Finding(
        (*readings, *breadth), readings[0].detail, f"{statement}.", claim.threshold, _FRACTION, tapes=tuple(tapes)
    )


def _rally_reading(known: dict[str, Move], hours: float, threshold: float, weight: Weight) -> Reading:
    median = float(np.median([move.value for move in known.values()]))
    words = listing([f"{asset} {percent(move.value)}" for asset, move in known.items()])
    return Reading(
        reading_id=f"median_of_named_{ascii_number(hours)}_h",
        description=f"median of {listing(list(known))} over {hours_short(hours)} after the first public report",
        weight=weight,
        unit=_FRACTION,
        value=median,
        detail=f"{words} over {hours_short(hours)}",
        is_satisfied=median < threshold,
        from_utc=min(move.from_utc for move in known.values()),
        to_utc=max(move.to_utc for move in known.values()),
        market_id=",".join(move.tape.market_id for move in known.values()),
    )


def measure_lead(claim: LeadSustained, anchor: Anchor, evidence: Evidence) -> Finding:
    """The asset's return less the peer's since the first report: decisive at the claim's hours."""
    leads = {}
    for hours in sorted({claim.early_hours, *LEAD_HOURS, claim.hours}):
        if hours <= claim.hours:
            leads[hours] = _side_by_side(evidence, claim.asset, claim.peer, anchor.best, hours, claim.market)
    last = leads[claim.hours]
    if isinstance(last, Absence):
        return nothing_known(last.reason, None, _FRACTION, claim.if_missing)
    readings = []
    for hours, lead in leads.items():
        if isinstance(lead, Absence):
            continue
        mine, peer = lead
        gap = mine.value - peer.value
        readings.append(
            Reading(
                reading_id=f"lead_after_{ascii_number(hours)}_h",
                description=f"{claim.asset} less {claim.peer}, returns since the last close before the report",
                weight=Weight.DECISIVE if hours == claim.hours else Weight.CONTEXT,
                unit=_FRACTION,
                value=gap,
                detail=(
                    f"after {hours_short(hours)} ({mine.tape.timeframe} closes) {claim.asset} {percent(mine.value)},"
                    f" {claim.peer} {percent(peer.value)}:"
                    f" a lead of {percentage_points(gap)}"
                ),
                is_satisfied=gap > 0,
                from_utc=mine.from_utc,
                to_utc=mine.to_utc,
                market_id=f"{mine.tape.market_id},{peer.tape.market_id}",
            )
        )
    final = next(reading for reading in readings if reading.weight is Weight.DECISIVE)
    readings = [final, *(reading for reading in readings if reading is not final)]
    readings += _kept_reading(claim, leads[claim.early_hours], final) if claim.early_hours < claim.hours else []
    in_time = sorted(readings, key=lambda reading: reading.to_utc or anchor.best)
    statement = f"{listing([reading.detail for reading in in_time])}."
    return Finding(
        tuple(readings),
        final.detail,
        statement[:1].upper() + statement[1:],
        0.0,
        _FRACTION,
        tapes=(last[0].tape, last[1].tape),
    )


def _side_by_side(
    evidence: Evidence, asset: str, other: str, start: datetime, hours: float, market: str | None
) -> tuple[Move, Move] | Absence:
    """The moves of two assets on bars of equal length: the coarser one's, or the windows would differ."""
    mine, theirs = measure_move(evidence, asset, start, hours, market), measure_move(evidence, other, start, hours)
    if isinstance(mine, Absence):
        return mine
    if isinstance(theirs, Absence):
        return theirs
    coarser = max(mine.tape.bar_hours, theirs.tape.bar_hours)
    if mine.tape.bar != theirs.tape.bar:
        mine, theirs = (
            measure_move(evidence, name, start, hours, only, coarser) for name, only in ((asset, market), (other, None))
        )
    if isinstance(mine, Absence):
        return mine
    return theirs if isinstance(theirs, Absence) else (mine, theirs)


def _difference(evidence: Evidence, other: str, claim: OutperformedOver, anchor: Anchor, weight: Weight) -> Reading:
    pair = _side_by_side(evidence, claim.asset, other, anchor.best, claim.hours, claim.market)
    description = f"{claim.asset} less {other} over {hours_short(claim.hours)} after the first public report"
    if isinstance(pair, Absence):
        return Reading(f"versus_{other}", description, weight, _FRACTION, None, f"{other}: {pair.reason}")
    mine, theirs = pair
    gap = mine.value - theirs.value
    return Reading(
        reading_id=f"versus_{other}",
        description=description,
        weight=weight,
        unit=_FRACTION,
        value=gap,
        detail=f"{percentage_points(gap)} against {other} ({percent(theirs.value)})",
        is_satisfied=gap > claim.margin,
        from_utc=mine.from_utc,
        to_utc=mine.to_utc,
        market_id=f"{mine.tape.market_id},{theirs.tape.market_id}",
    )


def _earlier_gaps(evidence: Evidence, claim: OutperformedOver, anchor: Anchor, first: Reading) -> list[Reading]:
    """Context: how often the asset was as far ahead of the first comparison in earlier stretches."""
    other = claim.versus[0]
    pair = _side_by_side(evidence, claim.asset, other, anchor.best, claim.hours, claim.market)
    if isinstance(pair, Absence) or first.value is None:
        return []
    mine, theirs = (
        earlier_windows(evidence.candles_of(name), move.tape, anchor.best, claim.hours)
        for name, move in zip((claim.asset, other), pair, strict=True)
    )
    both = mine.join(theirs, on="open_time_utc", how="inner", suffix="_other", validate="1:1")
    if not both.height:
        return []
    gaps = (both["simple_return"] - both["simple_return_other"]).to_numpy()
    n_as_large = int(np.count_nonzero(gaps >= first.value))
    n_apart = max(int(gaps.size * pair[0].tape.bar_hours / claim.hours), 1)
    return [
        Reading(
            reading_id="earlier_stretches",
            description=f"share of earlier {hours_short(claim.hours)} stretches in which {claim.asset} led {other} "
            "by as "
            "much",
            weight=Weight.CONTEXT,
            unit=_FRACTION,
            value=n_as_large / gaps.size,
            detail=(
                f"ahead by as much in {n_as_large} of {gaps.size} earlier stretches,"
                f" of which about {n_apart} do not overlap"
            ),
            market_id=first.market_id,
        )
    ]


def _market_moves(evidence: Evidence, anchor: Anchor, hours: float, without: str) -> list[Move]:
    """The moves of every stored asset that is not an AI token and not `without`."""
    if not evidence.assets.height:
        return []  # without the registry nobody can tell tokens from the rest
    tokens = evidence.assets.filter(pl.col("role") == "ai_token")["asset_id"].to_list()
    names = sorted(set(evidence.candles) - set(tokens) - {without})
    moves = (measure_move(evidence, name, anchor.best, hours) for name in names)
    return [move for move in moves if isinstance(move, Move)]


def _market_reading(evidence: Evidence, mine: Move, claim: OutperformedOver, anchor: Anchor) -> list[Reading]:
    moves = _market_moves(evidence, anchor, claim.hours, claim.asset)
    if len(moves) < LEAST_MARKET_ASSETS:
        return []
    median = float(np.median([move.value for move in moves]))
    gap = mine.value - median
    return [
        Reading(
            reading_id="versus_median_asset",
            description=f"{claim.asset} less the median of {len(moves)} assets that are no AI tokens",
            weight=Weight.ALTERNATIVE,
            unit=_FRACTION,
            value=gap,
            detail=f"{percentage_points(gap)} against the median of {len(moves)} other assets ({percent(median)})",
            is_satisfied=gap > claim.margin,
            from_utc=mine.from_utc,
            to_utc=mine.to_utc,
        )
    ]


def _breadth_reading(evidence: Evidence, claim: NotDuringBroadRally, anchor: Anchor) -> list[Reading]:
    moves = _market_moves(evidence, anchor, claim.hours, claim.asset)
    if len(moves) < LEAST_MARKET_ASSETS:
        return []
    values = np.array([move.value for move in moves])
    median, share = float(np.median(values)), float(np.mean(values >= claim.threshold))
    return [
        Reading(
            reading_id="median_asset",
            description=f"median return of {len(moves)} stored assets that are no AI tokens",
            weight=Weight.ALTERNATIVE,
            unit=_FRACTION,
            value=median,
            detail=f"median of {len(moves)} assets {percent(median)}; {plain_percent(share)} rose by "
            f"{plain_percent(claim.threshold)}",
            is_satisfied=median < claim.threshold,
        )
    ]


def _kept_reading(claim: LeadSustained, early: tuple[Move, Move] | Absence, final: Reading) -> list[Reading]:
    """Whether at least half of the early lead is left at the end; nothing when there was no early lead."""
    if isinstance(early, Absence) or final.value is None:
        return []
    lead = early[0].value - early[1].value
    if lead <= 0:
        return []
    kept = final.value / lead
    return [
        Reading(
            reading_id="share_kept",
            description=f"share of the lead after {hours_short(claim.early_hours)} that is left after "
            f"{hours_short(claim.hours)}",
            weight=Weight.ALTERNATIVE,
            unit=_FRACTION,
            value=kept,
            detail=f"{plain_percent(kept)} of the lead after {hours_short(claim.early_hours)} was left",
            is_satisfied=kept >= LEAST_SHARE_KEPT,
            from_utc=early[0].to_utc,
            to_utc=final.to_utc,
        )
    ]
