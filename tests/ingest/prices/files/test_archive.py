"""Candle files of every layout give the same bars; broken and hostile ones are refused by name."""

import io
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from ingest.errors import MalformedError, PermanentError
from ingest.prices.files import archive, zips
from ingest.prices.files.archive import parse_archive
from ingest.prices.files.names import Identity, identity_from_name
from ingest.source import Source
from tests.paths import shared

SOURCE = Source("test", "run", datetime(2026, 6, 1, tzinfo=UTC))
HOURS = [datetime(2026, 5, 1, hour, tzinfo=UTC) for hour in range(3)]
BARS = [(1.0, 3.0, 0.5, 2.0, 10.0), (2.0, 4.0, 1.5, 3.0, 0.0), (3.0, 3.5, 2.5, 2.75, 7.5)]
UNNAMED = Identity()
TAO = Identity("binance", "TAO/USDT", "1h")


def read(path: Path, identity: Identity = UNNAMED) -> pl.DataFrame:
    return pl.concat([batch.candles for batch in parse_archive(path, SOURCE, identity)])


def assert_bars(frame: pl.DataFrame, market: str) -> None:
    assert frame["market_id"].unique().to_list() == [market]
    assert frame["open_time_utc"].to_list() == HOURS
    assert frame.select("open_quote", "high_quote", "low_quote", "close_quote", "volume_base").rows() == BARS


def kline_lines(unit: int, *, has_header: bool) -> bytes:
    header = "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,"
    header += "taker_buy_quote_volume,ignore\n"
    lines = [
        ",".join(
            map(str, (int(hour.timestamp()) * unit, *bar, int(hour.timestamp()) * unit + 3599 * unit, 0, 0, 0, 0, 0))
        )
        for hour, bar in zip(HOURS, BARS, strict=True)
    ]
    return ((header if has_header else "") + "\n".join(lines) + "\n").encode()


