"""Rows of how markets answer attention, how attention answers markets, and what attention forecasts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from analysis.portable import log
from analysis.results.fingerprint import SourceCode, fingerprint
from analysis.tape.series import AlignedSeries
from analysis.threads import on_threads
from analysis.together.attention.forecast import MIN_FIRST_FIT, ForecastTest, try_forecast
from analysis.together.attention.response import (
    Accumulation,
    Response,
    distribute_lags,
    interval_of,
    own_past,
    remove_profile,
    trace_response,
)
from analysis.together.leads.leadlag import control_false_discoveries
from analysis.together.moving.intervals import Array
from analysis.together.moving.pairs import BITCOIN
from analysis.together.moving.rolling import trailing_beta
from warehouse.tables.attention import ATTENTION_FORECAST, ATTENTION_RESPONSE
from warehouse.tables.bars import HOURS_PER_DAY, HOURS_PER_WEEK, SECONDS_PER_HOUR
from warehouse.tables.contract import Table

_SOURCE = SourceCode("analysis.together.attention.reactions")
# Hours after the shock; all series here are hourly.
HORIZONS = (0, 1, 3, 6, 12, 24, 72)
# The single regression has one coefficient a lag: a day of them.
LAG_HORIZONS = (0, 1, 3, 6, 12, 24)
FORECAST_HORIZONS = (1, 24)
_HOURS_PER_YEAR = 8760.0
_ENDED = timedelta(days=180)
# Beta is learnt from the 30 days before each bar.
BETA_BARS = 720
# Anscombe's (1948) constant: makes the variance of a count nearly the same at every level.
ANSCOMBE = 0.375
_OUTCOMES: dict[str, Accumulation] = {"abnormal_return": "sum", "volatility": "mean", "volume": "mean"}
_CONVENTIONS = (
    "hourly; abnormal return: log return less trailing 30-day beta times Bitcoin's; shock: Anscombe residual of "
    "headline counts (or the market's move), less hour-of-week profile and both sides' past, one standard deviation; "
    "from 1 hour on also less what the same bar did; Newey-West; placebos: the shocks moved by whole days, a week or "
    "more; p_adjusted: Benjamini-Yekutieli over all rows of the direction"
)
_BENCHMARKS = {
    "abnormal_return": "the mean so far",
    "volatility": "last hour, and the means of the last day and week (HAR)",
    "volume": "last hour, and the means of the last day and week (HAR)",
}


@dataclass(frozen=True, eq=False)
class HourlyMarket:
    """A token's hourly outcomes, hour-of-week profile removed from all but returns; NaN is an absent bar."""

    pair: AlignedSeries
    outcomes: dict[str, Array]

    @cached_property
    def pasts(self) -> dict[str, Array]:
        """What each outcome is known to have been before a bar, (kinds, time): the same for every subject."""
        return {name: own_past(outcome) for name, outcome in self.outcomes.items()}


def hourly_markets(pairs: Iterable[AlignedSeries]) -> list[HourlyMarket]:
    """The longest hourly pair with Bitcoin of every token that has more bars than a first fit needs.

    A token whose bars end more than ENDED before the newest has merged or been delisted and is left out: it would only
    enlarge the family of tests.
    """
    longest: dict[str, AlignedSeries] = {}
    for pair in pairs:
        if pair.bar_words == "1h" and pair.benchmark_asset_id == BITCOIN and pair.n_common > MIN_FIRST_FIT:
            best = longest.get(pair.asset_id)
            if best is None or pair.n_common > best.n_common:
                longest[pair.asset_id] = pair
    newest = max((pair.last_close for pair in longest.values()), default=None)
    living = [asset for asset, pair in sorted(longest.items()) if newest and newest - pair.last_close <= _ENDED]
    return [_hourly_market(longest[asset]) for asset in living]


def digest_subjects(markets: list[HourlyMarket], attention: pl.DataFrame) -> dict[str, str]:
    """By subject with hourly attention, the fingerprint of all that its responses and forecasts rest on."""
    pairs = [market.pair for market in markets]
    bars = [(pair.market_id, pair.first_open, pair.asset, pair.benchmark, pair.volume_base) for pair in pairs]
    shared = fingerprint(_SOURCE, bars)
    if not pairs:
        return {}
    newest = max(pair.last_close for pair in pairs)
    seen = _hourly(attention).filter(pl.col("start_utc") < newest).sort("start_utc", "is_outcome")
    told = seen.select("subject_id", "start_utc", "is_outcome", "n_headlines", "expected_headlines")
    return {
        str(subject): fingerprint(shared, part)
        for (subject,), part in told.partition_by("subject_id", as_dict=True).items()
    }


