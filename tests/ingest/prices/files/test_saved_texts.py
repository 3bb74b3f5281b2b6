"""How a file was saved changes nothing, and one that cannot be read says why."""

from __future__ import annotations

import gzip
import json
import re
import zipfile
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from ingest.errors import MalformedError, PermanentError
from ingest.prices.files.names import Identity
from ingest.prices.files.snapshots import is_snapshot_file
from tests.ingest.prices.files.test_layouts import BARS, DAYS, HOURS, TAO_ON_OKX, read, seconds

STAMPED = [(seconds(at), *bar) for at, bar in zip(HOURS, BARS, strict=True)]
ANSWERS = {
    "okx": {"code": "0", "msg": "", "data": [[f"{t}000", *map(str, b), "1", "1", "1"] for t, *b in STAMPED]},
    "kraken": {
        "error": [],
        "result": {"TAOUSD": [[t, *map(str, b[:4]), "351.0", str(b[4]), 17] for t, *b in STAMPED], "last": 1},
    },
    "bybit": {
        "retCode": 0,
        "result": {"symbol": "TAOUSDT", "list": [[f"{t}000", *map(str, b), "1.5"] for t, *b in STAMPED]},
    },
    "kucoin": {
        "code": "200000",
        "data": [[str(t), *(str(b[place]) for place in (0, 3, 1, 2, 4)), "1.5"] for t, *b in STAMPED],
    },
    "coinbase": {
        "candles": [
            dict(zip(("start", "open", "high", "low", "close", "volume"), (str(t), *map(str, b)), strict=True))
            for t, *b in STAMPED
        ]
    },
}


@pytest.mark.parametrize("venue", ANSWERS)
def test_the_whole_answer_of_an_exchange_is_read(tmp_path: Path, venue: str) -> None:
    path = tmp_path / "answer.json"
    path.write_text(json.dumps(ANSWERS[venue]))
    [batch] = read(path, Identity(venue, "TAO-USD"))
    assert batch.candles.select("open_quote", "high_quote", "low_quote", "close_quote", "volume_base").rows() == BARS
    assert batch.candles["open_time_utc"].to_list() == HOURS


def frame_text() -> str:
    return "time,open,high,low,close,volume\n" + "".join(",".join(map(str, row)) + "\n" for row in STAMPED)


@pytest.mark.parametrize(
    "body",
    [
        frame_text().replace("\n", "\n\n") + "  \n\n",
        frame_text().replace("\n", "\r\n"),
        frame_text().encode("utf-16"),
        b"\xef\xbb\xbf" + frame_text().encode(),
        gzip.compress(frame_text().encode()),
    ],
    ids=["blank lines", "crlf", "utf-16", "mark", "packed without saying so"],
)
def test_how_a_text_was_saved_changes_nothing(tmp_path: Path, body: str | bytes) -> None:
    path = tmp_path / "bars.csv"
    path.write_bytes(body if isinstance(body, bytes) else body.encode())
    [batch] = read(path, TAO_ON_OKX)
    assert (batch.candles.height, batch.quarantined.height) == (len(HOURS), 0)


def test_a_packed_name_over_a_text_is_a_text(tmp_path: Path) -> None:
    path = tmp_path / "bars.csv.gz"
    path.write_text(frame_text())
    assert read(path, TAO_ON_OKX)[0].candles.height == len(HOURS)


def test_what_macos_packs_beside_a_file_is_no_file(tmp_path: Path) -> None:
    path = tmp_path / "bars.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("__MACOSX/._bars.csv", "\x00\x05\x16\x07")
        archive.writestr("bars.csv", frame_text())
    assert [batch.candles.height for batch in read(path, TAO_ON_OKX)] == [len(HOURS)]


