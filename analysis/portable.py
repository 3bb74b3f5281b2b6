"""Logarithms, exponentials and powers with the same bits on every processor.

numpy picks its own by the instructions a processor has, and the last digit differs; polars calls the system's.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, overload

import numpy as np
import polars as pl
from numpy.typing import NDArray

from analysis.arrays import Floats


@overload
def log(values: float) -> float: ...
@overload
def log(values: NDArray[Any]) -> Floats: ...
def log(values: float | NDArray[Any]) -> Any:
    """Natural logarithm, same shape; −inf at zero, NaN below and at NaN."""
    return _apply(values, math.log, lambda column: column.log())


@overload
def log1p(values: float) -> float: ...
@overload
def log1p(values: NDArray[Any]) -> Floats: ...
def log1p(values: float | NDArray[Any]) -> Any:
    """log(1 + x) without loss near zero, same shape; NaN below −1 and at NaN."""
    return _apply(values, math.log1p, lambda column: column.log1p())


@overload
def exp(values: float) -> float: ...
@overload
def exp(values: NDArray[Any]) -> Floats: ...
def exp(values: float | NDArray[Any]) -> Any:
    """e to the power of x, same shape; NaN at NaN."""
    return _apply(values, math.exp, lambda column: column.exp())


@overload
def expm1(values: float) -> float: ...
@overload
def expm1(values: NDArray[Any]) -> Floats: ...
def expm1(values: float | NDArray[Any]) -> Any:
    """exp(x) − 1 without loss near zero, same shape; NaN at NaN."""
    # As 2 sinh(x/2) e^(x/2), because polars has no expm1 and its sinh is exact near zero.
    return _apply(values, math.expm1, lambda column: 2.0 * (column / 2.0).sinh() * (column / 2.0).exp())


@overload
def tanh(values: float) -> float: ...
@overload
def tanh(values: NDArray[Any]) -> Floats: ...
def tanh(values: float | NDArray[Any]) -> Any:
    """Hyperbolic tangent, same shape; NaN at NaN."""
    return _apply(values, math.tanh, lambda column: column.tanh())


@overload
def arctanh(values: float) -> float: ...
@overload
def arctanh(values: NDArray[Any]) -> Floats: ...
def arctanh(values: float | NDArray[Any]) -> Any:
    """Its inverse (Fisher's z), same shape; ±inf at ±1, NaN beyond and at NaN."""
    return _apply(values, math.atanh, lambda column: column.arctanh())


def power(values: NDArray[Any], exponent: float) -> Floats:
    """Each value to one power, same shape; NaN for a negative value and a broken power, and at NaN."""
    return np.asarray(_apply(values, None, lambda column: column.pow(exponent)))


def powers(base: float, exponents: NDArray[Any]) -> Floats:
    """One number to each power, same shape."""
    return np.asarray(_apply(exponents, None, lambda column: pl.lit(base).pow(column)))


def _apply(values: Any, scalar: Callable[[float], float] | None, function: Callable[[pl.Expr], pl.Expr]) -> Any:
    if scalar is not None and isinstance(values, int | float):
        try:
            return scalar(float(values))
        except (ValueError, OverflowError):  # beyond the domain: what arrays give there
            pass
    array = np.asarray(values, dtype=np.float64)
    frame = pl.DataFrame({"x": np.ascontiguousarray(array).ravel()})
    found = frame.select(function(pl.col("x")).alias("x"))["x"].to_numpy()
    return float(found[0]) if array.ndim == 0 else np.array(found, dtype=np.float64).reshape(array.shape)
