"""Measure claims that an asset reacted to the news: was its move out of the ordinary?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.claims.language import ReactedTo
from analysis.claims.moves import Move, measure_move
from analysis.claims.reading import Anchor, Evidence, Finding, Reading, Weight, nothing_known
from analysis.claims.studies import study_readings, study_row
from analysis.claims.tape import Absence, earlier_returns
from analysis.results.rank import rank_p
from warehouse.tables.units import hours_short, moment, p_value, percent

_FRACTION = "fraction"
# A move is called unusual only with at least so many stretches to compare it with.
LEAST_PLACEBOS = 20


@dataclass(frozen=True, slots=True)
class _Rank:
    """How many of `n` earlier stretches moved as far, of which `n_independent` do not overlap."""

    n_as_large: int
    n: int
    n_independent: int
    measure: str  # in words

    @property
    def p_value(self) -> float:
        """Rank p to which overlap lends no resolution, as in the event study."""
        return rank_p(self.n_as_large, self.n, self.n_independent)


def measure_reaction(claim: ReactedTo, anchor: Anchor, evidence: Evidence) -> Finding:
    """Whether the move after the news lies outside what earlier stretches of the same length did.

    Decisive: fewer than `level` of them moved as far, in the claimed direction; scaled to the volatility at the event
    where the event study has it. The abnormal return with its interval is context. The p beside it counts only
    stretches that do not overlap.
    """
    move = measure_move(evidence, claim.asset, anchor.best, claim.hours, claim.market)
    if isinstance(move, Absence):
        return nothing_known(move.reason, None, _FRACTION, claim.if_missing)
    rank = _studied_rank(claim, anchor, evidence, move) or _raw_rank(claim, anchor, evidence, move)
    if rank.n < LEAST_PLACEBOS:
        reason = f"{rank.n} earlier stretches of {hours_short(claim.hours)} are too few to compare with"
        return nothing_known(reason, None, _FRACTION, claim.if_missing)
    is_right_way = claim.direction == "either" or (move.value > 0) == (claim.direction == "up")
    closes = f"{move.tape.timeframe} closes, {moment(move.from_utc)} to {moment(move.to_utc)}"
    moved = f"{claim.asset} moved {percent(move.value)} in the {hours_short(claim.hours)} after the first public report"
    detail = (
        f"{moved} ({closes}); {rank.n_as_large} of {rank.n} earlier stretches moved as far ({rank.measure}), about"
        f" {rank.n_independent} of them independent: {p_value(rank.p_value, 3)}{_limit(rank, claim.level)}"
    )
    share = rank.n_as_large / rank.n
    reading = Reading(
        reading_id="unusual_move",
        description=f"share of earlier stretches of {hours_short(claim.hours)} that moved at least as far",
        weight=Weight.DECISIVE,
        unit=_FRACTION,
        value=share,
        detail=detail,
        is_satisfied=is_right_way and share < claim.level,
        from_utc=move.from_utc,
        to_utc=move.to_utc,
        market_id=move.tape.market_id,
    )
    others = study_readings(evidence.studies, anchor.event_id, move.tape.market_id, claim.hours)
    statement = f"{detail}. One event shows that two things happened together, not that one made the other."
    return Finding((reading, *others), detail, statement, claim.level, _FRACTION, n_placebo=rank.n, tapes=(move.tape,))


def _limit(rank: _Rank, level: float) -> str:
    """What a history too short for the level does support, when no stretch in it was as large."""
    if rank.n_as_large or rank.p_value < level:
        return ""
    return f", since so short a history shows no more than rarer than 1 in {rank.n_independent + 1}"


def _studied_rank(claim: ReactedTo, anchor: Anchor, evidence: Evidence, move: Move) -> _Rank | None:
    row = study_row(evidence.studies, anchor.event_id, move.tape.market_id, claim.hours, "placebo_rank")
    if row is None:
        return None
    n_as_large, n, n_independent = row["value"], row["n"], row["n_effective"]
    if not isinstance(n_as_large, float) or not isinstance(n, int) or not isinstance(n_independent, float):
        return None
    return _Rank(int(n_as_large), n, int(n_independent), "beyond the benchmark, scaled to the volatility at the event")


def _raw_rank(claim: ReactedTo, anchor: Anchor, evidence: Evidence, move: Move) -> _Rank:
    returns = earlier_returns(evidence.candles_of(claim.asset), move.tape, anchor.best, claim.hours)
    n_as_large = int(np.count_nonzero(np.abs(returns) >= abs(move.value)))
    n_bars = max(round(claim.hours / move.tape.bar_hours), 1)
    return _Rank(n_as_large, int(returns.size), max(returns.size // n_bars, 1), "raw returns, not scaled")
