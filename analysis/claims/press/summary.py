"""How the surely read statements of headlines fared, by publishing house, asset, kind and month."""

from __future__ import annotations

import polars as pl

from analysis.claims.statement import StatementVerdict
from analysis.engine.size import wilson_band
from analysis.events.carriers import house_or_name
from warehouse.tables.press import PRESS_SUMMARY

_MONTH_LETTERS = len("2026-06")
_PARTS = {
    "all": pl.lit("all"),
    "outlet": house_or_name(pl.col("outlet")),
    "asset": pl.col("asset_id"),
    "kind": pl.col("kind"),
    "month": pl.col("said_at_utc").dt.date().cast(pl.String).str.slice(0, _MONTH_LETTERS),
}
_COUNTED = {
    "n_supported": StatementVerdict.SUPPORTED,
    "n_another_reading": StatementVerdict.ANOTHER_READING,
    "n_overstated": StatementVerdict.OVERSTATED,
    "n_understated": StatementVerdict.UNDERSTATED,
    "n_not_supported": StatementVerdict.NOT_SUPPORTED,
}


def summarise_press(verdicts: pl.DataFrame) -> pl.DataFrame:
    """Rows of out.press_summary from those of out.press_verdict.

    The interval is Wilson's with the number of days times assets for n, if that is smaller than the statements told:
    many headlines of one day about one asset are right or wrong together.
    """
    if not verdicts.height:
        return PRESS_SUMMARY.empty()
    counted = pl.concat(_counts(verdicts, part, value) for part, value in _PARTS.items())
    reproduced = counted["n_supported"] + counted["n_another_reading"]
    bands = [
        _band(n_true, n_told, n_days)
        for n_true, n_told, n_days in zip(reproduced, counted["n_told"], counted["n_days"], strict=True)
    ]
    shares = pl.DataFrame(
        bands, schema=dict.fromkeys(("share_reproduced", "lower_95", "upper_95"), pl.Float64), orient="row"
    )
    return PRESS_SUMMARY.conform(counted.hstack(shares))


def _counts(verdicts: pl.DataFrame, part: str, value: pl.Expr) -> pl.DataFrame:
    is_told = pl.col("verdict") != StatementVerdict.CANNOT_BE_TOLD.value
    day = pl.struct(pl.col("said_at_utc").dt.date(), "asset_id")
    return (
        verdicts.group_by(value.alias("value"))
        .agg(
            n_statements=pl.len().cast(pl.Int64),
            n_told=is_told.sum().cast(pl.Int64),
            n_days=day.filter(is_told).n_unique().cast(pl.Int64),
            **{name: (pl.col("verdict") == verdict.value).sum().cast(pl.Int64) for name, verdict in _COUNTED.items()},
        )
        .with_columns(part=pl.lit(part))
        .sort("value")
        .select("part", "value", "n_statements", "n_told", "n_days", *_COUNTED)
    )


def _band(n_true: int, n_told: int, n_days: int) -> tuple[float | None, float | None, float | None]:
    if not n_told:
        return None, None, None
    share = n_true / n_told
    n = min(n_days, n_told)
    _, low, high = wilson_band(share * n, n)
    return share, low, high
