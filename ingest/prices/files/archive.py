"""Files of candles, read in batches of bounded memory: texts of any layout, Parquet, Feather, JSON, zip and gzip."""

from __future__ import annotations

import gzip
import io
import json
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

import polars as pl

from ingest.errors import MalformedError, PermanentError
from ingest.prices.candles import KEY, CandleBatch, parse_candles
from ingest.prices.files.answers import coingecko_frame, inside_answer
from ingest.prices.files.binance import decide_market
from ingest.prices.files.columns import Instructions, TableReading, read_flow, read_rows
from ingest.prices.files.dialect import HEAD_BYTES, Dialect, sniff
from ingest.prices.files.kinds import PriceKind, is_untraded, kind_in_path
from ingest.prices.files.layouts import (
    BINANCE,
    FREQTRADE,
    FUNDING_LAYOUT,
    GENERIC,
    HEADED,
    HEADERLESS,
    IGNORED,
    KRAKEN,
    Layout,
    by_header,
    fitting,
    layout_names,
)
from ingest.prices.files.names import Identity, Names, identity_from_name
from ingest.prices.files.numbers import read_numbers
from ingest.prices.files.zips import open_member, safe_members
from ingest.prices.registry import AGGREGATORS
from ingest.source import Source
from warehouse.tables.prices import CANDLE, QUARANTINE

# Rows handled at a time, and bytes of text that hold about as many: some hundred megabytes while they are judged.
BATCH_ROWS = 100_000
BLOCK_BYTES = 8 * 2**20
FORMATS = (".csv", ".txt", ".csv.gz", ".parquet", ".zip", ".feather", ".json", ".jsonl")
_GZIP = b"\x1f\x8b"
_TRADE_COLUMNS = frozenset({"side", "price"})
_BLANK_LINES = re.compile(rb"\A(?:[ \t]*\r?\n)+")
_BARS = ["date", "open", "high", "low", "close", "volume"]


@dataclass(frozen=True, slots=True)
class RawBatch:
    """Some lines of one file as received, how they are read, and which kind of price they are."""

    frame: pl.DataFrame
    reading: TableReading
    first_row_number: int
    member: str
    kind: PriceKind = PriceKind.TRADE
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FileBatch:
    """What some lines of a file became: bars and refused rows, what the file says beside, and remarks for a person."""

    bars: CandleBatch
    flow: pl.DataFrame
    raw: RawBatch
    rows: pl.DataFrame

    @property
    def kept(self) -> pl.DataFrame:
        """What of the file is kept, by market, length and time: bars, or rates at instants."""
        return self.rows if self.raw.kind is PriceKind.FUNDING else self.bars.candles

    @property
    def candles(self) -> pl.DataFrame:
        """Bars that are sound, of whatever kind of price."""
        return self.bars.candles

    @property
    def numbered_candles(self) -> pl.DataFrame:
        """`candles` with `row`: which of the file's rows, counted from 1 below its header, each is."""
        numbered = self.rows.select(*KEY).with_row_index("row", offset=self.raw.first_row_number + 1)
        return self.candles.join(numbered.unique(KEY, keep="first"), on=list(KEY), how="left", validate="1:1")

    @property
    def quarantined(self) -> pl.DataFrame:
        """Rows of raw.quarantine."""
        return self.bars.quarantined


def read_candle_csv(body: bytes, source: Source, identity: Identity | None = None) -> CandleBatch:
    """Candles and refused rows of one CSV text small enough for memory."""
    raw = pl.read_csv(body, infer_schema=False)
    rows = read_rows(raw, TableReading(guess=identity or Identity()), source.source_id)
    return parse_candles(rows, source, raw=raw)


