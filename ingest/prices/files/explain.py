"""How a file would be read, in lines for a person."""

from __future__ import annotations

from pathlib import Path

from ingest.prices.files.archive import parse_archive
from ingest.prices.files.columns import Instructions, find_columns, label_of, volume_unit
from ingest.prices.files.kinds import PriceKind
from ingest.prices.files.names import Identity, Names
from ingest.source import Source
from warehouse.tables.units import iso_second

SHOWN_BARS = 3
_VOLUME_WORDS = {
    "base": "volume counts coins",
    "quote": "volume counts quote currency: not stored as base volume",
    "contracts": "volume counts contracts: not stored as base volume",
}


def explain_file(path: Path, source: Source, identity: Identity, names: Names, told: Instructions) -> list[str]:
    """Layout, market, what each column became, and the first bars; SourceErrors are those of reading it."""
    batch = next(iter(parse_archive(path, source, identity, names=names, told=told)))
    reading, raw = batch.raw.reading, batch.raw.frame
    found = find_columns(raw.columns, reading.layout)
    rows = batch.rows
    market = str(rows["market_id"][0]) if rows.height else "no row"
    length = str(rows["timeframe"][0]) if rows.height else ""
    lines = [
        f"{path}: layout {reading.layout.name}",
        f"  market {market}, bars of {length}{_origin(reading.given, length)}",
    ]
    lines.append(f"  kind of price: {batch.raw.kind}" + _fate(batch.raw.kind))
    lines.append(f"  a bar is named by its {label_of(found, reading)}")
    taken = {column: name for name, column in found.items() if column is not None}
    unit = volume_unit(reading, market)
    if unit != "base":
        taken = {column: name for column, name in taken.items() if name != "volume_base"}
    lines += [f"  {column} -> {taken.get(column, 'not used')}" for column in raw.columns]
    lines.append(f"  {_VOLUME_WORDS[unit]}")
    lines += [f"  {remark}" for remark in batch.raw.remarks]
    lines += [f"  {_bar_words(row)}" for row in rows.head(SHOWN_BARS).iter_rows(named=True)]
    if batch.quarantined.height:
        lines.append(f"  {batch.quarantined.height} rows of the first {rows.height} would be refused")
    return lines


def _origin(given: Identity, length: str) -> str:
    """What of the market is a guess, because nobody gave it."""
    guessed = [name for name in ("exchange", "symbol", "timeframe") if getattr(given, name) is None]
    return f" ({', '.join(guessed)} as the file says or as guessed from it)" if guessed and length else ""


def _fate(kind: PriceKind) -> str:
    if kind is PriceKind.TRADE:
        return ""
    table = "core.funding_rate" if kind is PriceKind.FUNDING else "core.quoted_bar"
    return f"; no trade price: kept in {table}, never among candles"


def _bar_words(row: dict[str, object]) -> str:
    opened = row["open_time_utc"]
    at = "unreadable time" if opened is None else iso_second(opened)  # type: ignore[arg-type]  # a datetime of the frame
    prices = " ".join(f"{name.partition('_')[0]} {row[name]}" for name in row if name.endswith(("_quote", "_base")))
    return f"{at} {prices}"
