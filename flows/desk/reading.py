"""Read the published file."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from flows.errors import CommandError
from flows.settings import load_settings
from flows.tape import StoredTape
from warehouse.store.connection import open_reader
from warehouse.store.published.faces import Face
from warehouse.store.published.sandbox import Allowance, open_sandbox
from warehouse.tables.catalog import load_tables
from warehouse.tables.contract import Table, View
from warehouse.tables.views import load_views

MEGABYTES, SECONDS = 2_000, 60.0


def query(sql: str, *, megabytes: int = MEGABYTES, seconds: float = SECONDS) -> pl.DataFrame:
    """The rows of one SQL statement on the published file, in the statement's order.

    It reaches nothing but that file. Instants are UTC; what frames cannot hold (intervals, unions, …) is text.
    QueryError says what is wrong with a statement, NotPublishedError that nothing has been published yet.
    """
    return ask(sql, Face.TYPED, Allowance(megabytes, seconds))


def ask(sql: str, face: Face, allowance: Allowance) -> pl.DataFrame:
    """The rows of one statement, with columns that `face` writes."""
    with open_sandbox(load_settings().published_path, allowance) as sandbox:
        return sandbox.ask(sql, face)


def fetch_table(name: str) -> pl.DataFrame:
    """All rows of a table or view such as `out.event_reaction`, by its key; CommandError for an unknown name."""
    shape = shape_of(name)
    return query(f"select {', '.join(c.name for c in shape.columns)} from {shape.name} order by {', '.join(shape.key)}")


def columns(name: str) -> pl.DataFrame:
    """What a table or view holds: column, type, unit, is_nullable and meaning; CommandError for an unknown name."""
    rows = [(c.name, c.sql_type, c.unit, c.is_nullable, c.description) for c in shape_of(name).columns]
    return pl.DataFrame(rows, schema=["column", "type", "unit", "is_nullable", "meaning"], orient="row")


def candles(timeframe: str = "1h", assets: Iterable[str] | None = None) -> pl.DataFrame:
    """Bars as studies see them: per unit of the asset, in the life of a market, absent ones joined from finer ones.

    asset_id, market_id, open_time_utc (the open names the bar, UTC), close_quote, high_quote, low_quote (quote
    currency) and volume_base, by market and time; nothing is filled. `assets` are ids such as "TAO"; all when absent.
    """
    with open_reader(load_settings().published_path) as reader:
        tape = StoredTape(reader)
        markets = tape.assets().select("market_id", "asset_id")
        bars = tape.candles(timeframe).join(markets, on="market_id", how="left", validate="m:1")
    wanted = bars if assets is None else bars.filter(pl.col("asset_id").is_in(list(assets)))
    return wanted.select("asset_id", pl.exclude("asset_id"))


def shape_of(name: str) -> Table | View:
    """The contract of a table or view; CommandError names those there are."""
    shapes: dict[str, Table | View] = {**load_tables(), **load_views()}
    if name not in shapes:
        raise CommandError(f"no table or view {name}; there are: {', '.join(shapes)}")
    return shapes[name]
