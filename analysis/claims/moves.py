"""The move of one asset over some hours after an instant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from analysis.claims.reading import Evidence, tape_of
from analysis.claims.tape import Absence, Tape


@dataclass(frozen=True, slots=True)
class Move:
    """A simple return between two closes of one tape."""

    tape: Tape
    value: float
    from_utc: datetime
    to_utc: datetime


def measure_move(
    evidence: Evidence,
    asset: str,
    start: datetime,
    hours: float,
    market: str | None = None,
    finest_hours: float = 0.0,
) -> Move | Absence:
    """The return from the last close by `start` to the last close `hours` later, or why there is none."""
    end = start + timedelta(hours=hours)
    tape = tape_of(evidence, asset, start, end, market, finest_hours)
    if isinstance(tape, Absence):
        return tape
    i, j = tape.index_closed_by(start), tape.index_closed_by(end)
    return Move(tape, float(tape.closes[j] / tape.closes[i] - 1.0), tape.close_time(i), tape.close_time(j))
