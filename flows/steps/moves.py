"""The latest move of each token."""

from __future__ import annotations

from analysis.together.latest_moves import measure_latest_moves
from flows.context import RunContext, StepReport
from warehouse.tables.moves import LATEST_MOVE


def update_moves(context: RunContext) -> StepReport:
    """Set the last 24 hours of each token against its past."""
    moves = measure_latest_moves(context.warehouse.query("recent_candles"))
    n_changed = context.warehouse.replace(LATEST_MOVE, moves)
    return StepReport(n_changed, f"{moves.height} tokens compared with their past")