def test_rates_are_read_at_their_instants_whatever_their_spacing(tmp_path: Path) -> None:
    folder = tmp_path / "futures" / "um" / "monthly" / "fundingRate" / "TAOUSDT"
    folder.mkdir(parents=True)
    archive = folder / "TAOUSDT-fundingRate-2025-03.csv"
    lines = [f"{seconds(at) * 1000 + 3},8,0.0001" for at in DAYS]
    archive.write_text("calc_time,funding_interval_hours,last_funding_rate\n" + "\n".join(lines))
    place = tmp_path / "data" / "okx" / "futures"
    place.mkdir(parents=True)
    flat = [0.0] * len(DAYS)
    table = {"date": DAYS, "open": [0.0001] * len(DAYS), "high": flat, "low": flat, "close": flat, "volume": flat}
    frames = [place / f"TAO_USDT_USDT-{length}-funding_rate.feather" for length in ("1h", "8h")]
    for path in frames:
        pl.DataFrame(table).write_ipc(path)
    for path, market in ((archive, "binanceusdm"), *((path, "okx") for path in frames)):
        [batch] = read(path, Identity() if market == "binanceusdm" else Identity("okx"))
        assert batch.kept["close_quote"].to_list() == [0.0001] * len(DAYS)
        assert batch.kept["market_id"].unique().to_list() == [f"{market}:TAO/USDT:USDT"]
        assert batch.quarantined.height == 0


@pytest.mark.parametrize(
    ("name", "body", "words"),
    [
        ("a.csv", "", "is empty"),
        ("a.csv", "timestamp,symbol,side,size,price\n1,TAOUSDT,Buy,1,350\n", "holds single trades and no bars"),
        ("a.csv", "time,close\n45717.0,1\n45717.04,2\n", "'45717.0' for one: dates of a spreadsheet"),
        (
            "a.csv",
            "time,close\n2025-03-01 00:00 EST,1\n2025-03-01 01:00 EST,2\n",
            "no time can be read, '2025-03-01 00:00",
        ),
        ("a.csv", "time,close\n0,1\n", "before 2009"),
        ("a.csv", "time,close\n1740787200,1\n1740794400,1\n1740801600,1\n", "bars of 2 h are not kept"),
        ("a.csv", "time,close\n1740787200,1\n1740789000,1\n1740790800,1\n", "30m is not kept"),
        ("a.csv", "time,close\n1740787200,1\n", "do not say their timeframe"),
        ("a.parquet", "PAR1 and no more", "cannot be read as parquet"),
    ],
)
def test_what_cannot_be_read_says_why(tmp_path: Path, name: str, body: str, words: str) -> None:
    (tmp_path / name).write_text(body)
    assert not is_snapshot_file(tmp_path / name)
    with pytest.raises((MalformedError, PermanentError), match=re.escape(words)):
        read(tmp_path / name, TAO_ON_OKX)


@pytest.mark.parametrize("pattern", ["%m/%d/%Y %I:%M %p", "%d/%m/%Y %H:%M"])
def test_hours_of_days_that_can_be_read_both_ways_are_read_by_their_even_steps(tmp_path: Path, pattern: str) -> None:
    path = tmp_path / "bars.csv"
    hours = [HOURS[0] + timedelta(hours=n) for n in range(60)]
    path.write_text("date,close\n" + "".join(f"{at.strftime(pattern)},1.5\n" for at in hours))
    [batch] = read(path, TAO_ON_OKX)
    assert batch.candles["open_time_utc"].to_list() == hours
    path.write_text("date,close\n" + "".join(f"{at.strftime(pattern)},1.5\n" for at in hours[:8]))
    with pytest.raises(MalformedError, match="month first"):
        read(path, TAO_ON_OKX)


def test_two_spellings_of_the_given_market_are_it(tmp_path: Path) -> None:
    path = tmp_path / "bars.csv"
    lines = [f"{'TAOUSDT' if n % 2 else 'tao-usdt'},{seconds(at)},1" for n, at in enumerate(HOURS)]
    path.write_text("symbol,time,close\n" + "\n".join(lines))
    [batch] = read(path, TAO_ON_OKX)
    assert batch.candles["market_id"].unique().to_list() == ["okx:TAO/USDT"]
