"""Copies of the warehouse that were read to the end: made, checked, and put back."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

from flows.errors import EXIT_CHECK, EXIT_STORAGE, CommandError
from flows.settings import Settings
from warehouse.replacing import replacing
from warehouse.store.checks import run_checks
from warehouse.store.connection import open_reader, open_writer
from warehouse.store.errors import BusyError, DamagedError, StoreError
from warehouse.store.locks import try_lock
from warehouse.store.publish import publish
from warehouse.tables.units import compact_instant

COPY_NAME = "aftershock.duckdb"


def read_to_the_end(path: Path) -> dict[str, str]:
    """A digest of every table of a database file, by name; DamagedError when a byte of them cannot be read."""
    with open_reader(path) as reader:
        return reader.digest_file()


def back_up(settings: Settings, now: datetime, folder: Path | None) -> tuple[Path, int]:
    """Copy the warehouse and `config/` into a new folder, read the copy and check it; returns folder and tables.

    Raises CommandError when the folder exists, or when a data check fails on the copy, which stays.
    """
    target = folder or settings.home / "backups" / compact_instant(now)
    if target.exists():
        raise CommandError(f"{target} exists; name a folder that does not")
    if not settings.warehouse_path.exists():
        raise CommandError(f"{settings.warehouse_path} does not exist yet: there is nothing to keep")
    copy = target / COPY_NAME
    with open_writer(settings.warehouse_path, settings.lock_deadline_seconds) as warehouse:
        target.mkdir(parents=True)
        publish(warehouse, settings.warehouse_path, copy)
        kept = warehouse.digest_file()
    if settings.config_path.is_dir():
        shutil.copytree(settings.config_path, target / "config")
    if read_to_the_end(copy) != kept:
        raise CommandError(f"{copy} does not hold what the warehouse holds; look at the disk", EXIT_STORAGE)
    _require_checks(copy)
    return target, len(kept)


def put_back(settings: Settings, now: datetime, source: Path | None) -> tuple[Path, Path | None]:
    """Put a copy in the warehouse's place; returns the copy taken and where the earlier file lies now.

    `source` is a backup's folder or a database file, by default the published copy. It is read to the end first, so
    that a damaged one changes nothing. `config/` comes back only where there is none.
    """
    given = source or settings.published_path
    copy = given / COPY_NAME if given.is_dir() else given
    if not copy.is_file():
        raise CommandError(f"{copy} is no file; name a backup's folder or a published file")
    held = _require_sound(copy)
    settings.home.mkdir(parents=True, exist_ok=True)
    with try_lock(settings.warehouse_path.with_suffix(".lock")) as is_ours:
        if not is_ours:
            raise BusyError(f"{settings.warehouse_path} is being written by another run; try again when it has ended")
        with replacing(settings.warehouse_path, ".restoring") as draft:
            shutil.copyfile(copy, draft)
            aside = _move_aside(settings.warehouse_path, now)
    if given.is_dir() and (given / "config").is_dir() and not settings.config_path.exists():
        shutil.copytree(given / "config", settings.config_path)
    if read_to_the_end(settings.warehouse_path) != held:
        raise CommandError(f"{settings.warehouse_path} does not hold what {copy} holds; look at the disk", EXIT_STORAGE)
    return copy, aside


def _require_sound(copy: Path) -> dict[str, str]:
    try:
        held = read_to_the_end(copy)
    except DamagedError as exc:
        raise CommandError(f"{copy} is damaged too: name a backup ({exc.__cause__})", EXIT_STORAGE) from exc
    except StoreError as exc:
        raise CommandError(f"{copy} cannot be used: {exc}", EXIT_STORAGE) from exc
    if not held:
        raise CommandError(f"{copy} holds no table of Aftershock; name a backup's folder or a published file")
    return held


def _require_checks(copy: Path) -> None:
    with open_reader(copy) as reader:
        failed = [result.check_id for result in run_checks(reader) if result.is_failed]
    if failed:
        raise CommandError(f"{copy} is a true copy, but data checks fail in it: {', '.join(failed)}", EXIT_CHECK)


def _move_aside(path: Path, now: datetime) -> Path | None:
    """Rename the file and its write-ahead log, which would be replayed on whatever stands there next."""
    aside = path.with_name(f"{path.stem}.before-{compact_instant(now)}{path.suffix}")
    log = path.with_name(f"{path.name}.wal")
    if log.exists():
        log.rename(aside.with_name(f"{aside.name}.wal"))
    if not path.exists():
        return None
    path.rename(aside)
    return aside
