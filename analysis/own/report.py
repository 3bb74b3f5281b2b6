"""A finished study as nested values for JSON or as one tidy frame, with inclusive bounds as in the literature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

import numpy as np
import polars as pl

from analysis.arrays import Floats
from analysis.engine.battery import load_statistics
from analysis.engine.measures import variance_ratio
from analysis.engine.standardise import EventResult
from analysis.engine.statistic import DEPENDENCE_WORDS
from analysis.engine.study import GroupEffect, StudyResult, TestRow
from analysis.own.selection import EventSelection
from analysis.own.study import OwnStudyResult
from warehouse.tables.bars import HOUR
from warehouse.tables.units import iso_day, iso_instant

_Range = tuple[int, int]

TIDY_SCHEMA = {
    "scope": pl.String,
    "event_id": pl.String,
    "asset_id": pl.String,
    "window_start": pl.Int64,
    "window_end": pl.Int64,
    "statistic": pl.String,
    "value": pl.Float64,
    "standard_error": pl.Float64,
    "p_value": pl.Float64,
    "p_adjusted": pl.Float64,
    "df": pl.Float64,
    "n": pl.Int64,
    "n_eff": pl.Float64,
    "rbar": pl.Float64,
    "mark": pl.String,
    "bar_zero_at_utc": pl.String,
    "bar_zero_gap_hours": pl.Float64,
    "reason": pl.String,
}


def parse_range(text: str) -> _Range:
    """Half-open bars of `first:last`, which is inclusive: `-2:2` becomes (-2, 3). ValueError says the form."""
    parts = text.split(":")
    try:
        first, last = (int(part) for part in parts)
    except ValueError as exc:
        raise ValueError(f"{text!r} is not a range of bars; write first:last, for example -130:-11") from exc
    if last < first:
        raise ValueError(f"{text!r} ends before it begins; write the smaller bar first")
    return first, last + 1


def study_to_dict(study: OwnStudyResult) -> dict[str, object]:
    """The study as JSON-ready values; NaN is null.

    conventions, warnings, selection, events, tests, effects, paths, regressions, statistics, excluded.
    """
    result = study.result
    return {
        "conventions": result.conventions,
        "warnings": list(study.warnings),
        "selection": _selection(study.selection),
        "events": [
            _event(event) | ({} if study.funding_returns is None else {"funding_return": study.funding_returns[place]})
            for place, event in enumerate(result.events)
        ],
        "tests": [_test(row) for row in result.tests],
        "effects": [_effect(effect) for effect in result.effects],
        "paths": _paths(result),
        "regressions": [{"regression": item.kind, **asdict(item.term)} for item in result.regressions],
        "statistics": describe_statistics(),
        "excluded": [{"event_id": event, "asset": asset, "reason": reason} for event, asset, reason in result.excluded],
    }


def study_to_frame(study: OwnStudyResult) -> pl.DataFrame:
    """The study as one tidy frame: a row per event and measure, then a row per window and statistic."""
    result = study.result
    rows: list[dict[str, object]] = []
    shared: dict[str, object]
    for place, event in enumerate(result.events):
        rows += _event_rows(event)
        if study.funding_returns is not None:
            whole = {name: rows[-1][name] for name in ("scope", "event_id", "asset_id")} | _bounds(event.source.window)
            rows.append(whole | {"statistic": "funding_return", "value": study.funding_returns[place]})
    for effect in result.effects:
        shared = {"scope": "group", "mark": effect.mark, **_bounds(effect.window)}
        rows.append(
            shared | {"statistic": "caar", "value": effect.caar, "standard_error": effect.standard_error, "n": effect.n}
        )
        rows.append(
            shared
            | {"statistic": "variance_ratio", "value": effect.variance_ratio, "p_value": effect.variance_ratio_p}
            | {"n": effect.n_ordinary}
        )
    rows.append(_selection_row(study.selection))
    for row in result.tests:
        values = asdict(row) | {"scope": "group", **_bounds(row.window)}
        rows.append({name: values[name] for name in TIDY_SCHEMA if name in values})
    for item in result.regressions:
        term = item.term
        rows.append(
            {
                "scope": "regression",
                "statistic": f"{item.kind}:{term.covariance}:{term.name}",
                "value": term.estimate if term.estimate is not None else term.t,
                "standard_error": term.standard_error,
                "p_value": term.p_value,
                "n": term.n,
                "reason": term.reason,
            }
        )
    return pl.DataFrame(rows, schema=TIDY_SCHEMA)


def describe_statistics() -> list[dict[str, str]]:
    """What each statistic tests, assumes and refers to, one entry per statistic."""
    return [
        {
            "statistic": statistic.statistic_id,
            "title": statistic.title,
            "null": statistic.null,
            "assumptions": statistic.assumptions,
            "dependence": f"{statistic.dependence}: {DEPENDENCE_WORDS[statistic.dependence]}",
            "equation": statistic.equation,
            "reference": statistic.reference,
        }
        for statistic in load_statistics().values()
    ]


def _bounds(window: _Range) -> dict[str, int]:
    return {"window_start": window[0], "window_end": window[1] - 1}


def _number(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else float(value)


def _numbers(values: Floats | Sequence[float]) -> list[float | None]:
    return [_number(float(value)) for value in values]


def _time(instant: datetime | None) -> str | None:
    if instant is None:
        return None
    is_midnight = (instant.hour, instant.minute, instant.second, instant.microsecond) == (0, 0, 0, 0)
    return iso_day(instant) if is_midnight else iso_instant(instant)


def _event(event: EventResult) -> dict[str, object]:
    source = event.source
    shared: dict[str, object] = {
        "event_id": source.event_id,
        "asset": source.market_id,
        "event_time": _time(source.event_time),
        "window": [source.window[0], source.window[1] - 1],
        "estimation": [source.estimation[0], source.estimation[1] - 1],
        "n_estimation": event.n_estimation,
        **_bar_zero(event),
    }
    if event.fit is None:
        absent = (
            "alpha",
            "beta",
            "sigma",
            "ar",
            "ar_se",
            "sar",
            "car",
            "car_se",
            "scar",
            "bhar",
            "variance_ratio",
            "variance_ratio_p",
        )
        return shared | dict.fromkeys(absent) | {"reason": event.reason}
    fit = event.fit
    car, error = float(fit.ar.sum()), float(np.sqrt(fit.car_variance(0, fit.ar.size)))
    is_complete, variance = bool(np.isfinite(car)), variance_ratio(event)
    return shared | {
        "alpha": _number(fit.alpha),
        "beta": _numbers(fit.beta),
        "sigma": _number(fit.sigma),
        "ar": _numbers(fit.ar),
        "ar_se": _numbers(event.ar_sd),
        "sar": _numbers(fit.ar / event.ar_sd),
        "car": _number(car),
        "car_se": error if is_complete else None,
        "scar": _number(car / error),
        "bhar": _number(event.bhar),
        "variance_ratio": None if variance is None else _number(variance.ratio),
        "variance_ratio_p": None if variance is None else _number(variance.p_value),
        "reason": event.reason,
    }


def _bar_zero(event: EventResult) -> dict[str, object]:
    """The row that bar 0 was mapped to and how far after the event it lies; below zero where dated by its open."""
    at, said = event.source.bar_zero_time, event.source.event_time
    return {
        "bar_zero_at_utc": None if at is None else iso_instant(at),
        "bar_zero_gap_hours": None if at is None or said is None else (at - said) / HOUR,
    }


def _selection(selection: EventSelection) -> dict[str, object]:
    return asdict(selection) | {"mark": selection.mark, "words": selection.words}


def _selection_row(selection: EventSelection) -> dict[str, object]:
    return {
        "scope": "group",
        "statistic": "largest_at_bar_zero",
        "value": selection.n_largest,
        "p_value": selection.p_value,
        "n": selection.n,
        "mark": selection.mark,
    }


def _test(row: TestRow) -> dict[str, object]:
    values = {name: _number(value) if isinstance(value, float) else value for name, value in asdict(row).items()}
    values["window"] = [row.window[0], row.window[1] - 1]
    return values


def _effect(effect: GroupEffect) -> dict[str, object]:
    values = asdict(effect)
    values["window"] = [effect.window[0], effect.window[1] - 1]
    return values


def _paths(result: StudyResult) -> list[dict[str, object]]:
    """Mean abnormal return and its running sum per relative bar, one path per distinct event window."""
    paths: list[dict[str, object]] = []
    for window in sorted({event.source.window for event in result.events}):
        ars = [event.fit.ar for event in result.events if event.fit is not None and event.source.window == window]
        if not ars:
            continue
        stacked = np.array(ars)
        n = np.isfinite(stacked).sum(axis=0)
        aar = np.nansum(stacked, axis=0) / np.where(n > 0, n, np.nan)
        paths.append(
            {
                "window": [window[0], window[1] - 1],
                "bar": list(range(*window)),
                "n": [int(count) for count in n],
                "aar": _numbers(aar),
                "caar": _numbers(np.cumsum(aar)),
            }
        )
    return paths


def _event_rows(event: EventResult) -> list[dict[str, object]]:
    source = event.source
    shared: dict[str, object] = {
        "scope": "event",
        "event_id": source.event_id,
        "asset_id": source.market_id,
        "n": event.n_estimation,
    }
    whole = shared | _bounds(source.window) | _bar_zero(event)
    if event.fit is None:
        return [whole | {"statistic": "car", "reason": event.reason}]
    fit = event.fit
    measures: list[tuple[str, float | None]] = [("alpha", fit.alpha), ("sigma", fit.sigma), ("bhar", event.bhar)]
    measures += [(f"beta_{k + 1}", value) for k, value in enumerate(fit.beta)]
    rows = [whole | {"statistic": name, "value": _number(value)} for name, value in measures]
    error = float(np.sqrt(fit.car_variance(0, fit.ar.size)))
    rows.append(
        whole
        | {"statistic": "car", "value": _number(float(fit.ar.sum())), "standard_error": error, "reason": event.reason}
    )
    for place, bar in enumerate(range(*source.window)):
        numbers = {"value": _number(fit.ar[place]), "standard_error": _number(event.ar_sd[place])}
        rows.append(shared | _bounds((bar, bar + 1)) | {"statistic": "ar"} | numbers)
    return rows
