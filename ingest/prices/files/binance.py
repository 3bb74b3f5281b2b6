"""Which Binance market an archive is of: its folders say it, else its contents do, else a person is asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from ingest.errors import PermanentError
from ingest.prices.files.names import Identity
from ingest.prices.files.numbers import MICRO_FROM, read_times

# From then on spot archives count microseconds, futures archives milliseconds (Binance public data, its README).
SPOT_MICROSECONDS_FROM = datetime(2025, 1, 1, tzinfo=UTC)
SPOT, FUTURES, COIN_FUTURES = "binance", "binanceusdm", "binancecoinm"


def decide_market(frame: pl.DataFrame, guess: Identity, path: Path, has_header: bool) -> tuple[Identity, str]:
    """The guess with its venue, and a remark where the venue is only guessed from the contents.

    Raises PermanentError where neither folders nor contents tell spot from futures.
    """
    folders = [part.lower() for part in path.parts[:-1]]
    if "futures" in folders:
        return replace(guess, exchange=COIN_FUTURES if "cm" in folders else FUTURES), ""
    if "spot" in folders:
        return replace(guess, exchange=SPOT), ""
    if not frame.height:
        return replace(guess, exchange=SPOT), ""
    first = frame[frame.columns[0]].cast(pl.String).cast(pl.Float64, strict=False)
    is_micro = bool((first.fill_null(0) >= MICRO_FROM).any())
    opened = read_times(frame[frame.columns[0]]).drop_nulls()
    is_late = len(opened) > 0 and opened[0] >= SPOT_MICROSECONDS_FROM
    if has_header and not is_micro and is_late:
        why = "guess: Binance futures (a header, and milliseconds in or after 2025); --exchange says otherwise"
        return replace(guess, exchange=FUTURES), why
    if not has_header and is_micro:
        why = "guess: Binance spot (no header, and microseconds); --exchange says otherwise"
        return replace(guess, exchange=SPOT), why
    raise PermanentError(
        str(path),
        "a Binance archive outside of its folders, and its contents do not tell spot from futures",
        "a folder spot or futures/um above it",
        f"or say it: --exchange {SPOT} or --exchange {FUTURES}",
    )
