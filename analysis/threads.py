"""One thread for matrix products: many small ones gain nothing from more and stall on a busy machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

# Of loops that free the interpreter, and processes that draw pages: both cores of the smallest machine we run on.
N_THREADS = 2


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Matrix products inside the block stay on the calling thread.

    Measured on two cores with other work going on: all leads and lags of 60 assets took 6 s instead of 44 s, because
    BLAS threads wait for each other by spinning.
    """
    with _blas_libraries().limit(limits=1, user_api="blas"):
        yield


@cache
def _blas_libraries() -> Any:
    """The loaded libraries, looked for once: numpy's, and scipy's, which the import loads."""
    import scipy.linalg  # noqa: F401
    from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]  # the library ships no types

    return ThreadpoolController()
