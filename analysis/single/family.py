"""p of one event's windows and tokens, adjusted for how many there are."""

from __future__ import annotations

from collections.abc import Set

import polars as pl

from analysis.engine.multiplicity import benjamini_yekutieli, holm

_RANK = "placebo_rank"


def adjust_family(rows: pl.DataFrame, market_ids: Set[str]) -> pl.DataFrame:
    """Rows of `out.study_result` of one event with both adjusted p of each rank on the markets that stand for assets.

    The family is that event's windows on those markets. Other markets of the same asset say the same thing again; they
    would only make the family look larger, and have no adjusted p.
    """
    is_family = (pl.col("statistic") == _RANK) & pl.col("p_value").is_not_null() & pl.col("market_id").is_in(market_ids)
    numbered = rows.with_row_index("place")
    family = numbered.filter(is_family)
    p_values = family["p_value"].to_list()
    adjusted = family.select("place").with_columns(
        pl.Series("holm", holm(p_values), dtype=pl.Float64),
        pl.Series("yekutieli", benjamini_yekutieli(p_values), dtype=pl.Float64),
    )
    joined = numbered.join(adjusted, on="place", how="left", validate="1:1", maintain_order="left")
    return joined.with_columns(p_adjusted=pl.col("holm"), p_false_discovery=pl.col("yekutieli")).select(rows.columns)
