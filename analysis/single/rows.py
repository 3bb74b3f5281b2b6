"""Rows of `out.study_result` for one event on one market."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from analysis.results.row import GROUP_ID, Basis, Numbers, ResultRow, Subject
from analysis.single.window.pair import Pair, describe_closes


def pair_row(
    pair: Pair,
    window_hours: float,
    statistic: str,
    data_as_of: datetime,
    numbers: Numbers,
    *,
    conventions: str | None = None,
) -> ResultRow:
    """One row on the pair's benchmark and conventions.

    A method's own `conventions` say too where closes are observed prices.
    """
    words = pair.conventions if conventions is None else conventions
    closes = describe_closes(pair.specification, pair.market_id)
    subject = Subject(
        pair.specification.study_id,
        GROUP_ID,
        float(window_hours),
        event_id=pair.event.event_id,
        market_id=pair.market_id,
    )
    basis = Basis(pair.spec_sha256, words if closes in words else words + closes, data_as_of, pair.benchmark_words)
    return ResultRow(subject, statistic, basis, numbers)


def absent_row(pair: Pair, window_hours: float, statistic: str, reason: str) -> ResultRow:
    """A row that says why there is no number."""
    return pair_row(pair, window_hours, statistic, pair.close_at(-1), Numbers(reason=reason))


def beside(row: ResultRow, benchmark: str | None) -> ResultRow:
    """The same row with another benchmark than the pair's, or none."""
    return replace(row, basis=replace(row.basis, benchmark=benchmark))
