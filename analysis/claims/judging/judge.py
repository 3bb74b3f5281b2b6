"""One statement in, one judgement out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from analysis.claims.judging.comparisons import judge_moved_with, judge_not_broad, judge_reaction, judge_relative
from analysis.claims.judging.directions import judge_direction
from analysis.claims.judging.extremes import judge_drawdown, judge_period_extreme, judge_record
from analysis.claims.judging.levels import judge_level_crossed, judge_level_held, judge_range
from analysis.claims.judging.market import MarketEvidence, micros
from analysis.claims.judging.question import Question, cannot_be_told
from analysis.claims.judging.sizes import judge_size
from analysis.claims.judging.windows import WHOLE_RECORD, WindowError, is_window_open, resolve_window
from analysis.claims.judging.written import left_open
from analysis.claims.statement import Judgement, Kind, Statement, StatementVerdict
from warehouse.tables.bars import utc_instant

JUDGES: dict[Kind, Callable[[Question], Judgement]] = {
    Kind.PERCENT_MOVE: judge_size,
    Kind.SWING: judge_size,
    Kind.MULTIPLE: judge_size,
    Kind.LEVEL_CROSSED: judge_level_crossed,
    Kind.LEVEL_HELD: judge_level_held,
    Kind.RANGE: judge_range,
    Kind.N_PERIOD_EXTREME: judge_period_extreme,
    Kind.ALL_TIME_EXTREME: judge_record,
    Kind.DRAWDOWN: judge_drawdown,
    Kind.DIRECTION_ONLY: judge_direction,
    Kind.RELATIVE: judge_relative,
    Kind.LEAD_SUSTAINED: judge_relative,
    Kind.NOT_BROAD_MOVE: judge_not_broad,
    Kind.MOVED_WITH: judge_moved_with,
    Kind.REACTED_TO: judge_reaction,
}


def judge_statement(statement: Statement, market: MarketEvidence) -> Judgement:
    """The verdict on one statement: its literal reading first, then other plain readings of the same direction.

    No bar that closes after `said_at` (without it: the end of the window) supports it; a window that reaches beyond is
    cut there, and the judgement says so. What no bars can answer cannot be told, with the reason. A number that can be
    two has the verdict that both have, or none.
    """
    return _judge(statement, market, may_be_open=True)


def _judge(statement: Statement, market: MarketEvidence, *, may_be_open: bool) -> Judgement:
    judge = JUDGES.get(statement.kind) if statement.amount is None else judge_size  # "jumps $1K"
    if judge is None:
        return cannot_be_told(f"bars do not say anything about {statement.kind.replace('_', ' ')}")
    question = pose_question(statement, market)
    if isinstance(question, str):
        return cannot_be_told(question)
    open_number = left_open(statement, market) if may_be_open else None
    if open_number is None:
        return judge(question)
    judged = [_judge(reading, market, may_be_open=False) for reading in open_number.readings]
    verdicts = {judgement.verdict for judgement in judged}
    if len(verdicts) > 1 or StatementVerdict.CANNOT_BE_TOLD in verdicts:
        return cannot_be_told(open_number.reason)
    words = " ".join(dict.fromkeys(judgement.measured for judgement in judged))
    readings = tuple(reading for judgement in judged for reading in judgement.readings)
    reason = f"{open_number.reason}; the verdict is the same"
    return replace(judged[0], measured=words, closest_true=words, readings=readings, reason=reason)


def pose_question(statement: Statement, market: MarketEvidence) -> Question | str:
    """The statement with its window placed, or why it has none."""
    if any(price is not None and price <= 0 for price in (statement.price, statement.price_high, statement.peak)):
        return "no coin trades at a price of zero"
    try:
        window = resolve_window(statement)
    except WindowError as exc:
        return str(exc)
    if window.token == WHOLE_RECORD and (first_us := market.first_us(statement.asset, statement.market_id)) is not None:
        window = replace(window, from_utc=utc_instant(first_us))
    if window.from_utc is None or window.to_utc is None:
        return "the start of the window is not known"
    if window.from_utc > window.to_utc:
        return "the window begins after it was said"
    return Question(
        statement,
        window,
        market,
        micros(window.from_utc),
        micros(window.to_utc),
        micros(statement.said_at or window.to_utc),
        is_window_open(statement),
    )
