"""The published file as a Delta Lake for other engines and machines: write, compare, sweep."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec

import polars as pl

from flows.desk.reading import shape_of
from flows.errors import CommandError
from flows.settings import load_settings
from warehouse.store.connection import open_reader
from warehouse.tables.catalog import load_tables

_NEEDED = ("deltalake", "pyarrow")
# Delta keeps deleted files for a week, so that a reader of an older version ends well.
SHORTEST_KEEP = timedelta(days=7)


def publish_lake(uri: str, names: list[str], say: Callable[[str], None]) -> pl.DataFrame:
    """Write what changed of every table (or the named ones), then the release; a row per table.

    Tables that are not named keep the version of the earlier release; a damaged one is an error, because it would lose
    them. CommandError without the extra `scale`, LakeUnreachableError where folder or store refuse.
    """
    require_scale()
    from warehouse.lake.errors import NoReleaseError
    from warehouse.lake.layout import LakeAddress
    from warehouse.lake.publish import publish_table
    from warehouse.lake.release import read_release, write_release

    tables = load_tables()
    wanted = [_table_name(name) for name in names] or list(tables)
    address = LakeAddress(uri)
    try:
        versions = dict(read_release(address).versions) if names else {}
    except NoReleaseError:
        versions = {}
    done = []
    with open_reader(load_settings().published_path) as reader:
        for name in wanted:
            if not reader.has(tables[name]):
                continue
            publication = publish_table(reader, tables[name], address)
            versions[name] = publication.version
            done.append(publication)
            if publication.n_parts_written:
                say(f"{name}: {publication.n_parts_written} of {publication.n_parts} parts written")
    write_release(address, versions, datetime.now(UTC))
    return pl.DataFrame(done)


def check_lake(uri: str) -> pl.DataFrame:
    """Every table of the published file beside the lake's newest release, each row of both read; a row per table."""
    require_scale()
    from warehouse.lake.layout import LakeAddress
    from warehouse.lake.release import read_release
    from warehouse.lake.upkeep import compare_lake

    with open_reader(load_settings().published_path) as reader:
        return pl.DataFrame(compare_lake(reader, read_release(LakeAddress(uri))))


def sweep_lake(uri: str, keep: timedelta) -> pl.DataFrame:
    """Delete files that neither the release nor a version of the last `keep` needs; table and number of files."""
    require_scale()
    from warehouse.lake.layout import LakeAddress
    from warehouse.lake.release import read_release
    from warehouse.lake.upkeep import sweep_table

    release = read_release(LakeAddress(uri))
    rows = [(name, sweep_table(release, name, keep)) for name in release.versions]
    return pl.DataFrame(rows, schema=["table", "n_files_deleted"], orient="row")


def parse_keep(text: str) -> timedelta:
    """A length such as `30d`, of seven days or more; CommandError else."""
    found = re.fullmatch(r"(\d+)d", text.strip())
    if found is None or (keep := timedelta(days=int(found.group(1)))) < SHORTEST_KEEP:
        raise CommandError(f"{text!r} is not a length of {SHORTEST_KEEP.days} days or more; write it as 30d")
    return keep


def require_scale(*packages: str) -> None:
    """CommandError with the remedy where the extra `scale` is not installed."""
    absent = [name for name in packages or _NEEDED if find_spec(name) is None]
    if absent:
        raise CommandError(f"this needs {', '.join(absent)}, not installed: make scale (or install the extra `scale`)")


def _table_name(name: str) -> str:
    table = shape_of(name)
    if table.name not in load_tables():
        raise CommandError(f"{name} is a view; a lake holds tables: aftershock describe lists them")
    return table.name