def parse_archive(
    path: Path,
    source: Source,
    identity: Identity,
    ends: pl.DataFrame | None = None,
    *,
    names: Names | None = None,
    told: Instructions | None = None,
) -> Iterator[FileBatch]:
    """Bars and refused rows of a file, batch by batch; see `read_archive` for formats and errors."""
    for batch in read_archive(path, identity, names=names, told=told):
        rows = read_rows(batch.frame, batch.reading, batch.member)
        if batch.kind is PriceKind.TRADE and batch.reading.told.price_kind is None and is_untraded(rows):
            raise PermanentError(
                batch.member,
                "prices move while every volume is zero: a mark or index price, no trade price",
                "trades",
                "say which it is: --kind mark, index or premium; --kind trade when they are trades after all",
            )
        if batch.kind is PriceKind.FUNDING:
            bars = CandleBatch(CANDLE.empty(), QUARANTINE.empty())
        else:
            bars = parse_candles(
                rows,
                source,
                raw=batch.frame,
                ends=ends,
                first_row_number=batch.first_row_number,
                is_rate=batch.kind is PriceKind.PREMIUM,
            )
        yield FileBatch(bars, read_flow(batch.frame, rows, batch.reading), batch, rows)


def read_archive(
    path: Path, identity: Identity, *, names: Names | None = None, told: Instructions | None = None
) -> Iterator[RawBatch]:
    """The lines of `path` in batches; `identity` wins over what the file says.

    Raises PermanentError for an absent file or unknown format, MalformedError for a broken one.
    """
    if not path.is_file():
        raise PermanentError(str(path), "no such file", remedy="give the path of a candle file")
    file = _File(path, identity, names or Names(), told or Instructions())
    suffix = (
        path.suffixes[-2].lower() if path.suffix.lower() == ".gz" and len(path.suffixes) > 1 else path.suffix.lower()
    )
    readers = {
        ".csv": file.read_text,
        ".txt": file.read_text,
        ".parquet": file.read_parquet,
        ".zip": file.read_zip,
        ".feather": file.read_feather,
        ".json": file.read_json,
        ".jsonl": file.read_lines,
    }
    if suffix not in readers:
        raise PermanentError(str(path), f"unknown format {suffix!r}", f"one of {', '.join(FORMATS)}")
    try:
        yield from readers[suffix]()
    except (pl.exceptions.PolarsError, OSError, EOFError, ValueError) as exc:
        raise MalformedError(
            str(path),
            f"cannot be read as {suffix[1:]}: {_in_our_words(exc)}",
            f"rows of one width, as one of these layouts: {', '.join(layout_names())}",
            "save it as a table with the header time,open,high,low,close,volume",
        ) from exc


