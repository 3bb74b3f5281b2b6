"""Files of candles, read in batches of bounded memory: CSV, Parquet, Binance public data, freqtrade exports."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import polars as pl

from ingest.errors import MalformedError, PermanentError
from ingest.prices.candles import CandleBatch, parse_candles
from ingest.prices.layout import Identity, to_rows
from ingest.prices.zips import open_member, safe_members
from ingest.source import Source

# Rows handled at a time, and bytes of text that hold about as many: some hundred megabytes while they are judged.
BATCH_ROWS = 100_000
BLOCK_BYTES = 8 * 2**20
# Columns of Binance's public kline files, which spot files and older futures files leave out.
BINANCE_COLUMNS = ["open_time", "open", "high", "low", "close", "volume", "close_time", "quote_volume", "count"]
BINANCE_COLUMNS += ["taker_buy_volume", "taker_buy_quote_volume", "ignore"]
# Quote assets of Binance ids, longest first: TAOUSDT is TAO/USDT.
QUOTES = ("FDUSD", "USDT", "USDC", "BUSD", "TUSD", "USD", "BTC", "ETH", "BNB", "EUR", "TRY")
BINANCE_NAME = re.compile(r"(?P<id>[A-Z0-9]+)-(?P<timeframe>\d+(?:s|m|h|d|w|mo))-\d{4}-\d{2}(?:-\d{2})?\.(?:zip|csv)$")
FREQTRADE_NAME = re.compile(
    r"(?P<base>[A-Za-z0-9]+)_(?P<quote>[A-Z0-9]+?)(?:_(?P<settle>[A-Z0-9]+))?-(?P<timeframe>\d+[mhdw])"
    r"(?:-(?P<kind>futures|spot|mark|funding_rate))?\.(?:json|feather)(?:\.gz)?$"
)
FORMATS = (".csv", ".parquet", ".zip", ".feather", ".json")


@dataclass(frozen=True, slots=True)
class RawBatch:
    """Some lines of one file as received, and whose they are when the lines do not say."""

    frame: pl.DataFrame
    identity: Identity
    first_row_number: int
    member: str


def read_candle_csv(body: bytes, source: Source, identity: Identity | None = None) -> CandleBatch:
    """Candles and refused rows of one CSV text small enough for memory."""
    raw = pl.read_csv(body, infer_schema=False)
    rows = to_rows(raw, identity or Identity(), source.source_id)
    return parse_candles(rows, source, raw=raw)


def parse_archive(
    path: Path, source: Source, identity: Identity, ends: pl.DataFrame | None = None
) -> Iterator[CandleBatch]:
    """Candles and refused rows of a file, batch by batch; see `read_archive` for formats and errors."""
    for batch in read_archive(path, identity):
        rows = to_rows(batch.frame, batch.identity, batch.member)
        yield parse_candles(rows, source, raw=batch.frame, ends=ends, first_row_number=batch.first_row_number)


def read_archive(path: Path, identity: Identity) -> Iterator[RawBatch]:
    """The lines of `path` in batches; `identity` wins over what the file's name says.

    Raises PermanentError for an absent file or unknown format, MalformedError for a broken one.
    """
    if not path.is_file():
        raise PermanentError(str(path), "no such file", remedy="give the path of a candle file")
    suffix = path.suffix.lower()
    readers = {
        ".csv": _read_csv_file,
        ".parquet": _read_parquet,
        ".zip": _read_zip,
        ".feather": _read_feather,
        ".json": _read_freqtrade_json,
    }
    if suffix not in readers:
        raise PermanentError(str(path), f"unknown format {suffix!r}", f"one of {', '.join(FORMATS)}")
    try:
        yield from readers[suffix](path, identity)
    except (pl.exceptions.PolarsError, OSError, ValueError) as exc:
        raise MalformedError(
            str(path), f"cannot be read as {suffix[1:]}: {str(exc).splitlines()[0]}", remedy="fetch the file again"
        ) from exc


def identity_from_name(path: str, identity: Identity) -> Identity:
    """What a file's name and folders say about its market, behind what was given.

    Understands `TAOUSDT-1h-2026-05.zip` of Binance's public data (a folder `futures/um` means binanceusdm) and
    freqtrade's `TAO_USDT_USDT-1h-futures.feather` (the folder is the exchange).
    """
    name = Path(path).name
    if match := BINANCE_NAME.search(name):
        is_perpetual = "futures" in Path(path).parts or identity.exchange == "binanceusdm"
        guess = Identity(
            "binanceusdm" if is_perpetual else "binance",
            _unified(match["id"], is_perpetual),
            match["timeframe"],
        )
    elif match := FREQTRADE_NAME.search(name):
        base, quote, settle = match["base"], match["quote"], match["settle"]
        folders = [part for part in Path(path).parts[:-1] if part not in ("futures", "data", "user_data")]
        venue = folders[-1] if folders else None
        if venue == "binance" and settle:
            venue = "binanceusdm"
        guess = Identity(venue, f"{base}/{quote}" + (f":{settle}" if settle else ""), match["timeframe"])
    else:
        return identity
    return Identity(
        identity.exchange or guess.exchange,
        identity.symbol or guess.symbol,
        identity.timeframe or guess.timeframe,
    )


def _unified(market: str, is_perpetual: bool) -> str | None:
    quote = next((quote for quote in QUOTES if market.endswith(quote) and market != quote), None)
    if quote is None:
        return None
    return f"{market.removesuffix(quote)}/{quote}" + (f":{quote}" if is_perpetual else "")


def _read_csv_file(path: Path, identity: Identity) -> Iterator[RawBatch]:
    named, n_done = identity_from_name(str(path), identity), 0
    with path.open("rb") as file:
        has_header = not file.read(1).isdigit()
        file.seek(0)
        header = file.readline() if has_header else b""
        names = None if has_header else BINANCE_COLUMNS
        # A file without a row is read too, so that a wrong header is named.
        while (block := _whole_lines(file)) or not n_done:
            raw = pl.read_csv(io.BytesIO(header + block), infer_schema=False, has_header=has_header, new_columns=names)
            yield RawBatch(raw, named, n_done, str(path))
            n_done += raw.height
            if not block:
                return


def _whole_lines(file: BinaryIO) -> bytes:
    """The next block of text that ends with a line, and outside of quotes; empty at the end of the file."""
    block = file.read(BLOCK_BYTES) + file.readline()
    while block.count(b'"') % 2 and (line := file.readline()):
        block += line
    return block


def _read_parquet(path: Path, identity: Identity) -> Iterator[RawBatch]:
    yield from _batches(pl.scan_parquet(path), identity, str(path))


def _read_feather(path: Path, identity: Identity) -> Iterator[RawBatch]:
    yield from _batches(pl.scan_ipc(path), identity_from_name(str(path), identity), str(path))


def _read_freqtrade_json(path: Path, identity: Identity) -> Iterator[RawBatch]:
    lines = json.loads(path.read_bytes())
    if not isinstance(lines, list) or any(not isinstance(line, list) or len(line) != 6 for line in lines):
        raise MalformedError(str(path), "not a list of six numbers a candle", "freqtrade's JSON export")
    frame = pl.DataFrame(lines, schema=["date", "open", "high", "low", "close", "volume"], orient="row")
    yield RawBatch(frame, identity_from_name(str(path), identity), 0, str(path))


def _read_zip(path: Path, identity: Identity) -> Iterator[RawBatch]:
    for member in safe_members(path, ".csv"):
        named = identity_from_name(str(path.parent / Path(member).name), identity)
        n_done = 0
        for text in open_member(path, member, BATCH_ROWS):
            has_header = not text[:1].isdigit()
            names = None if has_header else BINANCE_COLUMNS
            raw = pl.read_csv(io.BytesIO(text), infer_schema=False, has_header=has_header, new_columns=names)
            yield RawBatch(raw, named, n_done, f"{path}:{member}")
            n_done += raw.height


def _batches(lazy: pl.LazyFrame, identity: Identity, member: str) -> Iterator[RawBatch]:
    # Slices, not `collect_batches`: that one reads ahead of whoever takes the batches.
    n_rows = int(lazy.select(pl.len()).collect().item())
    for n_done in range(0, n_rows, BATCH_ROWS):
        yield RawBatch(lazy.slice(n_done, BATCH_ROWS).collect(), identity, n_done, member)
