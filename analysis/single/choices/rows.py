"""Rows of the specification tables for one event and asset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from analysis.results.fingerprint import fingerprint
from analysis.single.choices.curve import ESTIMATE_DIGITS, SpecificationCurve, trace_specifications
from analysis.single.choices.grid import ESTIMATION_DAYS, HEADLINE_DAYS, HISTORY_DAYS, WINDOW_HOURS
from analysis.single.window.pair import EventTime, Pair
from analysis.tape.markets import Variant
from analysis.tape.series import SpanTimes
from analysis.tape.stretches import Stretches
from warehouse.tables.bars import MICROSECONDS_PER_DAY, MICROSECONDS_PER_HOUR
from warehouse.tables.contract import UTC
from warehouse.tables.single import SPECIFICATION, SPECIFICATION_SUMMARY
from warehouse.tables.units import p_value, percent, plain_percent

TIMING_RULES = ("first_public_evidence", "earliest", "latest")


def list_specifications(
    pair: Pair, asset_id: str, variants: Sequence[Variant], spans_us: SpanTimes, spec_sha256: str
) -> tuple[pl.DataFrame, pl.DataFrame] | None:
    """Rows of `out.specification` and `out.specification_summary`, or None when nothing could be computed.

    `pair` is the asset's main one: it names the headline specification and the record's end; `spec_sha256`
    comes from `hash_specifications`.
    """
    anchors = dict(zip(TIMING_RULES, _anchor_times(pair.event), strict=True))
    curve = trace_specifications(variants, anchors, spans_us)
    if curve is None:
        return None
    identity = {
        "study_id": pl.lit(pair.specification.study_id),
        "spec_sha256": pl.lit(spec_sha256),
        "event_id": pl.lit(pair.event.event_id),
        "asset_id": pl.lit(asset_id),
        "data_as_of_utc": pl.lit(pair.close_at(pair.bars(pair.specification.path_after_hours) - 1)).cast(UTC),
    }
    return _curve_rows(pair, curve).with_columns(**identity).pipe(SPECIFICATION.conform), _summary_row(
        asset_id, curve
    ).with_columns(**identity).pipe(SPECIFICATION_SUMMARY.conform)


def _anchor_times(event: EventTime) -> tuple[int, int, int]:
    return event.best_us, event.earliest_us, event.latest_us


def rank_estimates(estimates: pl.Series) -> pl.Series:
    """Rank of each estimate, 1 = smallest; equal ones keep the order of their specifications.

    Rounding does not order them: the raw return under two estimation windows is one number.
    """
    return estimates.round(ESTIMATE_DIGITS).rank("ordinal").cast(pl.Int64)


def _curve_rows(pair: Pair, curve: SpecificationCurve) -> pl.DataFrame:
    frame = pl.DataFrame(
        {
            "specification_id": [choice.specification_id for choice in curve.choices],
            "market_id": [choice.market_id for choice in curve.choices],
            "bar_hours": [choice.bar_hours for choice in curve.choices],
            "model": [choice.model for choice in curve.choices],
            "benchmark": [choice.benchmark for choice in curve.choices],
            "estimation_days": [choice.estimation_days for choice in curve.choices],
            "return_kind": [choice.return_kind for choice in curve.choices],
            "timing_rule": [choice.timing_rule for choice in curve.choices],
            "window_hours": [choice.window_hours for choice in curve.choices],
            "estimate": curve.estimate,
            "standard_error": curve.standard_error,
            "p_value": curve.p_value,
        }
    )
    is_like_headline = (
        (pl.col("market_id") == pair.market_id)
        & (pl.col("bar_hours") == pair.series.bar_hours)
        & (pl.col("model") == "market_model")
        & (pl.col("benchmark") == pair.specification.benchmark_asset_id)
        & (pl.col("return_kind") == "log")
        & (pl.col("timing_rule") == TIMING_RULES[0])
        & (pl.col("window_hours") == pair.specification.main_window_hours)
        & (pl.col("estimation_days") <= HEADLINE_DAYS)
    )
    longest = frame.filter(is_like_headline)["estimation_days"].max()
    is_longest = pl.col("estimation_days") == pl.lit(longest, dtype=pl.Float64)
    return frame.with_columns(
        rank=rank_estimates(frame["estimate"]),
        is_significant=pl.col("p_value") < 0.05,
        is_headline=(is_like_headline & is_longest).fill_null(value=False),
    )


def _summary_row(asset_id: str, curve: SpecificationCurve) -> pl.DataFrame:
    words = (
        f"{asset_id}: {len(curve.choices)} specifications with an estimate of their own give between "
        f"{percent(curve.estimate.min())} and {percent(curve.estimate.max())}, median {percent(curve.median)}; "
        f"{plain_percent(curve.share_significant)} "
        "are significant alone"
    )
    if curve.p_median is not None:
        p_words = p_value(curve.p_median, 3)
        words += f"; ordinary dates draw a median as far from zero with {p_words} ({curve.n_placebo} dates)"
    else:
        words += "; no ordinary date before the event has as much history to compare with"
    return pl.DataFrame(
        {
            "n_specifications": [len(curve.choices)],
            "share_significant": [curve.share_significant],
            "median_estimate": [curve.median],
            "smallest_estimate": [float(curve.estimate.min())],
            "largest_estimate": [float(curve.estimate.max())],
            "share_same_sign": [curve.share_same_sign],
            "p_median": pl.Series([curve.p_median], dtype=pl.Float64),
            "p_share_significant": pl.Series([curve.p_share], dtype=pl.Float64),
            "p_average_z": pl.Series([curve.p_average_z], dtype=pl.Float64),
            "n_placebo": [curve.n_placebo],
            "n_placebo_independent": [float(curve.n_independent)],
            "finding": [words],
        }
    )


def hash_specifications(
    pair: Pair, variants: Sequence[Variant], digests: Sequence[Mapping[str, Stretches]], spans_us: SpanTimes
) -> str:
    """Fingerprint of the main pair's and of every return that the curve may use; `digests` are of `variants`."""
    reach = round((HISTORY_DAYS + max(ESTIMATION_DAYS)) * 24.0 * MICROSECONDS_PER_HOUR)
    ahead = round(max(WINDOW_HOURS) * MICROSECONDS_PER_HOUR)
    # A bar that begins before the reach, of the longest there are, is seen too.
    oldest = pair.event.earliest_us - reach - MICROSECONDS_PER_DAY
    spans = np.asarray(spans_us, dtype=np.int64).reshape(-1, 2)
    spans = spans[(spans[:, 0] <= pair.event.latest_us + ahead) & (spans[:, 1] > oldest)]
    used = []
    for variant, stretches in zip(variants, digests, strict=True):
        for name, series in variant.items():
            first = series.first_bar_after(pair.event.earliest_us - reach)
            last = min(series.first_bar_after(pair.event.latest_us + ahead) + 1, series.close_us.size)
            used.append((name, stretches[name].digests(np.array([first]), np.array([last]))))
    return fingerprint(pair.spec_sha256, spans, used)
