"""What is unlikely to be what its reader takes it for: refused where numbers would be wrong, else a warning."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from analysis.arrays import Floats, Integers
from analysis.engine.standardise import EventResult
from analysis.own.tables import OwnSeries, OwnTable
from analysis.own.times import OwnDataError
from warehouse.tables.bars import MICROSECONDS_PER_DAY, utc_instant
from warehouse.tables.spikes import JUMP_FACTOR, spikes
from warehouse.tables.units import iso_minute, listing, number, plain, plural

# Fewer values than this say nothing about a column.
MINIMUM_VALUES = 10

# Typical size of a day's move above which a column is no return: 25 %, three times the wildest tokens'. It shrinks with
# the square root of a shorter bar.
IMPLAUSIBLE_DAY = 0.25

# Prices do not change sign; a column of which this share is negative is of returns.
NEGATIVE_SHARE = 0.2

# Rows of prices lie this near to the row before, as a share of themselves.
PRICE_STEP = 0.25

# |beta| above this is a unit (percent beside fractions), a wrong benchmark, or a benchmark that hardly moves.
IMPLAUSIBLE_BETA = 20.0


def check_values(tables: Sequence[OwnTable], values: str, kind: str) -> None:
    """OwnDataError for a column that does not hold what `--values` says: percent, prices, returns."""
    for table in tables:
        for name, series in table.series.items():
            present = series.values[np.isfinite(series.values)]
            if series.problem or present.size < MINIMUM_VALUES:
                continue
            where = f"{table.source}, column {name}"
            if values == "returns":
                _check_returns(present, _days_of_a_step(series.times), kind, where)
            elif values in ("prices", "volume") and np.mean(present < 0) >= NEGATIVE_SHARE:
                raise OwnDataError(
                    f"{where}: {number(100 * float(np.mean(present < 0)), 0)} % of the values are negative, which no "
                    f"{values[:-1] if values == 'prices' else values} is; for returns give --values returns"
                )
            elif values == "prices":
                _check_spikes(series, where)


def _check_spikes(series: OwnSeries, where: str) -> None:
    """One close in another unit is two returns of several hundred percent, and a mean of such."""
    # A price that is not positive leaves out the events that use it alone.
    is_there = np.isfinite(series.values) & (series.values > 0)
    bars = pl.DataFrame({"series": where, "close": series.values[is_there], "at": series.times[is_there]})
    found = bars.filter(spikes(pl.col("close"), ["series"]))
    if found.height:
        close, at = found.row(0)[1:]
        more = f", and so are {found.height - 1} more" if found.height > 1 else ""
        raise OwnDataError(
            f"{where}, row of {iso_minute(utc_instant(at))}Z: the close {plain(close)} is {number(JUMP_FACTOR, 0)} "
            f"times away from its neighbours on both sides, or more{more}: another unit? Correct it or leave it empty"
        )


def _check_returns(present: Floats, days: float, kind: str, where: str) -> None:
    if (present > 0).all():
        steps = np.abs(np.diff(present)) / present[:-1]
        if float(np.median(steps)) < PRICE_STEP:
            raise OwnDataError(
                f"{where}: all {present.size} values are positive and near the one before, as prices are; for prices "
                "give --values prices, for another series that is to be taken as it stands --values series"
            )
    typical, most = float(np.median(np.abs(present))), IMPLAUSIBLE_DAY * float(np.sqrt(min(days, 1.0)))
    if typical > most:
        raise OwnDataError(
            f"{where}: half of the values are beyond ±{number(typical, 3)} a bar, which no return is: percent? Divide "
            "by 100 (5 % is 0.05); for another series that is to be taken as it stands give --values series"
        )
    if kind == "simple" and float(present.min()) < -1.0:
        raise OwnDataError(
            f"{where}: a simple return of {number(float(present.min()), 3)} loses more than everything: percent? "
            "Divide by 100 (5 % is 0.05), or give --returns log"
        )


def _days_of_a_step(times: Integers) -> float:
    gaps = np.diff(times)
    return float(np.median(gaps)) / MICROSECONDS_PER_DAY if gaps.size else 1.0


def list_doubts(tables: Sequence[OwnTable], events: Sequence[EventResult], factors: Sequence[str]) -> list[str]:
    """Sentences on what may be wrong although it was computed: early years, betas, repeated rows, all left out."""
    return [*_early_years(tables), *_extreme_betas(events, factors), *_repeated(events), *_left_out(events)]


def _early_years(tables: Sequence[OwnTable]) -> list[str]:
    first = {table.source: min(int(item.times[0]) for item in table.series.values()) for table in tables}
    return [f"{source}: rows begin before 1970; check the years" for source, earliest in first.items() if earliest < 0]


def _extreme_betas(events: Sequence[EventResult], factors: Sequence[str]) -> list[str]:
    extreme = [
        (event, max(event.fit.beta, key=abs))
        for event in events
        if event.fit is not None and event.fit.beta and max(map(abs, event.fit.beta)) > IMPLAUSIBLE_BETA
    ]
    if not extreme:
        return []
    worst, beta = max(extreme, key=lambda found: abs(found[1]))
    return [
        f"{plural(len(extreme), 'event')} with |beta| above {number(IMPLAUSIBLE_BETA, 0)} (event "
        f"{worst.source.event_id}, {worst.source.market_id} on {', '.join(factors)}: {number(beta, 1)}): are both "
        "tables in one unit (fractions, not percent), and is this the benchmark?"
    ]


def _repeated(events: Sequence[EventResult]) -> list[str]:
    """One observation under several ids counts as often; only tests that know of dependence allow for it."""
    ids: dict[tuple[str, int, tuple[int, int]], list[str]] = {}
    for event in events:
        if event.fit is not None:
            ids.setdefault((event.source.market_id, event.source.bar_zero, event.source.window), []).append(
                event.source.event_id
            )
    twice = {key: names for key, names in ids.items() if len(names) > 1}
    if not twice:
        return []
    (asset, _, _), names = next(iter(twice.items()))
    return [
        f"events: {plural(len(twice), 'observation')} under several event_ids, the same asset, bar 0 and window (first "
        f"{listing(names)} of {asset}): each counts as often; keep one row of each"
    ]


def _left_out(events: Sequence[EventResult]) -> list[str]:
    if not events or any(event.fit is not None for event in events):
        return []
    reasons = [event.reason or "" for event in events]
    common = max(set(reasons), key=reasons.count)
    return [
        f"every event was left out, so that nothing was measured; most often ({reasons.count(common)} of "
        f"{len(reasons)}): {common}"
    ]