def write_zip(path: Path, members: dict[str, bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, body in members.items():
            file.writestr(name, body)
    return path


def test_a_csv_with_named_columns(tmp_path: Path) -> None:
    lines = ["exchange,symbol,timeframe,open_time_utc,open,high,low,close,volume"]
    lines += [
        f"okx,TAO/USDT,1h,{hour:%Y-%m-%dT%H:%M:%SZ}," + ",".join(map(str, bar))
        for hour, bar in zip(HOURS, BARS, strict=True)
    ]
    path = tmp_path / "bars.csv"
    path.write_text("\n".join(lines))
    assert_bars(read(path), "okx:TAO/USDT")


@pytest.mark.parametrize("unit", [1, 1_000, 1_000_000, 1_000_000_000])
def test_a_time_stamp_is_read_in_its_own_unit(tmp_path: Path, unit: int) -> None:
    path = tmp_path / "bars.csv"
    path.write_bytes(kline_lines(unit, has_header=True))
    assert_bars(read(path, TAO), "binance:TAO/USDT")


@pytest.mark.parametrize("has_header", [True, False])
@pytest.mark.parametrize("unit", [1_000, 1_000_000])
def test_a_spot_zip_of_binance_names_its_own_market(tmp_path: Path, has_header: bool, unit: int) -> None:
    body = kline_lines(unit, has_header=has_header)
    path = write_zip(tmp_path / "spot" / "TAOUSDT-1h-2026-05.zip", {"TAOUSDT-1h-2026-05.csv": body})
    assert_bars(read(path), "binance:TAO/USDT")


@pytest.mark.parametrize("has_header", [True, False])
def test_a_futures_zip_of_binance_is_a_perpetual(tmp_path: Path, has_header: bool) -> None:
    folder = tmp_path / "futures" / "um" / "monthly" / "klines" / "TAOUSDT" / "1h"
    body = kline_lines(1_000, has_header=has_header)
    path = write_zip(folder / "TAOUSDT-1h-2026-05.zip", {"TAOUSDT-1h-2026-05.csv": body})
    assert_bars(read(path), "binanceusdm:TAO/USDT:USDT")


def test_a_parquet_file_gives_the_same_bars(tmp_path: Path) -> None:
    path = tmp_path / "bars.parquet"
    rows = [(hour, *bar) for hour, bar in zip(HOURS, BARS, strict=True)]
    names = ["open_time_utc", "open", "high", "low", "close", "volume_base"]
    pl.DataFrame(rows, schema=names, orient="row").write_parquet(path)
    assert_bars(read(path, TAO), "binance:TAO/USDT")


def test_freqtrade_exports_name_their_market(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "okx"
    folder.mkdir(parents=True)
    rows = [[int(hour.timestamp()) * 1000, *bar] for hour, bar in zip(HOURS, BARS, strict=True)]
    (folder / "TAO_USDT-1h.json").write_text(json.dumps(rows))
    assert_bars(read(folder / "TAO_USDT-1h.json"), "okx:TAO/USDT")
    frame = pl.DataFrame(
        [(hour, *bar) for hour, bar in zip(HOURS, BARS, strict=True)],
        schema=["date", "open", "high", "low", "close", "volume"],
        orient="row",
    )
    frame.write_ipc(folder / "TAO_USDT_USDT-1h-futures.feather", compression="uncompressed")
    assert_bars(read(folder / "TAO_USDT_USDT-1h-futures.feather"), "okx:TAO/USDT:USDT")


def test_what_is_given_wins_over_the_file_name() -> None:
    found = identity_from_name("TAOUSDT-1h-2026-05.zip", Identity(exchange="bybit"))
    assert found == Identity("bybit", "TAO/USDT", "1h")


def test_a_garbled_number_is_refused_with_the_line_as_received(tmp_path: Path) -> None:
    path = tmp_path / "bars.csv"
    path.write_text("date,open,high,low,close,volume\n2026-05-01,1,2,x7,1.5,3\n2026-05-01 01:00,1,2,1,1.5,3\n")
    [batch] = parse_archive(path, SOURCE, TAO)
    assert batch.candles.height == 1
    refused = batch.quarantined.row(0, named=True)
    assert (refused["reason"], refused["row_number"]) == ("not_finite", 0)
    assert json.loads(refused["payload_json"])["low"] == "x7"


def test_a_file_in_several_batches_is_the_same_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "BATCH_ROWS", 2)
    monkeypatch.setattr(zips, "PIECE_BYTES", 50)
    for has_header in (True, False):
        body = kline_lines(1_000, has_header=has_header)
        path = write_zip(tmp_path / f"{has_header}" / "TAOUSDT-1h-2026-05.zip", {"TAOUSDT-1h-2026-05.csv": body})
        batches = list(parse_archive(path, SOURCE, Identity("binance")))
        assert len(batches) == 2
        assert_bars(pl.concat([batch.candles for batch in batches]), "binance:TAO/USDT")


def test_a_csv_in_several_blocks_is_the_same_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "BLOCK_BYTES", 30)
    body = "time,open,high,low,close,volume,note\n" + "".join(
        f'{hour:%Y-%m-%d %H:%M},{",".join(map(str, bar))},"two\nlines, ""quoted"""\n'
        for hour, bar in zip(HOURS, BARS, strict=True)
    )
    (tmp_path / "bars.csv").write_text(body + "2026-05-01 03:00,1,x,1,1,1,bad")
    batches = list(parse_archive(tmp_path / "bars.csv", SOURCE, TAO))
    assert len(batches) == 4
    assert_bars(pl.concat([batch.candles for batch in batches]), "binance:TAO/USDT")
    [refused] = pl.concat([batch.quarantined for batch in batches]).rows(named=True)
    assert (refused["reason"], refused["row_number"]) == ("not_finite", 3)


@pytest.mark.parametrize("name", ["../evil.csv", "/etc/evil.csv", "a/../../evil.csv", "..\\evil.csv", "C:\\evil.csv"])
def test_a_member_that_points_outside_is_refused(tmp_path: Path, name: str) -> None:
    path = write_zip(tmp_path / "x.zip", {name: b"1,2,3\n"})
    with pytest.raises(PermanentError, match="outside"):
        read(path, TAO)


def test_a_zip_bomb_is_refused_before_it_unpacks(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "x.zip", {"a.csv": b"0" * 50_000_000})
    with pytest.raises(PermanentError, match="bomb"):
        read(path, TAO)


def test_a_member_that_lies_about_its_size_is_refused() -> None:
    blocks = iter([b"1,2,3\n" * 100])
    with pytest.raises(PermanentError, match="declares"):
        list(zips._pieces(blocks, 10, declared=20, source="x.zip"))


@pytest.mark.parametrize(
    ("name", "body", "kind"),
    [
        ("a.zip", b"not a zip", MalformedError),
        ("a.parquet", b"PAR1 nonsense", MalformedError),
        ("a.feather", b"ARROW?", MalformedError),
        ("a.json", b'{"a": 1}', MalformedError),
        ("a.json", b"[1, 2", MalformedError),
        ("a.csv", b"colour,price\nred,1\n", MalformedError),
        ("a.csv", b"", MalformedError),
        ("a.xlsx", b"", PermanentError),
    ],
)
def test_a_broken_file_is_an_error_that_names_it(tmp_path: Path, name: str, body: bytes, kind: type[Exception]) -> None:
    path = tmp_path / name
    path.write_bytes(body)
    with pytest.raises(kind, match=name):
        read(path, TAO)


def test_a_truncated_zip_is_an_error(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a.csv", "\n".join(f"{n},1,2,1,1.5,{n * 7919 % 1000}" for n in range(20_000)))
    body = bytearray(buffer.getvalue())
    body[2_000:2_100] = b"\0" * 100
    path = tmp_path / "a.zip"
    path.write_bytes(body)
    with pytest.raises(MalformedError, match=r"a\.zip"):
        read(path, TAO)


def test_rows_that_do_not_say_their_market_need_it_given(tmp_path: Path) -> None:
    path = tmp_path / "bars.csv"
    path.write_text("date,close\n2026-05-01,1\n")
    with pytest.raises(MalformedError, match="--exchange"):
        read(path)


def test_the_shared_candles_are_read_without_a_refusal() -> None:
    path = shared("data", "market", "candles_1h.parquet")
    batches = list(parse_archive(path, Source("test", "run", datetime(2026, 7, 1, tzinfo=UTC)), Identity()))
    assert sum(batch.quarantined.height for batch in batches) == 0
    assert sum(batch.candles.height for batch in batches) > 190_000


def test_a_file_of_bars_that_are_not_kept_is_refused_with_the_remedy() -> None:
    path = shared("cases/imports/TAOUSDT-15m-2025-03.zip")
    with pytest.raises(PermanentError, match="15m is not kept; resample it to 1m or 5m"):
        read(path)


def test_rows_that_say_a_length_that_is_not_kept_are_refused_with_the_remedy(tmp_path: Path) -> None:
    path = tmp_path / "mixed.csv"
    path.write_text(
        "exchange,symbol,timeframe,open_time_utc,close\n"
        "okx,TAO/USDT,30m,2026-05-01T00:00:00Z,2.0\n"
        "okx,TAO/USDT,1h,2026-05-01T00:00:00Z,2.0\n"
        "okx,TAO/USDT,7h,2026-05-01T00:00:00Z,2.0\n"
    )
    [batch] = parse_archive(path, SOURCE, UNNAMED)
    assert batch.candles["timeframe"].to_list() == ["1h"]
    refused = batch.quarantined.sort("row_number").select("reason", "detail").rows()
    assert [reason for reason, _ in refused] == ["timeframe_not_kept", "unknown_timeframe"]
    assert refused[0][1].startswith("30m is not kept; resample it to ")
    assert refused[1][1] == "the bar length is not one of 1m, 5m, 1h, 4h, 1d"
