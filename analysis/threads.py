"""How many threads loops and matrix products take: many small products gain nothing from more."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import Any, ParamSpec, TypeVar

import polars as pl

# Of loops that free the interpreter, and processes that measure events, fit models or draw pages: both cores of the
# smallest machine we run on.
N_THREADS = 2
# From so many titles on a search of them is worth threads, each of which reads the patterns anew.
WORTH_THREADS = 8_192


_Result = TypeVar("_Result")
_Part = TypeVar("_Part")
_Given = ParamSpec("_Given")
# A function of a module, and what it is given.
Call = tuple[Callable[..., Any], tuple[Any, ...]]
ShareCalls = Callable[[Sequence[Call]], list[Any]]


class _Here(Executor):
    """Does at once, on the calling thread, what it is given."""

    def submit(self, fn: Callable[_Given, _Result], /, *args: _Given.args, **kwargs: _Given.kwargs) -> Future[_Result]:
        done: Future[_Result] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


def start_threads(*, is_worth: bool) -> Executor:
    """Threads for loops that free the interpreter, or where they are not worth their start the calling one."""
    return ThreadPoolExecutor(N_THREADS) if is_worth else _Here()


def on_threads(do: Callable[[_Part], _Result], parts: Iterable[_Part]) -> list[_Result]:
    """What each part gives, in order, several at once where what a part does frees the interpreter."""
    with one_blas_thread(), ThreadPoolExecutor(N_THREADS) as pool:
        return list(pool.map(do, parts))


def share_rows(do: Callable[[pl.DataFrame], pl.DataFrame], frame: pl.DataFrame) -> pl.DataFrame:
    """What `do` makes of `frame`, row by row: of many rows in parts, for an expression keeps to one thread."""
    if frame.height < WORTH_THREADS:
        return do(frame)
    length = -(-frame.height // N_THREADS)
    with start_threads(is_worth=True) as pool:
        return pl.concat(pool.map(do, frame.iter_slices(length)))


def one_by_one(do: Callable[[_Part], _Result], parts: Iterable[_Part]) -> Generator[_Result, None, None]:
    """What each part gives, in order: the way to share work among nobody, which can be closed like the others."""
    yield from map(do, parts)


def call_here(calls: Sequence[Call]) -> list[Any]:
    """What each call gives, in order: the way to share calls among nobody."""
    return [function(*given) for function, given in calls]


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