@dataclass(frozen=True, slots=True)
class _File:
    """One file that is being read."""

    path: Path
    given: Identity
    names: Names
    told: Instructions

    def read_text(self) -> Iterator[RawBatch]:
        with self._open() as file:
            head = file.read(HEAD_BYTES)
        dialect = sniff(head, str(self.path))
        with self._open() as file:
            if dialect.encoding.startswith("utf-16"):
                text = file.read().decode(dialect.encoding).removeprefix("\ufeff")
                blocks: Iterator[bytes] = iter([text.encode()])
            else:
                blocks = _whole_lines(file, dialect.encoding == "utf-8-sig")
            yield from self._read_blocks(blocks, dialect, "")

    def read_zip(self) -> Iterator[RawBatch]:
        for member in safe_members(self.path, ".csv"):
            pieces = open_member(self.path, member, BATCH_ROWS)
            first = next(pieces, b"")
            dialect = sniff(first[:HEAD_BYTES], f"{self.path}:{member}")
            yield from self._read_blocks(_after(first, pieces), dialect, member)

    def read_parquet(self) -> Iterator[RawBatch]:
        yield from self._read_lazy(pl.scan_parquet(self.path))

    def read_feather(self) -> Iterator[RawBatch]:
        yield from self._read_lazy(pl.scan_ipc(self.path))

    def read_lines(self) -> Iterator[RawBatch]:
        with self._open() as file:
            yield self._table(pl.read_ndjson(file.read()))

    def read_json(self) -> Iterator[RawBatch]:
        with self._open() as file:
            found = inside_answer(json.load(file))
        if isinstance(found, dict) and isinstance(found.get("prices"), list):
            yield self._table(coingecko_frame(found))
            return
        if isinstance(found, list) and found and all(isinstance(line, dict) for line in found):
            yield self._table(pl.DataFrame(found, infer_schema_length=None))
            return
        widths = {len(line) for line in found if isinstance(line, list)} if isinstance(found, list) else set()
        if not isinstance(found, list) or any(not isinstance(line, list) for line in found) or len(widths) > 1:
            raise MalformedError(
                str(self.path),
                "not a list of candles of one width",
                "JSON of freqtrade, ccxt, an exchange or CoinGecko",
            )
        texts = [[None if value is None else str(value) for value in line] for line in found]
        is_freqtrade = identity_from_name(str(self.path), Identity()).symbol is not None and widths == {6}
        if is_freqtrade or not texts:
            yield self._batch(pl.DataFrame(found, schema=_BARS, orient="row"), FREQTRADE, 0, "")
            return
        layout = self._headerless([tuple(str(value) for value in line) for line in texts[:50]])
        yield self._batch(pl.DataFrame(texts, schema=_order_names(layout), orient="row"), layout, 0, "")

    def _open(self) -> AbstractContextManager[IO[bytes]]:
        with self.path.open("rb") as file:
            is_packed = file.read(len(_GZIP)) == _GZIP  # whatever its name says: browsers unpack some
        if is_packed:
            return io.BufferedReader(gzip.GzipFile(self.path))
        return self.path.open("rb")

    def _read_lazy(self, lazy: pl.LazyFrame) -> Iterator[RawBatch]:
        # Slices, not `collect_batches`: that one reads ahead of whoever takes the batches.
        n_rows = int(lazy.select(pl.len()).collect().item())
        layout = self._headed(lazy.collect_schema().names())
        for n_done in range(0, n_rows, BATCH_ROWS):
            yield self._batch(lazy.slice(n_done, BATCH_ROWS).collect(), layout, n_done, "")

    def _read_blocks(self, blocks: Iterator[bytes], dialect: Dialect, member: str) -> Iterator[RawBatch]:
        """Frames of text rows from blocks of whole lines, without the lines before the first row."""
        n_done, n_skipped = 0, dialect.n_skipped
        if dialect.names:
            layout, names = self._headed(dialect.names), list(dialect.names)
        else:
            layout = self._headerless(list(dialect.sample))
            names = _order_names(layout)
        file = replace(self, told=replace(self.told, is_decimal_comma=dialect.is_decimal_comma))
        for block in blocks:
            lines = block.splitlines(keepends=True) if n_skipped else []
            rest = b"".join(lines[n_skipped:]) if n_skipped else block
            n_skipped = max(n_skipped - len(lines), 0)
            raw = _read_rows(rest, names, dialect.separator)
            if raw.height:
                yield file._batch(raw, layout, n_done, member, dialect)
                n_done += raw.height
        # A file without a row is read too, so that a wrong header is named.
        if not n_done:
            yield file._batch(_read_rows(b"", names, dialect.separator), layout, 0, member, dialect)

    def _headed(self, columns: list[str] | tuple[str, ...]) -> Layout:
        if {column.strip().lower() for column in columns} >= _TRADE_COLUMNS:
            raise PermanentError(
                str(self.path), "holds single trades and no bars", "bars", "take the site's archive of candles"
            )
        return self._told_layout(HEADED) or by_header(list(columns))

    def _headerless(self, sample: list[tuple[str, ...]]) -> Layout:
        """The layout that was given, or the only one that the rows allow."""
        if not sample:
            raise MalformedError(str(self.path), "is empty", "rows of bars", "fetch the file again")
        told = self._told_layout(HEADERLESS)
        if told is not None:
            return told
        fit = fitting(sample, _to_number)
        guess = identity_from_name(str(self.path), Identity())
        if len(fit) > 1 and self.given.exchange is not None:
            venue = self.names.exchange(self.given.exchange)
            fit = [layout for layout in fit if layout.exchange == venue] or fit
        if len(fit) > 1 and self.path.name.rpartition("_")[2].partition(".")[0].isdigit():
            fit = [layout for layout in fit if layout.name == KRAKEN and guess.timeframe] or fit
        orders = {layout.order for layout in fit}
        if len(orders) == 1:
            return replace(fit[0], exchange=fit[0].exchange if len(fit) == 1 else None)
        width = len(sample[0]) if sample else 0
        alike = sorted({layout.name for layout in (fit or [lay for lay in HEADERLESS if len(lay.order) == width])})
        what = "more than one layout fits" if fit else "no layout fits"
        raise MalformedError(
            str(self.path),
            f"has no header, and {what} its {width} columns",
            f"one that looks alike: {', '.join(alike) or 'none has as many columns'}",
            "say which: --layout NAME, or write a header over the columns",
        )

    def _told_layout(self, layouts: tuple[Layout, ...]) -> Layout | None:
        if self.told.layout is None:
            return None
        wanted = self.told.layout.lower()
        found = [layout for layout in layouts if layout.name.lower() == wanted]
        if not found and wanted not in [name.lower() for name in layout_names()]:
            raise PermanentError(
                str(self.path), f"no layout is named {self.told.layout!r}", f"one of {', '.join(layout_names())}"
            )
        return found[0] if found else (GENERIC if layouts is HEADED else None)

    def _table(self, frame: pl.DataFrame) -> RawBatch:
        return self._batch(frame, self._headed(frame.columns), 0, "")

    def _batch(
        self, frame: pl.DataFrame, layout: Layout, n_done: int, member: str, dialect: Dialect | None = None
    ) -> RawBatch:
        kind = kind_in_path(self.path.resolve(), member) or (
            PriceKind.FUNDING if layout.name == FUNDING_LAYOUT else PriceKind.TRADE
        )
        if self.told.price_kind is not None:
            kind = PriceKind(self.told.price_kind)
        named = str(self.path.resolve().parent / Path(member).name) if member else str(self.path.resolve())
        guess, remarks = identity_from_name(named, Identity()), [layout.remark] if layout.remark else []
        if dialect is not None and dialect.ticker:
            guess = replace(guess, symbol=dialect.ticker)
        if layout.exchange in AGGREGATORS and guess.symbol is None and self.given.symbol is None:
            asset = self.names.asset_in(self.path.stem)
            guess = replace(guess, symbol=f"{asset}/USD" if asset else None)
        if layout.name == BINANCE and self.given.exchange is None:
            guess, remark = decide_market(frame, guess, self.path.resolve(), bool(dialect and dialect.names))
            remarks += [remark] if remark else []
        if kind is PriceKind.FUNDING and layout.name != FUNDING_LAYOUT:
            frame = frame.with_columns(pl.col("open").alias("close")) if "open" in frame.columns else frame
        reading = TableReading(layout, self.given, guess, self.told, self.names, kind is PriceKind.FUNDING)
        where = f"{self.path}:{member}" if member else str(self.path)
        return RawBatch(frame, reading, n_done, where, kind, tuple(remarks))