def measure_responses(
    markets: list[HourlyMarket], attention: pl.DataFrame, kept: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Rows of out.attention_response in both directions, every subject with hourly attention, every outcome.

    `attention` is out.attention; rows `kept` of other subjects join in with what all rows together make of p. Price
    commentary is never a shock: its rows exist only as the answer to markets.
    """
    frame = _beside(_of_each(markets, attention, _responses), ATTENTION_RESPONSE, kept)
    parts = [control_false_discoveries(part) for part in frame.partition_by("direction", maintain_order=True)]
    return ATTENTION_RESPONSE.conform(pl.concat([frame.clear(), *parts]))


def measure_forecasts(
    markets: list[HourlyMarket], attention: pl.DataFrame, kept: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Rows of out.attention_forecast: Clark-West tests of attention one hour and one day ahead; `kept` as above."""
    frame = _beside(_of_each(markets, attention, _forecasts), ATTENTION_FORECAST, kept)
    return ATTENTION_FORECAST.conform(control_false_discoveries(frame) if frame.height else frame)


def _of_each(
    markets: list[HourlyMarket],
    attention: pl.DataFrame,
    rows_of: Callable[[HourlyMarket, str, bool, Array], Iterable[dict[str, Any]]],
) -> list[dict[str, Any]]:
    """The rows of every market and subject in their order; each hangs on nothing beside, so that cores share them."""
    found = [(market, *score) for market in markets for score in _scores(market.pair, attention)]
    return [row for rows in on_threads(lambda item: list(rows_of(*item)), found) for row in rows]


def _beside(rows: list[dict[str, Any]], table: Table, kept: pl.DataFrame | None) -> pl.DataFrame:
    frame = pl.DataFrame(rows, schema=table.schema, orient="row").with_columns(pl.col(pl.Float64).fill_nan(None))
    return frame if kept is None else pl.concat([frame, kept.select(frame.columns)])


def _hourly_market(pair: AlignedSeries) -> HourlyMarket:
    abnormal = pair.asset - trailing_beta(pair.asset, pair.benchmark, BETA_BARS) * pair.benchmark
    with np.errstate(divide="ignore", invalid="ignore"):
        volume = np.where(pair.volume_base > 0, log(pair.volume_base), np.nan)
    phase = _phase(pair)
    return HourlyMarket(
        pair,
        {
            "abnormal_return": abnormal,
            "volatility": remove_profile(np.abs(abnormal), HOURS_PER_WEEK, phase),
            "volume": remove_profile(volume, HOURS_PER_WEEK, phase),
        },
    )


def _hourly(attention: pl.DataFrame) -> pl.DataFrame:
    """The attention that markets are compared with."""
    return attention.filter((pl.col("frequency") == "hourly") & pl.col("kind").is_in(["all", "category"]))


def _scores(pair: AlignedSeries, attention: pl.DataFrame) -> Iterator[tuple[str, bool, Array]]:
    """Subject, whether it is an outcome, and its hourly attention score on the pair's bars."""
    hourly = _hourly(attention)
    opens = pl.DataFrame({"start_utc": pair.close_times(np.arange(pair.asset.size)) - pair.bar})
    for (subject, is_outcome), part in sorted(hourly.group_by("subject_id", "is_outcome"), key=lambda item: item[0]):
        joined = opens.join(part, on="start_utc", how="left", validate="1:1", maintain_order="left")
        found = joined["n_headlines"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        expected = joined["expected_headlines"].fill_null(float("nan")).to_numpy()
        score = 2.0 * (np.sqrt(found + ANSCOMBE) - np.sqrt(expected + ANSCOMBE))
        yield str(subject), bool(is_outcome), remove_profile(score, HOURS_PER_WEEK, _phase(pair))


def _responses(market: HourlyMarket, subject: str, is_outcome: bool, score: Array) -> Iterator[dict[str, Any]]:
    returns = market.outcomes["abnormal_return"]
    moves = market.outcomes["volatility"]
    before = own_past(score)
    for name, accumulation in _OUTCOMES.items():
        outcome = market.outcomes[name]
        own = [] if name == "volatility" else [market.pasts[name]]
        past = np.concatenate([*own, market.pasts["volatility"], before])
        if not is_outcome:
            same_bar = np.stack([returns, moves, *([outcome] if name == "volume" else [])])
            found = _project(score, outcome, past, same_bar, accumulation)
            yield from _rows(market, subject, name, "news_to_market", "local_projection", found)
            if accumulation == "sum":
                spread = distribute_lags(score, outcome, np.empty((0, score.size)), LAG_HORIZONS)
                parts = [spread] if spread else []
                yield from _rows(market, subject, name, "news_to_market", "distributed_lag", parts)
        answer = _project(outcome, score, past, score[None, :], "mean")
        yield from _rows(market, subject, name, "market_to_news", "local_projection", answer)


def _project(shock: Array, outcome: Array, past: Array, same_bar: Array, accumulation: Accumulation) -> list[Response]:
    """Horizon 0 given the past; later horizons given the past and what the same bar already did; empty if too thin."""
    parts = [
        trace_response(shock, outcome, controls, horizons, accumulation, HOURS_PER_DAY, HOURS_PER_WEEK)
        for horizons, controls in ((HORIZONS[:1], past), (HORIZONS[1:], np.concatenate([past, same_bar])))
    ]
    return [part for part in parts if part is not None]


def _rows(
    market: HourlyMarket, subject: str, outcome: str, direction: str, method: str, parts: list[Response]
) -> Iterator[dict[str, Any]]:
    for part in parts:
        lower, upper = interval_of(part)
        for k, horizon in enumerate(part.horizons):
            yield {
                "direction": direction,
                "method": method,
                "subject_id": subject,
                **_names(market.pair),
                "outcome": outcome,
                "horizon_bars": horizon,
                "horizon_hours": horizon * market.pair.bar_hours,
                "estimate": part.estimate[k],
                "standard_error": part.standard_error[k],
                "lower_95": lower[k],
                "upper_95": upper[k],
                "p_value": part.p_value[k],
                "placebo_lower_95": part.placebo_lower[k],
                "placebo_upper_95": part.placebo_upper[k],
                "p_placebo": part.p_placebo[k],
                "n_placebo": part.n_placebo or None,
                "n": part.n,
                "n_shocks": part.n_shocks,
                "conventions": _CONVENTIONS,
                "data_as_of_utc": market.pair.last_close,
            }


def _forecasts(market: HourlyMarket, subject: str, is_outcome: bool, score: Array) -> Iterator[dict[str, Any]]:
    if not is_outcome:
        for outcome in _OUTCOMES:
            for horizon in FORECAST_HORIZONS:
                yield _forecast_row(market, subject, score, outcome, horizon)


def _forecast_row(market: HourlyMarket, subject: str, score: Array, outcome: str, horizon: int) -> dict[str, Any]:
    series = market.outcomes[outcome]
    is_return = _OUTCOMES[outcome] == "sum"
    benchmark = (
        np.empty((0, series.size)) if is_return else np.concatenate([series[None, :], own_past(series, lags=(1,))])
    )
    predictors = np.stack([score, own_past(score, lags=(), means=(HOURS_PER_DAY,))[0]])
    found = try_forecast(series, benchmark, predictors, horizon, is_return=is_return, bars_per_year=_HOURS_PER_YEAR)
    row: dict[str, Any] = {
        "subject_id": subject,
        **_names(market.pair),
        "outcome": outcome,
        "horizon_bars": horizon,
        "benchmark": _BENCHMARKS[outcome],
        "n": 0,
        "n_first_fit": MIN_FIRST_FIT,
        "conventions": _CONVENTIONS,
        "data_as_of_utc": market.pair.last_close,
    }
    if found is None:
        return row | {
            "reason": f"too few bars with attention for a first fit of {MIN_FIRST_FIT} and forecasts after it"
        }
    return row | {name: getattr(found, name) for name in ForecastTest.__dataclass_fields__}


def _names(pair: AlignedSeries) -> dict[str, str]:
    return {"market_id": pair.market_id, "asset_id": pair.asset_id, "timeframe": pair.bar_words}


def _phase(pair: AlignedSeries) -> int:
    return int(pair.first_open.timestamp() // SECONDS_PER_HOUR)
