"""What can go wrong with the file, classed by what the caller can do."""


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


class QueryError(StoreError):
    """A statement is not valid or not allowed on the published file."""
