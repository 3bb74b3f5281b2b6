"""Damaged, old, full and shared files: every one is read rightly or refused in words, and nothing is lost."""

from __future__ import annotations

import random
import resource
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from flows.context import RunContext
from flows.steps.publish import publish_warehouse
from tests.e2e.command import ENTRY, run_aftershock
from tests.flows.shipped import open_shipped
from tests.torture.counted import note, times
from tests.warehouse.store.test_migrate import make_value
from warehouse.store.connection import open_reader, open_writer
from warehouse.store.publish import publish
from warehouse.tables.catalog import load_tables
from warehouse.tables.news import EVENT
from warehouse.tables.prices import CANDLE

SCHEMAS = sorted((Path(__file__).parent / "schemas").glob("*.sql"))
LIMIT_SECONDS = 120
# Reads every row of the largest tables and says how many; what is damaged must end in words.
READ = """
import sys
from pathlib import Path
from warehouse.store.connection import open_reader, open_writer
from warehouse.store.errors import StoreError
from warehouse.tables.news import EVENT
from warehouse.tables.prices import CANDLE
path = Path(sys.argv[1])
try:
    with (open_writer(path, 1) if path.name == "warehouse.duckdb" else open_reader(path)) as reader:
        print(reader.digest(CANDLE), reader.digest(EVENT))
except StoreError as error:
    print(error, file=sys.stderr)
    sys.exit(6)
"""


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("shipped")
    with open_shipped(home) as run:
        publish_warehouse(RunContext(run.settings, run.warehouse, run.run_id, run.now, run.say))
    return home


def read(path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", READ, str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=LIMIT_SECONDS)


def damages(body: bytes, n: int) -> Iterator[tuple[str, bytes]]:
    """`n` of each kind: a bit turned, a page overwritten, the end cut off; the same ones every time."""
    dice = random.Random(7)
    for _ in range(n):
        place = dice.randrange(len(body))
        yield "flipped", body[:place] + bytes([body[place] ^ (1 << dice.randrange(8))]) + body[place + 1 :]
        start = dice.randrange(len(body))
        yield "overwritten", body[:start] + dice.randbytes(4096) + body[start + 4096 :]
        yield "cut", body[: dice.randrange(len(body))]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["aftershock.duckdb", "warehouse.duckdb"])
def test_a_damaged_file_is_read_rightly_or_refused(shipped: Path, tmp_path: Path, name: str) -> None:
    whole, path = (shipped / name).read_bytes(), tmp_path / name
    path.write_bytes(whole)
    right = read(path).stdout
    assert right
    n_refused = n_tried = 0
    for kind, body in damages(whole, times(4)):
        path.write_bytes(body)
        path.with_suffix(".duckdb.wal").unlink(missing_ok=True)
        result = read(path)
        n_tried += 1
        n_refused += result.returncode == 6
        assert result.returncode in (0, 6), (kind, result.returncode, result.stderr)
        assert "Traceback" not in result.stderr, kind
        assert result.returncode == 6 or result.stdout == right, f"{kind}: wrong rows without a word"
    note(f"damaged {name}", n_tried, n_refused, 0)


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda path: path.stem)
def test_a_file_of_an_earlier_version_keeps_every_row(tmp_path: Path, schema: Path) -> None:
    path, tables = tmp_path / "warehouse.duckdb", load_tables()
    connection = duckdb.connect(str(path))
    connection.execute(schema.read_text())
    shapes: dict[str, list[str]] = {}
    for table, column in connection.execute(
        "select schema_name || '.' || table_name, column_name from duckdb_columns() "
        "where not internal order by column_index"
    ).fetchall():
        shapes.setdefault(table, []).append(column)
    filled = [name for name in shapes if name in tables and name != "ops.migration"]
    for name in filled:
        kinds = {column.name: column.dtype for column in tables[name].columns}
        values = [make_value(kinds[column]) if column in kinds else None for column in shapes[name]]
        connection.execute(f"insert into {name} values ({', '.join('?' * len(values))})", values)
    connection.close()
    with open_writer(path, 1) as warehouse:
        for name in filled:
            assert warehouse.frame(tables[name]).height == 1, name
    note(f"tables of version {schema.stem} with rows", len(filled), 0, 0)


def test_readers_never_wait_nor_see_half_a_publication(tmp_path: Path) -> None:
    source, target = tmp_path / "warehouse.duckdb", tmp_path / "aftershock.duckdb"
    n_rounds, wrong, reads, done = times(10), [], [], threading.Event()

    def look() -> None:
        while not done.is_set():
            with open_reader(target) as reader:
                [(first, last, rows)] = reader.connection.execute(
                    "select min(version), max(version), count(*) from ops.run"
                ).fetchall()
            reads.append(rows)
            if first != last or rows != 100:
                wrong.append((first, last, rows))

    with open_writer(source, 1) as writer:
        put = "insert into ops.run select range::varchar, 'run', now(), now(), 'done', ? from range(100)"
        writer.connection.execute(put, ["0"]).fetchall()
        publish(writer, source, target)
        readers = [threading.Thread(target=look) for _ in range(20)]
        for reader in readers:
            reader.start()
        for number in range(1, n_rounds + 1):
            writer.connection.execute("update ops.run set version = ?", [str(number)]).fetchall()
            publish(writer, source, target)
        done.set()
        for reader in readers:
            reader.join(LIMIT_SECONDS)
            assert not reader.is_alive()
    assert wrong == []
    assert len(reads) >= 20
    note("reads by 20 readers while publishing", len(reads), 0, len(wrong))


@pytest.mark.slow
def test_a_full_disk_ends_in_words_and_keeps_the_published_file(shipped: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(shipped, home)
    published = (home / "aftershock.duckdb").read_bytes()
    sizes = [100_000, 1_000_000, len(published) + 200_000][: max(3, times(3))]
    for size in sizes:

        def refuse(size: int = size) -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

        command = [sys.executable, "-c", ENTRY, "run", "--offline", "--now", "2026-11-23T00:00:00Z"]
        environment = {"AFTERSHOCK_HOME": str(home), "PATH": "/usr/bin:/bin", "AFTERSHOCK_OFFLINE": "1"}
        result = subprocess.run(
            command, capture_output=True, text=True, check=False, env=environment, preexec_fn=refuse, timeout=300
        )
        assert result.returncode == 6, (size, result.stderr[-500:])
        assert "Traceback" not in result.stderr
        assert (home / "aftershock.duckdb").read_bytes() == published
    assert run_aftershock(home, "run", "--offline", "--now", "2026-11-23T00:00:00Z").returncode == 0
    note("runs on a full disk", len(sizes), len(sizes), 0)


@pytest.mark.slow
def test_of_two_runs_at_once_each_ends_whole_or_busy(shipped: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(shipped, home)
    environment = {"AFTERSHOCK_HOME": str(home), "PATH": "/usr/bin:/bin", "AFTERSHOCK_LOCK_DEADLINE_SECONDS": "0.5"}
    command = [sys.executable, "-c", ENTRY, "run", "--offline", "--now", "2026-11-23T00:00:00Z"]
    both = [
        subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    ended = [process.communicate(timeout=300)[1] for process in both]
    codes = sorted(process.returncode for process in both)
    assert codes in ([0, 0], [0, 5]), "\n".join(ended)[-2000:]
    with open_reader(home / "aftershock.duckdb") as reader:
        assert reader.frame(EVENT).height > 100
        assert reader.frame(CANDLE).height > 1000
    note("pairs of runs at once", 1, codes.count(5), 0)
