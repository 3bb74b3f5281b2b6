"""What `doctor` looks at: everything a run needs, and what it can use."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from datetime import datetime
from pathlib import Path

from flows.desk.pictures import installed_browser
from flows.jobs.clocks import TOLERANCE, name_future_stamps
from flows.jobs.config_check import examine_configuration
from flows.jobs.safekeeping import read_to_the_end
from flows.serve.last_run import FILE as LAST_RUN_FILE
from flows.serve.last_run import GOOD_OUTCOMES, read_last_run
from flows.serve.look import Examined, look_at_prefect
from flows.settings import Settings
from warehouse.store.connection import PUBLISHED_REMEDY, WAREHOUSE_REMEDY, open_reader
from warehouse.store.errors import StoreError
from warehouse.store.locks import lock_holders, try_lock
from warehouse.tables.units import file_size, listing, moment, plural, span

MINIMUM_FREE_BYTES = 500_000_000
# Logs are turned over, and Prefect forgets, before they are this large together; more means that something does not.
LOGS_BYTES = 500_000_000
NETWORK_PROBE = ("api.kraken.com", 443)
PROBE_SECONDS = 3
# Folders of a home that runs and schedules write into.
WRITTEN_FOLDERS = ("site", "history", "schedules", "prefect")
# Failing sources that are named one by one.
SOURCES_NAMED = 10


def examine(settings: Settings, now: datetime) -> list[Examined]:
    """Look at everything a run needs, and at what it can use."""
    warehouse = _warehouse(settings.warehouse_path)
    published = _database("published file", settings.published_path, PUBLISHED_REMEDY)
    return [
        Examined("python", sys.version_info >= (3, 11), False, f"{sys.version.split()[0]}; needs 3.11 to 3.14"),
        _folder(settings.home),
        _configuration(settings.config_path),
        _newest_run(settings.home, now),
        *warehouse,
        published,
        *_both(warehouse, published),
        *_stamps(settings.published_path, now),
        _sources(settings.published_path, now),
        *look_at_prefect(settings.home, settings.prefect_api_url),
        _logs(settings.home),
        _browser(),
        _network(settings),
    ]


def _folder(home: Path) -> Examined:
    existing = next(path for path in (home, *home.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    closed = [str(path) for path in (existing, *map(home.joinpath, WRITTEN_FOLDERS)) if _is_closed(path)]
    if closed:
        who = "give them to the user who runs this"
        return Examined("disk", False, False, f"not writable: {listing(closed)}; {who}")
    return Examined(
        "disk",
        free >= MINIMUM_FREE_BYTES,
        False,
        f"{home}: {file_size(free)} free; wants {file_size(MINIMUM_FREE_BYTES)}",
    )


def _is_closed(path: Path) -> bool:
    return path.is_dir() and not os.access(path, os.W_OK)


def _configuration(config_path: Path) -> Examined:
    found = examine_configuration(config_path)
    wrong = [*found.faults, *found.unread]
    n_files = found.changes["file"].n_unique()
    said = "\n".join(wrong) or f"{config_path}: {found.changes.height} entries of your own in {n_files} files"
    return Examined("config", not wrong, not found.faults, said)


def _newest_run(home: Path, now: datetime) -> Examined:
    last = read_last_run(home)
    if last is None:
        is_torn = (home / LAST_RUN_FILE).exists()
        said = (
            f"{LAST_RUN_FILE} cannot be read; the next run writes it anew" if is_torn else "no run has ended here yet"
        )
        return Examined("newest run", False, True, f"{said}: aftershock run")
    at = datetime.fromisoformat(last.at_utc)
    is_ahead = at > now + TOLERANCE
    when = f"{span(at - now)} ahead of this clock" if is_ahead else f"{span(now - at)} ago"
    is_good = last.outcome in GOOD_OUTCOMES and not is_ahead
    good_at = last.last_good_at_utc
    before = f"last good one {moment(datetime.fromisoformat(good_at))}" if good_at else "no good one before it"
    said = f"{last.run_id}, {when}: {last.outcome}"
    return Examined("newest run", is_good, True, said if last.outcome in GOOD_OUTCOMES else f"{said}; {before}")


def _warehouse(path: Path) -> list[Examined]:
    """Who writes, and whether the warehouse can be read; a run that starts meanwhile waits for the reading."""
    lock = path.with_suffix(".lock")
    if not lock.parent.is_dir():
        return [_database("warehouse", path, WAREHOUSE_REMEDY)]
    try:
        with try_lock(lock) as is_free:
            if is_free:
                free = Examined("lock", True, True, "nobody is writing")
                return [free, _database("warehouse", path, WAREHOUSE_REMEDY)]
    except OSError as exc:
        return [Examined("lock", False, False, f"{lock}: {exc.strerror}; make the folder writable")]
    holders = lock_holders(lock)
    said = f"process {listing([str(pid) for pid in holders])}" if holders else "another process"
    return [Examined("lock", True, True, f"{said} is writing; look at the warehouse again when it has ended")]


def _database(subject: str, path: Path, remedy: str) -> Examined:
    """Whether every byte of every table can be read."""
    if not path.exists():
        return Examined(subject, False, True, f"{path} does not exist yet: run `aftershock run`")
    try:
        tables = read_to_the_end(path)
    except StoreError as exc:
        said = str(exc.__cause__ or exc).splitlines()[0]
        return Examined(subject, False, False, f"{path} cannot be read: {remedy} ({said})")
    return Examined(subject, bool(tables), False, f"{path}: {len(tables)} tables, {file_size(path.stat().st_size)}")


def _both(warehouse: list[Examined], published: Examined) -> list[Examined]:
    """What to do when neither file can be made from the other."""
    if all(found.is_good for found in warehouse) or published.is_good or published.is_optional:
        return []
    said = "neither can be made from the other: aftershock restore a backup or a file of history/, or move both away"
    return [
        Examined("both files", False, False, f"{said} and run aftershock run, which fetches what sources still give")
    ]


def _stamps(published: Path, now: datetime) -> list[Examined]:
    """Stamps from the future, where the published file can be read."""
    try:
        with open_reader(published) as reader:
            stamps = name_future_stamps(reader, now)
    except StoreError:
        return []  # said of the file already
    remedies = ["aftershock doctor --cure-clock mends them"] if stamps else ["no stamp is from the future"]
    return [Examined("clock", not stamps, False, "\n".join([*stamps, *remedies]))]


def _sources(published: Path, now: datetime) -> Examined:
    """The sources that failed when they were last asked, longest silent first."""
    try:
        with open_reader(published) as reader:
            failing, counts = reader.query("failing_sources"), reader.query("source_counts").row(0, named=True)
    except StoreError:
        said = "the published file cannot be read" if published.exists() else "nothing is published"
        return Examined("sources", True, True, f"{said}, so nothing is known of them")
    n_asked = counts["n_sources"] - counts["n_unasked"]
    if not n_asked:
        said = f"none of {plural(counts['n_sources'], 'source')} was asked yet: aftershock run, with a network"
        return Examined("sources", True, True, said)
    if failing.is_empty():
        return Examined("sources", True, True, f"all of {plural(n_asked, 'source')} answered when last asked")
    lines = [f"{failing.height} of {n_asked} failed when last asked"]
    for row in failing.head(SOURCES_NAMED).iter_rows(named=True):
        last = row["last_good_at_utc"]
        silent = f"silent for {span(now - last)}" if last else "never answered"
        lines.append(f"{row['source_id']}: {silent}; {row['detail']}")
    return Examined("sources", False, True, "\n".join(lines))


def _logs(home: Path) -> Examined:
    """What the schedules have written about themselves, and Prefect's own database."""
    found = [*sorted(home.glob("*.log*")), *sorted((home / "prefect").glob("prefect.db*"))]
    sizes = {path.name: path.stat().st_size for path in found}
    said = ", ".join(f"{name} {file_size(size)}" for name, size in sizes.items()) or "none"
    return Examined("logs", sum(sizes.values()) <= LOGS_BYTES, True, said)


def _browser() -> Examined:
    found = installed_browser()
    return Examined("browser", bool(found), True, found or "no Chromium: share cards and PDF reports are skipped")


def _network(settings: Settings) -> Examined:
    if settings.is_offline:
        return Examined("network", False, True, "AFTERSHOCK_OFFLINE is set: only the bundled record is used")
    try:
        with socket.create_connection(NETWORK_PROBE, PROBE_SECONDS):
            return Examined("network", True, True, f"{NETWORK_PROBE[0]} answers")
    except OSError as exc:
        return Examined(
            "network", False, True, f"{NETWORK_PROBE[0]} cannot be reached ({exc}): live sources are skipped"
        )
