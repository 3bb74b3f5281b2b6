"""Tasks for workers: they import this file, as they import the product."""

import os
import time
from pathlib import Path

import polars as pl


def square(number: int, seconds: float = 0.0) -> pl.DataFrame:
    """A frame with the square."""
    time.sleep(seconds)
    return pl.DataFrame({"square": [number * number]})


def leave_trace(folder: str, number: int, seconds: float) -> pl.DataFrame:
    """The square, and a file for each time that it was computed."""
    time.sleep(seconds)
    (Path(folder) / f"{number}-{time.monotonic_ns()}").touch()
    return square(number)


def end_worker(_number: int) -> pl.DataFrame:
    """Take the worker down, as the system does where memory ends."""
    os.kill(os.getpid(), 9)
    return square(0)


def refuse(number: int) -> pl.DataFrame:
    """A task that fails with a sentence."""
    raise ValueError(f"{number} cannot be measured")
