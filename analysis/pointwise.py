"""The system's logarithm, exponential and their kin over an array, compiled: without what a frame costs a short one."""

from __future__ import annotations

import math

import numba
import numpy as np

from analysis.arrays import Floats

_FUNCTIONS = ("log", "log1p", "exp", "expm1", "tanh", "arctanh", "power")
_LOG, _LOG1P, _EXP, _EXPM1, _TANH, _ARCTANH, _POWER = range(len(_FUNCTIONS))


def apply_each(name: str, values: Floats, exponents: Floats) -> Floats:
    """The named function of each of `values` (n,); `exponents` are (n,) for "power", and of any length otherwise."""
    return _apply_each(_FUNCTIONS.index(name), values, exponents)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _apply_each(function: int, values: Floats, exponents: Floats) -> Floats:
    out = np.empty_like(values)
    for i in range(values.size):
        x = values[i]
        if function == _LOG:
            out[i] = math.log(x)
        elif function == _LOG1P:
            out[i] = math.log1p(x)
        elif function == _EXP:
            out[i] = math.exp(x)
        elif function == _EXPM1:  # exact near zero
            out[i] = 2.0 * math.sinh(x / 2.0) * math.exp(x / 2.0)
        elif function == _TANH:
            out[i] = math.tanh(x)
        elif function == _ARCTANH:
            out[i] = 0.5 * math.log1p(2.0 * x / (1.0 - x))
        else:
            out[i] = math.pow(x, exponents[i])
    return out
