"""Errors that end a command, as a documented exit code and one sentence."""

from __future__ import annotations

import errno
import sys
from dataclasses import dataclass
from pathlib import Path

EXIT_BUG = 1
EXIT_USAGE = 2
EXIT_SOURCE = 3
EXIT_CHECK = 4
EXIT_BUSY = 5
EXIT_STORAGE = 6

_ROOMS = frozenset({"ingest", "analysis", "warehouse", "dashboards"})
# The system's words for a disk that refuses: full, over quota, read-only, forbidden, failing.
_DISK_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.EMFILE})
# Libraries below Prefect's client, whose errors mean that a server went away.
_CLIENTS = frozenset({"httpx", "httpcore", "prefect", "urllib", "socket", "ssl"})


class CommandError(Exception):
    """A command cannot do what was asked; the message says what, where, what was expected and what to do."""

    def __init__(self, message: str, exit_code: int = EXIT_USAGE) -> None:
        super().__init__(message)
        self.exit_code = exit_code


@dataclass(frozen=True, slots=True)
class Fault:
    """Exit code and sentence; a bug is shown with its traceback."""

    exit_code: int
    sentence: str

    @property
    def is_bug(self) -> bool:
        """Whether only a change of code helps."""
        return self.exit_code == EXIT_BUG


def fault_of_error(error: BaseException) -> Fault:
    """What `error` means; an error that nobody foresaw is a bug, of ours or of the library that raised it."""
    expected = _expected(error)
    if expected is not None:
        return expected
    library = type(error).__module__.partition(".")[0]
    if not isinstance(error, Exception):
        return Fault(EXIT_BUG, f"a library broke off ({type(error).__name__}: {_first_line(error)}); please report it")
    if library in _CLIENTS or isinstance(error, (ConnectionError, TimeoutError)):
        said = f"{type(error).__name__}: {_first_line(error)}"
        return Fault(EXIT_SOURCE, f"a server stopped answering ({said}); look whether it runs, then try again")
    return Fault(EXIT_BUG, "this is a bug in Aftershock; the lines above say where")


def _hidden_room(error: ModuleNotFoundError) -> str | None:
    """The folder that stands before a package of ours on Python's path, where that is why a module is missing."""
    room = (error.name or "").partition(".")[0]
    found = getattr(sys.modules.get(room), "__path__", None)
    if room not in _ROOMS or not found:
        return None
    place = Path(next(iter(found)))
    return None if place.parent == Path(__file__).parents[1] else str(place)


def source_exit_code(error: BaseException) -> int:
    """The exit code of a refused source: usage where trying again cannot help."""
    from ingest.errors import PermanentError

    return EXIT_USAGE if isinstance(error, PermanentError) else EXIT_SOURCE


def _expected(error: BaseException) -> Fault | None:
    from ingest.errors import SourceError
    from warehouse.config import ConfigError
    from warehouse.store.errors import BusyError, StorageFailedError, StoreError

    if isinstance(error, CommandError):
        return Fault(error.exit_code, str(error))
    if isinstance(error, BusyError):
        return Fault(EXIT_BUSY, str(error))
    if isinstance(error, StorageFailedError):
        return Fault(EXIT_STORAGE, str(error))
    if isinstance(error, (StoreError, ConfigError)):
        return Fault(EXIT_USAGE, str(error))
    if isinstance(error, SourceError):
        return Fault(source_exit_code(error), str(error))
    if isinstance(error, ModuleNotFoundError) and (hiding := _hidden_room(error)):
        return Fault(EXIT_USAGE, f"the folder {hiding} hides a package of Aftershock; run from another folder")
    if isinstance(error, MemoryError):
        return Fault(EXIT_STORAGE, "memory is used up; close other programs, or ask for less")
    if isinstance(error, OSError) and error.errno in _DISK_ERRORS:
        place = f"{error.filename}: " if error.filename else ""
        return Fault(EXIT_STORAGE, f"{place}{error.strerror}; free space, make it writable, or set AFTERSHOCK_HOME")
    return None


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or ["no words"])[0]
