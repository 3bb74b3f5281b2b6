"""The bundled record gives the same numbers, to the last bit, whatever instructions the processor has."""

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

pytestmark = pytest.mark.slow

RUN = [sys.executable, "-c", "import sys; sys.argv = ['aftershock', 'run']; from flows.cli import main; main()"]
# When a run looked: no result of the record.
OF_THE_RUN = ("run_id", "judged_at_utc", "last_seen_at_utc")
NARROW = "X86_V4 AVX512_ICL AVX512_SPR"  # the wide instructions of numpy, turned off


def run_bundle(home: Path, **environment: str) -> Path:
    """The published copy of a first run offline."""
    own = {**os.environ, "AFTERSHOCK_HOME": str(home), "AFTERSHOCK_OFFLINE": "1", **environment}
    done = subprocess.run(RUN, env=own, cwd=home.parent, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    return home / "aftershock.duckdb"


def list_differences(first: Path, second: Path) -> tuple[int, list[str]]:
    """How many `out` tables were compared, and those of which some row stands in one file alone, with how many."""
    with duckdb.connect() as connection:
        for name, path in (("a", first), ("b", second)):
            connection.execute(f"attach '{path}' as {name} (read_only)")
        tables = connection.execute(
            "select table_name from duckdb_tables() where database_name = 'a' and schema_name = 'out' order by 1"
        ).fetchall()
        found = []
        for (table,) in tables:
            selected = f'select columns(lambda name: name not in {OF_THE_RUN}) from {{}}.out."{table}"'
            counts = []
            for one, other in (("a", "b"), ("b", "a")):
                query = f"select count(*) from ({selected.format(one)} except all {selected.format(other)})"
                counts.append(connection.execute(query).fetchall()[0][0])
            if any(counts):
                found.append(f"{table}: {counts[0]} and {counts[1]} rows")
    return len(tables), found


def test_every_out_table_is_the_same_without_wide_instructions(tmp_path: Path) -> None:
    wide, narrow = run_bundle(tmp_path / "wide"), run_bundle(tmp_path / "narrow", NPY_DISABLE_CPU_FEATURES=NARROW)
    n_tables, differences = list_differences(wide, narrow)
    assert n_tables > 20
    assert differences == []
