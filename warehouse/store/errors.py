"""What can go wrong with the file, classed by what the caller can do."""

from __future__ import annotations

from pathlib import Path

import duckdb

# What the library says of a disk that refuses, and of bytes that are not what it once wrote; some of the second comes
# as its bare base error.
_DISK_WORDS = (
    "no space left",
    "input/output error",
    "could not write",
    "read-only file system",
    "disk quota",
    "permission denied",
)
_DAMAGE_WORDS = ("corrupt database", "checksum", "not a valid duckdb", "could not read enough bytes", "deserializ")


class StoreError(Exception):
    """Something about the database file; the message says what, where and what to do."""


class BusyError(StoreError):
    """Another process writes; try again when it has finished."""


class NotPublishedError(StoreError):
    """There is no published file yet; a run makes one."""


class OutdatedError(StoreError):
    """The published file was written by another version of the program; a run writes it anew."""


class StorageFailedError(StoreError):
    """The disk refused a read or write: full, read-only or damaged."""


class DamagedError(StorageFailedError):
    """The bytes of a database file are not what was written; the message names what brings it back."""


class QueryError(StoreError):
    """A statement is not valid or not allowed on the published file."""


def fault_of(exc: duckdb.Error, path: Path, remedy: str) -> StorageFailedError | None:
    """The error that names a damaged file or a refusing disk; None for a fault of the statement."""
    said = str(exc).splitlines()[0]
    lower = said.lower()
    if any(word in lower for word in _DISK_WORDS):
        return StorageFailedError(f"{path}: {said}; free space on the disk or make it writable, then run again")
    if isinstance(exc, duckdb.SerializationException) or any(word in lower for word in _DAMAGE_WORDS):
        return DamagedError(f"{path} is damaged: {remedy} ({said})")
    if isinstance(exc, duckdb.OutOfMemoryException):
        return StorageFailedError(f"{path}: memory is used up ({said}); close other programs, or ask for fewer rows")
    return None
