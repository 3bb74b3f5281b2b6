"""Rows that say when each market moved after one event: reaction times, order of movers, jumps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from analysis.arrays import Floats, Integers
from analysis.results.shared import SharedRows
from analysis.single.timing.jumps import BarJumps, detect_jumps, hour_shape
from analysis.single.timing.reaction_time import Mover, ReactionTime, measure_reaction, order_movers
from analysis.single.window.pair import Pair
from warehouse.tables.bars import MICROSECONDS_PER_HOUR, utc_instant
from warehouse.tables.single import REACTION_TIME
from warehouse.tables.units import clock, hours_and_minutes, hours_plain, log_percent, short_day

FALSE_ALARM_LEVEL = 0.05  # family-wise, over the bars searched
MINIMUM_CALIBRATION = 19  # windows whose largest is exceeded by chance once in twenty


@dataclass(frozen=True, slots=True)
class PairTiming:
    """The reaction of one pair with the record of the same search at ordinary times."""

    pair: Pair
    shape: Floats  # usual size of a bar at its hour of day, from before the event
    reaction: ReactionTime
    critical_basis: str
    n_placebo: int  # windows of the searched length before the event, side by side
    n_false_alarms: int  # of them, those in which a bar passes the same test


def time_pair(pair: Pair) -> PairTiming:
    """Reaction time of one pair, its critical value calibrated on earlier windows where there are nineteen or more.

    Hourly returns have heavier tails than the Lee–Mykland null allows for: at its own critical value a quarter of
    ordinary three-day windows raised an alarm where one in twenty should.
    """
    shape, horizon = _shape_before_event(pair), pair.specification.search_hours
    jumps = detect_jumps(
        pair.abnormal, bar_hours=pair.series.bar_hours, n_tests=pair.bars(horizon), level=FALSE_ALARM_LEVEL, shape=shape
    )
    maxima = _earlier_maxima(pair, jumps)
    critical, basis = jumps.critical_value, "Lee–Mykland"
    if maxima.size >= MINIMUM_CALIBRATION:
        place = int(np.ceil((1.0 - FALSE_ALARM_LEVEL) * (maxima.size + 1))) - 1
        critical = max(critical, float(np.sort(maxima)[min(place, maxima.size - 1)]))
        basis = f"largest bars of {maxima.size} earlier windows"
    reaction = measure_reaction(
        pair.abnormal,
        _hours_after_event(pair),
        bar_hours=pair.series.bar_hours,
        horizon_hours=horizon,
        critical_value=critical,
        jumps=jumps,
    )
    return PairTiming(pair, shape, reaction, basis, int(maxima.size), int(np.sum(maxima > critical)))


def list_reaction_times(timings: Sequence[PairTiming], asset_ids: Mapping[str, str]) -> pl.DataFrame:
    """Rows of `out.reaction_time` for one event; tokens are ordered by their first significant bar, best venue each."""
    reacted = [
        (item.pair.market_id, item.reaction.first_open_hours, item.reaction.first_close_hours)
        for item in timings
        if item.reaction.first_open_hours is not None and item.reaction.first_close_hours is not None
    ]
    movers = {mover.market_id: (rank, mover) for rank, mover in enumerate(order_movers(reacted), start=1)}
    rows = [_reaction_row(item, asset_ids, movers.get(item.pair.market_id)) for item in timings]
    return pl.DataFrame(rows, schema=REACTION_TIME.schema)


def list_jumps(timings: Sequence[PairTiming]) -> list[SharedRows]:
    """Rows of `out.jump` by pair: bars of the stored path whose return passes the Lee–Mykland test over that path."""
    parts = []
    for item in timings:
        pair = item.pair
        base = pair.index - 1
        first = max(1, base - pair.bars(pair.specification.path_before_hours) + 1)
        last = min(pair.series.close_us.size, pair.index + pair.bars(pair.specification.path_after_hours))
        jumps = detect_jumps(pair.series.asset, bar_hours=pair.series.bar_hours, n_tests=last - first, shape=item.shape)
        at = np.arange(first, last)
        with np.errstate(invalid="ignore"):
            at = at[np.abs(jumps.statistic[at]) > jumps.critical_value]
        if at.size:
            parts.append(_jump_rows(pair, jumps, at))
    return parts


def _reaction_row(item: PairTiming, asset_ids: Mapping[str, str], place: tuple[int, Mover] | None) -> dict[str, object]:
    pair, found = item.pair, item.reaction
    rank, mover = place if place else (None, None)
    as_of = pair.close_at(pair.bars(pair.specification.path_after_hours) - 1)
    return {
        "study_id": pair.specification.study_id,
        "spec_sha256": pair.spec_sha256,
        "event_id": pair.event.event_id,
        "market_id": pair.market_id,
        "bar_hours": pair.series.bar_hours,
        "first_bar_open_utc": _instant(pair, found.first_open_hours),
        "first_bar_close_utc": _instant(pair, found.first_close_hours),
        "first_bar_open_hours": found.first_open_hours,
        "first_bar_close_hours": found.first_close_hours,
        "first_bar_return": found.first_return,
        "first_bar_statistic": found.first_statistic,
        "critical_value": found.critical_value,
        "critical_basis": item.critical_basis,
        "n_searched": found.n_tests,
        "onset_open_utc": _instant(pair, found.onset_open_hours),
        "quiet_hours": None if found.onset_open_hours is None else max(0.0, found.onset_open_hours),
        "quiet_car": found.quiet_car,
        "drift_before": found.drift_before,
        "drift_before_z": found.drift_before_z,
        "drift_after": found.drift_after,
        "drift_after_z": found.drift_after_z,
        "drift_word": found.drift_word,
        "peak_hours": found.peak_hours,
        "peak_car": found.peak_car,
        "half_life_hours": found.half_life_hours,
        "false_alarm_share": item.n_false_alarms / item.n_placebo if item.n_placebo else None,
        "n_placebo": item.n_placebo,
        "mover_rank": rank,
        "lag_lower_hours": mover.lag_lower_hours if mover else None,
        "lag_upper_hours": mover.lag_upper_hours if mover else None,
        "is_order_proven": mover.is_order_proven if mover else None,
        "finding": _describe(item, asset_ids.get(pair.market_id, pair.market_id)),
        "data_as_of_utc": as_of,
    }


def _describe(item: PairTiming, asset: str) -> str:
    found, pair = item.reaction, item.pair
    if found.first_open_hours is None or found.first_close_hours is None or found.first_return is None:
        if not found.n_tests:
            return f"{asset}: no bar after the event to search"
        return (
            f"{asset}: none of the {found.n_tests} bars of {pair.series.bar_words} in the "
            f"{hours_plain(pair.specification.search_hours)} after the event stood out"
        )
    opened = utc_instant(_event_plus(pair, found.first_open_hours))
    closed = utc_instant(_event_plus(pair, found.first_close_hours))
    quiet = max(0.0, found.onset_open_hours or 0.0)
    words = (
        f"{asset}: quiet for {hours_and_minutes(quiet)} after the event "
        f"(abnormal {log_percent(found.quiet_car or 0.0)}), "
        if quiet >= pair.series.bar_hours
        else f"{asset}: "
    )
    return (
        words + f"first abnormal bar {short_day(opened)} {clock(opened)} to {clock(closed)} UTC "
        f"({log_percent(found.first_return)}); the next day it "
        f"{'' if found.drift_word in ('held', 'reversed', 'went on') else 'was '}{found.drift_word}" + _caution(item)
    )


def _caution(item: PairTiming) -> str:
    """How often the same search is wrong, where it could not be calibrated."""
    if item.n_placebo >= MINIMUM_CALIBRATION:
        return ""
    return f"; the same search raised an alarm in {item.n_false_alarms} of {item.n_placebo} earlier stretches"


def _jump_rows(pair: Pair, jumps: BarJumps, at: Integers) -> SharedRows:
    return SharedRows(
        {
            "study_id": pair.specification.study_id,
            "spec_sha256": pair.spec_sha256,
            "event_id": pair.event.event_id,
            "market_id": pair.market_id,
            "n_tested": jumps.n_tests,
            "data_as_of_utc": pair.close_at(pair.bars(pair.specification.path_after_hours) - 1),
        },
        {
            "close_time_utc": pair.series.close_us[at],
            "hours_after_event": _hours_after_event(pair)[at],
            "log_return": pair.series.asset[at],
            "abnormal_return": pair.abnormal[at],
            "local_volatility": jumps.local_volatility[at],
            "statistic": jumps.statistic[at],
            "p_value": jumps.p_values(at),
        },
    )


def _shape_before_event(pair: Pair) -> Floats:
    """Hour-of-day shape from the bars before the event only."""
    known = np.where(np.arange(pair.abnormal.size) < pair.index, pair.abnormal, np.nan)
    hour_of_day = pair.series.close_us // MICROSECONDS_PER_HOUR % 24
    return hour_shape(known, hour_of_day, pair.volatility)


def _earlier_maxima(pair: Pair, jumps: BarJumps) -> Floats:
    """The largest absolute statistic of each complete window of the searched length before the event, side by side."""
    length = pair.bars(pair.specification.search_hours)
    n_windows = (pair.index - 1) // length
    windows = np.abs(jumps.statistic[pair.index - n_windows * length : pair.index].reshape(n_windows, length))
    return np.asarray(windows[np.isfinite(windows).all(axis=1)].max(axis=1))


def _hours_after_event(pair: Pair) -> Floats:
    hours: Floats = (pair.series.close_us - pair.event.best_us) / MICROSECONDS_PER_HOUR
    return hours


def _event_plus(pair: Pair, hours: float) -> int:
    return pair.event.best_us + round(hours * MICROSECONDS_PER_HOUR)


def _instant(pair: Pair, hours: float | None) -> object:
    return None if hours is None else utc_instant(_event_plus(pair, hours))
