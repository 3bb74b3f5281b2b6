"""Compare a lake with the file it was written from, and sweep away what no release needs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from deltalake import DeltaTable

from warehouse.lake.faults import named_faults
from warehouse.lake.layout import LakeAddress, digest_of_parts, shape_of_table
from warehouse.lake.publish import parts_of_log
from warehouse.lake.reading import mounted, open_table
from warehouse.lake.release import Release
from warehouse.store.connection import Reader
from warehouse.tables.catalog import load_tables

EQUAL, BEHIND, DAMAGED, MISSING = "equal", "behind", "damaged", "missing"
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Compared:
    """A table of the file beside its projection, read from the lake's files themselves.

    `behind` differs from the file as its own log says, `damaged` holds other rows than its log says.
    """

    table: str
    version: int | None
    n_parts: int
    n_parts_apart: int
    state: str


def compare_lake(reader: Reader, release: Release) -> list[Compared]:
    """Every table of the file against the release: each row of both is read."""
    found = []
    with mounted(release) as lake:
        for name, table in load_tables().items():
            if not reader.has(table):
                continue
            here = digest_of_parts(reader.connection, table)
            if name not in release.versions:
                found.append(Compared(name, None, len(here), len(here), MISSING))
                continue
            there = digest_of_parts(lake.connection, table)
            logged, shape = parts_of_log(open_table(release, table))
            is_sound = shape != shape_of_table(table) or _n_apart(there, logged) == 0
            apart = _n_apart(here, there)
            state = (BEHIND if apart else EQUAL) if is_sound else DAMAGED
            found.append(Compared(name, release.versions[name], len(here), apart, state))
    return found


def _n_apart(parts: dict[str, str], others: dict[str, str]) -> int:
    """How many parts differ, those that only one side has included."""
    return sum(parts.get(part) != others.get(part) for part in parts.keys() | others.keys())


def sweep_table(release: Release, table_name: str, keep: timedelta) -> int:
    """Delete the files that no version of the last `keep`, and not the release's, needs; returns how many."""
    address: LakeAddress = release.address
    with named_faults(address, f"sweep {table_name}"):
        state = DeltaTable(address.of(table_name))
        swept = state.vacuum(
            retention_hours=int(keep / _HOUR), dry_run=False, full=True, keep_versions=[release.versions[table_name]]
        )
    return len(swept)
