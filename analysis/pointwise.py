"""The system's logarithm, exponential and their kin over an array, compiled: without what a frame costs a short one."""

from __future__ import annotations

import math

import numba
import numpy as np

from analysis.arrays import Floats


@numba.njit(cache=True, nogil=True, error_model="numpy")
def log_each(values: Floats) -> Floats:
    """Natural logarithm of each of `values` (n,)."""
    out = np.empty_like(values)
    for i in range(values.size):
        out[i] = math.log(values[i])
    return out


@numba.njit(cache=True, nogil=True, error_model="numpy")
def log1p_each(values: Floats) -> Floats:
    """log(1 + x) of each of `values` (n,)."""
    out = np.empty_like(values)
    for i in range(values.size):
        out[i] = math.log1p(values[i])
    return out


@numba.njit(cache=True, nogil=True, error_model="numpy")
def exp_each(values: Floats) -> Floats:
    """e to the power of each of `values` (n,)."""
    out = np.empty_like(values)
    for i in range(values.size):
        out[i] = math.exp(values[i])
    return out


@numba.njit(cache=True, nogil=True, error_model="numpy")
def expm1_each(values: Floats) -> Floats:
    """exp(x) − 1 of each of `values` (n,), as 2 sinh(x/2) e^(x/2), which is exact near zero."""
    out = np.empty_like(values)
    for i in range(values.size):
        half = values[i] / 2.0
        out[i] = 2.0 * math.sinh(half) * math.exp(half)
    return out


@numba.njit(cache=True, nogil=True, error_model="numpy")
def tanh_each(values: Floats) -> Floats:
    """Hyperbolic tangent of each of `values` (n,)."""
    out = np.empty_like(values)
    for i in range(values.size):
        out[i] = math.tanh(values[i])
    return out


@numba.njit(cache=True, nogil=True, error_model="numpy")
def power_each(bases: Floats, exponents: Floats) -> Floats:
    """Each of `bases` to its one of `exponents`, both (n,)."""
    out = np.empty_like(bases)
    for i in range(bases.size):
        out[i] = math.pow(bases[i], exponents[i])
    return out
