"""Turn what the lake's libraries raise into errors that name the lake and the remedy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError

from warehouse.lake.errors import LakeError, LakeUnreachableError
from warehouse.lake.layout import LakeAddress

_REACH = "see that the address is right, the store answers and its credentials are set, then try again"


@contextmanager
def named_faults(address: LakeAddress, what: str) -> Iterator[None]:
    """Raise LakeUnreachableError for a store that refuses and LakeError for a log that cannot be read.

    A commit beaten by another writer and an absent table pass through: their callers know what to do.
    """
    try:
        yield
    except (CommitFailedError, TableNotFoundError):
        raise
    except OSError as exc:
        raise LakeUnreachableError(f"{address.uri}: cannot {what}: {_first_line(exc)}; {_REACH}") from exc
    except DeltaError as exc:
        raise LakeError(
            f"{address.uri}: cannot {what}: {_first_line(exc)}; publish into an empty folder if this one is not a lake"
        ) from exc


def _first_line(exc: BaseException) -> str:
    return (str(exc).splitlines() or [type(exc).__name__])[0]
