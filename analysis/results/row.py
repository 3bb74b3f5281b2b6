"""Rows of `out.study_result`: what each is about, what it rests on and what it says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import datetime

import polars as pl

from analysis.portable import exp, expm1
from analysis.results.fingerprint import Digested, fingerprint
from warehouse.tables.studies import STUDY_RESULT

GROUP_ID = "event"  # of a row about one event on one market


@dataclass(frozen=True, slots=True)
class Subject:
    """What a row is about; the window is half-open, in hours after the event."""

    study_id: str
    group_id: str
    window_end_hours: float
    window_start_hours: float = 0.0
    event_id: str | None = None
    market_id: str | None = None


@dataclass(frozen=True, slots=True)
class Basis:
    """What a row rests on: the fingerprint of its inputs, and the same in words."""

    spec_sha256: str
    conventions: str
    data_as_of_utc: datetime
    benchmark: str | None = None


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a row says, in the units of the contract: numbers, or the `reason` why there are none."""

    estimate: float | None = None
    standard_error: float | None = None
    lower_95: float | None = None
    upper_95: float | None = None
    value: float | None = None
    p_value: float | None = None
    n: int | None = None
    n_effective: float | None = None
    mean_residual_correlation: float | None = None
    n_estimation: int | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One row; p is adjusted when all rows of its family are known."""

    subject: Subject
    statistic: str
    basis: Basis
    numbers: Numbers

    def without_numbers(self, reason: str) -> ResultRow:
        """The same row with a reason in the place of its numbers."""
        return replace(self, numbers=Numbers(reason=reason))


def results_frame(rows: Iterable[ResultRow]) -> pl.DataFrame:
    """Rows in the shape of `out.study_result`; what a row does not say is null.

    The key names subject and statistic: both the same have it in every run.
    """
    listed = list(rows)
    # By words, in which 0.0 and -0.0 differ; rows of a subject come in half dozens.
    named = {repr(row.subject): row.subject for row in listed}
    subjects = {words: Digested.of(subject) for words, subject in named.items()}
    columns: dict[str, list[object]] = {
        "result_id": [fingerprint(subjects[repr(row.subject)], row.statistic) for row in listed],
        "statistic": [row.statistic for row in listed],
        "p_adjusted": [None] * len(listed),
        "p_false_discovery": [None] * len(listed),
    }
    for kind, name in ((Subject, "subject"), (Basis, "basis"), (Numbers, "numbers")):
        parts = [getattr(row, name) for row in listed]
        columns |= {field.name: [getattr(part, field.name) for part in parts] for field in fields(kind)}
    return STUDY_RESULT.conform(pl.DataFrame(columns, schema_overrides=STUDY_RESULT.schema))


def as_fraction(log_points: float) -> float:
    """A log return as a simple one."""
    return float(expm1(log_points))


def error_as_fraction(log_points: float, standard_error: float) -> float:
    """Standard error of the simple return of a log return: e^x · s. Source: the delta method."""
    return float(exp(log_points)) * standard_error
