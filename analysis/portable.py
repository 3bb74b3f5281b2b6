"""Logarithms, exponentials and powers with the same bits on every processor.

numpy picks its own by the instructions a processor has, and the last digit differs; compiled loops call the system's.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from analysis.arrays import Floats


@overload
def log(values: float) -> float: ...
@overload
def log(values: NDArray[Any]) -> Floats: ...
def log(values: float | NDArray[Any]) -> Any:
    """Natural logarithm, same shape; −inf at zero, NaN below and at NaN."""
    return _apply(values, math.log, "log")


@overload
def log1p(values: float) -> float: ...
@overload
def log1p(values: NDArray[Any]) -> Floats: ...
def log1p(values: float | NDArray[Any]) -> Any:
    """log(1 + x) without loss near zero, same shape; NaN below −1 and at NaN."""
    return _apply(values, math.log1p, "log1p")


@overload
def exp(values: float) -> float: ...
@overload
def exp(values: NDArray[Any]) -> Floats: ...
def exp(values: float | NDArray[Any]) -> Any:
    """e to the power of x, same shape; NaN at NaN."""
    return _apply(values, math.exp, "exp")


@overload
def expm1(values: float) -> float: ...
@overload
def expm1(values: NDArray[Any]) -> Floats: ...
def expm1(values: float | NDArray[Any]) -> Any:
    """exp(x) − 1 without loss near zero, same shape; NaN at NaN."""
    return _apply(values, math.expm1, "expm1")


@overload
def tanh(values: float) -> float: ...
@overload
def tanh(values: NDArray[Any]) -> Floats: ...
def tanh(values: float | NDArray[Any]) -> Any:
    """Hyperbolic tangent, same shape; NaN at NaN."""
    return _apply(values, math.tanh, "tanh")


@overload
def arctanh(values: float) -> float: ...
@overload
def arctanh(values: NDArray[Any]) -> Floats: ...
def arctanh(values: float | NDArray[Any]) -> Any:
    """Its inverse (Fisher's z), same shape; ±inf at ±1, NaN beyond and at NaN."""
    return _apply(values, math.atanh, "arctanh")


def power(values: NDArray[Any], exponent: float) -> Floats:
    """Each value to one power, same shape; NaN for a negative value and a broken power, and at NaN."""
    return np.asarray(_apply(values, None, "power", exponent))


def powers(base: float, exponents: NDArray[Any]) -> Floats:
    """One number to each power, same shape."""
    return np.asarray(_apply(np.full(np.shape(exponents), base), None, "power", exponents))


def _apply(values: Any, scalar: Callable[[float], float] | None, name: str, exponents: Any = 0.0) -> Any:
    if scalar is not None and isinstance(values, int | float):
        try:
            return scalar(float(values))
        except (ValueError, OverflowError):  # beyond the domain: what arrays give there
            pass
    from analysis.pointwise import apply_each  # imports a compiler: when the first array asks for it

    array = np.asarray(values, dtype=np.float64)
    # Copies, because a loop is compiled once more for an array that may not be written to.
    copies = [np.array(np.broadcast_to(item, array.shape), dtype=np.float64).ravel() for item in (array, exponents)]
    found = apply_each(name, *copies)
    return float(found[0]) if array.ndim == 0 else found.reshape(array.shape)
