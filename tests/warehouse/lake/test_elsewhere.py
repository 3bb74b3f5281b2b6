"""A lake as others have it: on an object store, through other engines, while it is swept."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from tests.warehouse.lake.lakes import NOW, make_candles, publish_candles, small_warehouse
from warehouse.lake.errors import LakeUnreachableError
from warehouse.lake.layout import LakeAddress
from warehouse.lake.reading import mounted, open_table, scan_table
from warehouse.lake.release import read_release, write_release
from warehouse.lake.upkeep import compare_lake, sweep_table
from warehouse.tables.prices import CANDLE

AGED_SECONDS = 40 * 86_400
LONGEST_START_SECONDS = 60


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[LakeAddress]:
    """A bucket of an object store's protocol on loopback, reached as the environment says."""
    pytest.importorskip("moto", reason="the extra `scale` is not installed; enable with: make scale")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # A process of its own: in this one it would wait for the interpreter that waits for its answer.
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    words = {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "hidden",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_REGION": "us-east-1",
        "AWS_ALLOW_HTTP": "true",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    for name, value in words.items():
        monkeypatch.setenv(name, value)
    import boto3
    from botocore.exceptions import EndpointConnectionError

    client = boto3.client("s3", endpoint_url=words["AWS_ENDPOINT_URL"], region_name="us-east-1")
    for _ in range(LONGEST_START_SECONDS):
        try:
            client.create_bucket(Bucket="desk")
            break
        except EndpointConnectionError:
            time.sleep(1.0)
    yield LakeAddress("s3://desk/aftershock")
    server.kill()
    server.wait()


def test_an_object_store_holds_the_same_rows(bucket: LakeAddress, tmp_path: Path) -> None:
    with small_warehouse(tmp_path) as warehouse:
        assert publish_candles(warehouse, bucket).n_parts_written == 3
        warehouse.merge(CANDLE, make_candles(1).with_columns(close_quote=pl.lit(2.0)))
        assert publish_candles(warehouse, bucket).n_parts_written == 1
        assert publish_candles(warehouse, bucket).n_parts_written == 0

        release = read_release(bucket)
        assert [row.state for row in compare_lake(warehouse, release) if row.table == CANDLE.name] == ["equal"]
        with mounted(release) as lake:
            assert lake.frame(CANDLE).sort(CANDLE.key).equals(warehouse.frame(CANDLE).sort(CANDLE.key))


def test_a_store_that_does_not_answer_is_named_without_its_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{held.getsockname()[1]}")
        for name, value in (("ACCESS_KEY_ID", "key"), ("SECRET_ACCESS_KEY", "hidden"), ("ALLOW_HTTP", "true")):
            monkeypatch.setenv(f"AWS_{name}", value)
        monkeypatch.setenv("AWS_REGION", "us-east-1")
        with small_warehouse(tmp_path) as warehouse, pytest.raises(LakeUnreachableError, match="s3://desk") as caught:
            publish_candles(warehouse, LakeAddress("s3://desk/aftershock"))
    assert "hidden" not in str(caught.value)


def test_sweeping_spares_the_release_and_young_files(tmp_path: Path) -> None:
    address = LakeAddress(str(tmp_path / "lake"))
    with small_warehouse(tmp_path) as warehouse:
        publish_candles(warehouse, address)
        pinned = read_release(address)
        warehouse.merge(CANDLE, make_candles(5).with_columns(close_quote=pl.lit(2.0)))
        publish_candles(warehouse, address)
        release = read_release(address)
        dead = Path(address.of(CANDLE.name)) / "timeframe=1d" / "month=2026-04" / "part-of-a-killed-writer.parquet"
        shutil.copy(open_table(release, CANDLE).file_uris()[0], dead)
        aged = dead.stat().st_mtime - AGED_SECONDS
        os.utime(dead, (aged, aged))

        assert sweep_table(release, CANDLE.name, timedelta(days=30)) == 1
        assert not dead.exists()
        assert scan_table(pinned, CANDLE).collect().height == make_candles().height
        with mounted(release) as lake:
            assert lake.frame(CANDLE).sort(CANDLE.key).equals(warehouse.frame(CANDLE).sort(CANDLE.key))


def test_spark_reads_the_files_of_the_release_and_not_the_folder(tmp_path: Path) -> None:
    sql = pytest.importorskip("pyspark.sql", reason="pyspark is not installed; enable with: pip install pyspark")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java")
    address = LakeAddress(str(tmp_path / "lake"))
    with small_warehouse(tmp_path) as warehouse:
        publish_candles(warehouse, address)
        warehouse.merge(CANDLE, make_candles(5).with_columns(close_quote=pl.lit(2.0)))
        publish_candles(warehouse, address)
        expected = warehouse.frame(CANDLE)
    files = open_table(read_release(address), CANDLE).file_uris()
    builder = sql.SparkSession.builder.master("local[2]").config("spark.sql.session.timeZone", "UTC")
    # Spark would read the bar length 1d as the number 1.0.
    builder = builder.config("spark.sql.sources.partitionColumnTypeInference.enabled", "false")
    spark = builder.config("spark.ui.enabled", "false").config("spark.driver.bindAddress", "127.0.0.1").getOrCreate()
    try:
        place = address.of(CANDLE.name)
        read = spark.read.option("basePath", place).parquet(*files)
        rows = read.selectExpr("market_id", "timeframe", "unix_micros(open_time_utc) as us", "close_quote").collect()
        naive = spark.read.parquet(place).count()
    finally:
        spark.stop()
    wanted = expected.select("market_id", "timeframe", pl.col("open_time_utc").dt.epoch("us"), "close_quote").rows()
    assert sorted(tuple(row) for row in rows) == sorted(wanted)
    assert naive > expected.height


def test_a_release_of_an_object_store_replaces_the_earlier_one(bucket: LakeAddress) -> None:
    write_release(bucket, {"core.candle": 1}, NOW)
    write_release(bucket, {"core.candle": 2}, NOW)

    assert read_release(bucket).versions == {"core.candle": 2}
