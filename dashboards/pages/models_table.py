"""One event under every expected-return model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
from markupsafe import Markup

from dashboards.findings.superlatives import interval_words
from dashboards.numbers import counted, signed_rows
from dashboards.shell.inline import range_bar, range_scale, scale_words
from dashboards.shell.tables import NOTHING, Cell, Head, Spanning, table, with_soft
from warehouse.tables.studies import STUDY_RESULT
from warehouse.tables.terms import asset_of, benchmark_name, model_name
from warehouse.tables.units import count, listing, percent, plural

MODELS_STUDY, PREFIX = "models", "car:"


def models_table(results: pl.DataFrame, asset_id: str, assets: Mapping[str, str]) -> Markup:
    """The rows of one token in the study `models`; nothing where it was not measured.

    `results` are the event's rows of out.study_result, `assets` the asset of each market.
    """
    rows = [
        row
        for row in signed_rows(results, STUDY_RESULT)
        if row["study_id"] == MODELS_STUDY and assets.get(row["market_id"], asset_of(row["market_id"])) == asset_id
    ]
    known = [row for row in rows if row["estimate"] is not None]
    if not known:
        return NOTHING
    rows.sort(key=lambda row: (row["estimate"] is None, -float(row["estimate"] or 0.0), row["statistic"]))
    low, high = rows[len(known) - 1]["estimate"], rows[0]["estimate"]
    scale = range_scale([value for row in known for value in (row["estimate"], row["lower_95"], row["upper_95"])])
    markets = ",".join(sorted({row["market_id"] for row in rows}))
    key = {"event_id": rows[0]["event_id"], "markets": markets}
    n_clear, n_known = (
        counted(value, "query:models_of_event", name, **key)
        for value, name in (
            (sum(row["lower_95"] > 0 or row["upper_95"] < 0 for row in known), "n_clear"),
            (len(known), "n_known"),
        )
    )
    heads = (
        Head("Model"),
        Head("Beyond it, 24 h", is_number=True),
        Head(scale_words(scale), is_wide=True, label="With its 95% interval"),
        Head("95% interval", is_number=True),
        Head("Bars", is_number=True),
    )
    caption = (
        f"Under {plural(n_known, 'model')} of what {asset_id} should have done, the answer lies between "
        f"{percent(low)} and {percent(high)}"
    )
    small = (
        f"Zero is outside the interval in {n_clear} of {n_known}. The models share one price path, so they are not "
        "separate evidence. Intervals take volatility for what it was before, except where the model forecasts it."
    )
    return table("models", caption, small, heads, [_row(row, scale) for row in rows])


def _row(row: Mapping[str, Any], scale: float) -> list[Cell | Spanning]:
    name: Cell = model_name(row["statistic"].removeprefix(PREFIX))
    extra = [benchmark_name(factor) for factor in (row["benchmark"] or "").split("; ")[1:]]
    if extra:
        name = with_soft(name, f"Bitcoin, {listing(extra)}")
    if row["estimate"] is None:
        return [name, Spanning(f"Not measured – {row['reason'] or 'no reason given'}")]
    return [
        name,
        percent(row["estimate"]),
        range_bar(row["lower_95"], row["upper_95"], row["estimate"], scale),
        interval_words(row["lower_95"], row["upper_95"]),
        count(row["n_estimation"]),
    ]