def _order_names(layout: Layout) -> list[str]:
    return [f"{name}_{number}" if name == IGNORED else name for number, name in enumerate(layout.order)]


def _read_rows(block: bytes, names: list[str], separator: str) -> pl.DataFrame:
    if not block.strip():
        return pl.DataFrame(schema=dict.fromkeys(names, pl.String))
    block = _BLANK_LINES.sub(b"", block)
    raw = pl.read_csv(io.BytesIO(block), has_header=False, infer_schema=False, separator=separator, new_columns=names)
    # A line without a word is no row.
    return raw.filter(pl.any_horizontal(pl.all().str.strip_chars().str.len_chars() > 0))


def _to_number(text: str) -> float | None:
    value = read_numbers(pl.Series([text], dtype=pl.String))[0]
    return None if value is None or value != value else float(value)


def _after(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _whole_lines(file: IO[bytes], has_mark: bool) -> Iterator[bytes]:
    """Blocks of text that end with a line, and outside of quotes; an empty file gives one empty block."""
    if has_mark:
        file.read(3)
    n_blocks = 0
    while True:
        block = file.read(BLOCK_BYTES) + file.readline()
        while block.count(b'"') % 2 and (line := file.readline()):
            block += line
        if not block and n_blocks:
            return
        n_blocks += 1
        yield block


def _in_our_words(error: Exception) -> str:
    """What is wrong, without a library's hints."""
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    if "more fields than" in text or "found more fields" in text:
        return "some rows have more fields than the others"
    if isinstance(error, pl.exceptions.PolarsError):
        return "its rows do not have one width" if "field" in text.lower() else "it is damaged or no such file"
    return text
