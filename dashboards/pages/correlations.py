"""How the tokens move together, with Bitcoin and with attention."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
from markupsafe import Markup

from dashboards.figures.correlation_change import draw_correlation_change, pick_rows
from dashboards.figures.heat_map import draw_heat_map
from dashboards.figures.response import draw_response, pick_response
from dashboards.figures.rolling import draw_rolling, pick_series
from dashboards.fill import fill
from dashboards.findings.findings import as_of_words
from dashboards.findings.readings import SUBJECT_ASSET, Reaction, lead_event
from dashboards.glossary import tip
from dashboards.numbers import StoredRow, StoredRows, counted, signed_rows
from dashboards.shell.frames import Frames, newest
from dashboards.shell.page import Canvas, Page
from dashboards.shell.tables import NOTHING, Cell, Head, Spanning, empty_table, strong, table
from warehouse.tables.attention import ATTENTION_RESPONSE
from warehouse.tables.bars import bar_words
from warehouse.tables.correlation import (
    CORRELATION_EPISODE,
    CORRELATION_NETWORK,
    CORRELATION_PAIR,
    CORRELATION_ROLLING,
    LEAD_LAG,
)
from warehouse.tables.terms import category_news, method_name
from warehouse.tables.units import count, hours_plain, number, plain_percent, plural, probability

CLEAR_P = 0.05  # an adjusted p below it finds an order
MAX_ROLLING = 6
MAX_PAIRS = 20


def compose_correlations(frames: Frames, reactions: Mapping[str, list[Reaction]]) -> Page:
    """Heat map with a slider, pairs with intervals, rolling pairs, before and after, lead-lag, attention."""
    canvas = Canvas("correlations.html")
    event = lead_event(frames, reactions)
    rolling, pairs, leads = frames.get(CORRELATION_ROLLING), frames.get(CORRELATION_PAIR), frames.get(LEAD_LAG)
    marks = [(event["best_at_utc"], "first report")] if event else []
    title = correlations_title(pairs, leads)
    episodes = frames.part(CORRELATION_EPISODE, "event_id", event["event_id"]) if event else None
    change = None
    if event and episodes is not None:
        change = canvas.draw(draw_correlation_change(episodes, f"the {category_news(event['category'])}"))
    response = draw_response(pick_response(frames.get(ATTENTION_RESPONSE), SUBJECT_ASSET), SUBJECT_ASSET)
    body = fill(
        "correlations.html.jinja",
        title=title,
        heat_map=canvas.draw(draw_heat_map(frames.get(CORRELATION_NETWORK))),
        pairs=_pairs_table(pairs),
        rolling=_rolling_pairs(canvas, rolling, marks),
        no_rolling=empty_table(
            "No moving window is full yet.", "Rolling correlations need a few weeks of common bars with Bitcoin."
        ),
        change=change,
        episode=NOTHING if episodes is None else _episode_table(episodes),
        leads=_lead_table(leads),
        response=canvas.draw(response),
    )
    as_of = newest(pl.concat([pairs.select("data_as_of_utc"), leads.select("data_as_of_utc")]), "data_as_of_utc")
    return Page(
        canvas.path,
        "Correlations",
        "Correlations",
        f"{title}.",
        body,
        as_of=as_of_words(as_of),
        scripts=("assets/slide.js",),
        files=canvas.files,
    )


def correlations_title(pairs: pl.DataFrame, leads: pl.DataFrame) -> str:
    """How closely the subject moves with Bitcoin over the whole record, and whether any test finds an order."""
    row = _headline_pair(pairs)
    if row is None:
        return "How tokens move together is not measured yet"
    together = f"{SUBJECT_ASSET} moves with Bitcoin (correlation {number(row['estimate'])})"
    return f"{together}; {order_sentence(leads)}" if leads.height else together


def order_sentence(leads: pl.DataFrame) -> str:
    """How many of all tests find one token moving before another."""
    n_clear = leads.filter(pl.col("p_adjusted") < CLEAR_P).height
    tests = plural(counted(leads.height, LEAD_LAG), "test")
    if not n_clear:
        return f"none of {tests} finds one token reliably moving before another"
    clear = counted(n_clear, LEAD_LAG, f"count(*) filter (where p_adjusted < {CLEAR_P})")
    return f"{count(clear)} of {tests} {'finds' if n_clear == 1 else 'find'} one token moving before another"


def _headline_pair(pairs: pl.DataFrame) -> dict[str, Any] | None:
    found = pairs.filter(
        (pl.col("asset_id") == SUBJECT_ASSET)
        & (pl.col("other_asset_id") == "BTC")
        & (pl.col("measure") == "pearson")
        & (pl.col("span_id") == "all")
        & pl.col("estimate").is_not_null()
    ).sort("n", descending=True)
    return StoredRow(found.row(0, named=True), StoredRows(CORRELATION_PAIR)) if found.height else None


def _pairs_table(pairs: pl.DataFrame) -> Markup:
    rows = pairs.filter((pl.col("measure") == "pearson") & (pl.col("span_id") == "all"))
    rows = rows.sort("n", descending=True).unique(["asset_id", "other_asset_id"], keep="first", maintain_order=True)
    rows = rows.sort(
        pl.col("asset_id") != SUBJECT_ASSET, pl.col("other_asset_id") != "BTC", "asset_id", "other_asset_id"
    ).head(MAX_PAIRS)
    if not rows.height:
        return empty_table(
            "No pair has enough common bars.",
            "Correlations need two markets with the same bar length and overlapping records.",
        )
    betas = {
        (r["market_id"], r["other_market_id"], r["timeframe"]): r
        for r in signed_rows(
            pairs.filter((pl.col("measure") == "beta") & (pl.col("span_id") == "all")), CORRELATION_PAIR
        )
    }
    heads = (
        Head("Pair"),
        Head("Correlation", is_number=True),
        Head("95% interval", is_number=True),
        Head("Beta", is_number=True),
        Head("Bars", is_number=True),
        Head(tip("worth", "Worth"), is_number=True, label="Independent bars"),
    )
    body: list[list[Cell | Spanning]] = []
    for row in signed_rows(rows, CORRELATION_PAIR):
        name = f"{row['asset_id']} with {row['other_asset_id']}"
        if row["estimate"] is None:
            body.append([name, Spanning(f"Not measured – {row['reason']}")])
            continue
        beta = betas.get((row["market_id"], row["other_market_id"], row["timeframe"]))
        body.append(
            [
                name,
                strong(number(row["estimate"])),
                _range(row["lower_95"], row["upper_95"]),
                number(beta["estimate"]) if beta and beta["estimate"] is not None else "–",
                f"{count(row['n'])} {bar_words(row['timeframe'])}",
                count(row["n_effective"]) if row["n_effective"] is not None else "–",
            ]
        )
    return table(
        "pairs",
        "Whole-record correlations with their intervals",
        "Pearson correlation of log returns. “Worth”: how many independent bars the overlapping, fat-tailed ones are "
        "worth.",
        heads,
        body,
    )


def _range(lower: float | None, upper: float | None) -> str:
    return "–" if lower is None or upper is None else f"{number(lower)} to {number(upper)}"


def _rolling_pairs(canvas: Canvas, rolling: pl.DataFrame, marks: list[tuple[Any, str]]) -> list[tuple[Markup, Markup]]:
    assets = rolling.filter(pl.col("other_asset_id") == "BTC")["asset_id"].unique().sort().to_list()
    assets = sorted((asset for asset in assets if asset != "BTC"), key=lambda asset: (asset != SUBJECT_ASSET, asset))[
        :MAX_ROLLING
    ]
    return [
        (
            canvas.draw(draw_rolling(series, asset, "correlation", marks, "rolling")),
            canvas.draw(draw_rolling(series, asset, "beta", marks, "rolling")),
        )
        for asset, series in ((asset, pick_series(rolling, asset)) for asset in assets)
    ]


def _episode_table(episodes: pl.DataFrame) -> Markup:
    rows = pick_rows(episodes)
    if not rows.height:
        return NOTHING
    heads = (
        Head("Token"),
        Head("Before", is_number=True),
        Head("After", is_number=True),
        Head("Change, 95% interval", is_number=True),
        Head("At equal volatility", is_number=True),
        Head("Earlier dates as large", is_number=True),
    )
    body: list[list[Cell | Spanning]] = [
        [
            row["asset_id"],
            number(row["before_correlation"]),
            number(row["after_correlation"]),
            _range(row["change_correlation_lower_95"], row["change_correlation_upper_95"]),
            number(row["after_correlation_adjusted"]) if row["after_correlation_adjusted"] is not None else "–",
            f"{plain_percent(row['placebo_rank'])} of {row['n_placebo']}"
            if row["placebo_rank"] is not None and row["n_placebo"]
            else "–",
        ]
        for row in signed_rows(rows, CORRELATION_EPISODE)
    ]
    return table(
        "episodes",
        "The change, with the volatility taken out",
        "“At equal volatility”: the correlation after, had Bitcoin been as calm as before (Forbes and Rigobon).",
        heads,
        body,
    )


def _lead_table(leads: pl.DataFrame) -> Markup:
    rows = leads.sort("p_adjusted", *LEAD_LAG.key, nulls_last=True).head(MAX_PAIRS)
    if not rows.height:
        return empty_table(
            "No lead or lag has been measured.", "Lead-lag needs several weeks of hourly bars of both markets."
        )
    sentence = order_sentence(leads)
    caption = f"{sentence[:1].upper()}{sentence[1:]}"
    heads = (
        Head("Pair"),
        Head("Method"),
        Head("Lead", is_number=True),
        Head("Strength", is_number=True),
        Head("p", is_number=True),
        Head("p adjusted", is_number=True),
        Head("n", is_number=True),
    )
    body: list[list[Cell | Spanning]] = []
    for row in signed_rows(rows, LEAD_LAG):
        name, method = f"{row['asset_id']} → {row['other_asset_id']}", method_name(row["method"])
        if row["estimate"] is None:
            body.append([name, method, Spanning(f"Not measured – {row['reason']}")])
            continue
        lag = "–" if row["lag_hours"] is None else hours_plain(row["lag_hours"])
        body.append(
            [name, method, lag, number(row["estimate"], 3), _p(row["p_value"]), _p(row["p_adjusted"]), count(row["n"])]
        )
    return table(
        "lead-lag",
        caption,
        "A positive lead: the first token moves before the second. "
        + tip("granger", "Granger test")
        + ": order in time, never cause. Adjusted p controls the false-discovery rate over all pairs of a method.",
        heads,
        body,
    )


def _p(value: float | None) -> str:
    return "–" if value is None else probability(value)
