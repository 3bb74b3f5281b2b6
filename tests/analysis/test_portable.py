"""Transcendental functions have the same bits whatever a processor can do."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from analysis import portable
from tests.paths import PROJECT

X = np.random.default_rng(1).normal(0, 0.3, 1_000)

# numpy's own differ in the last digit between processors.
_REFUSED = (
    *("log", "log2", "log10", "log1p", "exp", "exp2", "expm1", "power", "float_power", "logaddexp", "cbrt"),
    *("sin", "cos", "tan", "arcsin", "arccos", "arctan", "arctan2"),
    *("sinh", "cosh", "tanh", "arcsinh", "arccosh", "arctanh"),
)


@pytest.mark.parametrize("name", ["log", "log1p", "exp", "expm1", "tanh", "arctanh"])
def test_a_function_is_numpys_to_the_last_digits(name: str) -> None:
    x = np.abs(X) if name == "log" else np.clip(X, -0.99, 0.99)
    found = getattr(portable, name)(x.reshape(10, -1))
    np.testing.assert_allclose(found.ravel(), getattr(np, name)(x), rtol=1e-15)
    assert found.shape == (10, 100)
    assert getattr(portable, name)(float(x[0])) == pytest.approx(found.ravel()[0], rel=1e-15)


def test_borders_are_those_of_numpy() -> None:
    np.testing.assert_array_equal(portable.log(np.array([0.0, -1.0, np.nan])), [-np.inf, np.nan, np.nan])
    assert portable.log(0.0) == -np.inf
    assert np.isnan(portable.log(-1.0))
    assert portable.exp(1_000.0) == np.inf
    np.testing.assert_array_equal(portable.arctanh(np.array([1.0, -1.0, 2.0])), [np.inf, -np.inf, np.nan])
    assert portable.expm1(1e-20) == 1e-20
    assert portable.expm1(np.array([1e-20]))[0] == 1e-20
    np.testing.assert_allclose(portable.power(np.array([8.0, 0.0]), 1 / 3), [2.0, 0.0])
    np.testing.assert_array_equal(portable.powers(0.5, np.arange(3)), [1.0, 0.5, 0.25])


_DIGEST = """
import hashlib, numpy as np
from analysis import portable as p
x = np.random.default_rng(1).normal(0, 0.3, 100_000)
parts = [p.log(abs(x)), p.exp(x), p.expm1(x), p.log1p(abs(x)), p.tanh(x), p.arctanh(x / 9)]
parts += [p.power(abs(x), 4 / 3), p.powers(0.5, x)]
print(hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest())
"""


def test_bits_do_not_depend_on_what_numpy_may_use() -> None:
    found = set()
    for disabled in ("", "X86_V4 AVX512_ICL AVX512_SPR"):
        environment = {**os.environ, "NPY_DISABLE_CPU_FEATURES": disabled} if disabled else dict(os.environ)
        command = [sys.executable, "-W", "ignore", "-c", _DIGEST]
        found.add(subprocess.run(command, env=environment, cwd=PROJECT, capture_output=True, check=True).stdout)
    assert len(found) == 1


def refused(text: str) -> list[str]:
    """Calls of numpy's transcendental functions, by name and line."""
    return [
        f"np.{node.attr}, line {node.lineno}"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Attribute)
        and node.attr in _REFUSED
        and isinstance(node.value, ast.Name)
        and node.value.id in ("np", "numpy")
    ]


@pytest.mark.parametrize("path", sorted((PROJECT / "analysis").rglob("*.py")), ids=lambda path: path.name)
def test_analysis_takes_them_from_one_file(path: Path) -> None:
    if path.name != "portable.py":
        assert refused(path.read_text()) == [], "take it from analysis.portable"


def test_the_rule_sees_what_it_refuses() -> None:
    assert refused("import numpy as np\nnp.log(2)\nnp.sqrt(2)\n") == ["np.log, line 2"]


_GARCH = """
import hashlib, numpy as np
from analysis.engine.battery import choose_model
from analysis.engine.model_fit import ModelInput
from analysis.single.size.markets import draw_garch
rng = np.random.default_rng(1)
market = rng.normal(0, 0.01, 700)
asset = 1.2 * market + draw_garch(rng, 1, 700)[0] * 0.01
fit = choose_model("garch").fit(ModelInput(asset, market[:, None], np.arange(650), np.arange(660, 684)))
print(hashlib.sha256(fit.bar_variance.tobytes() + fit.ar.tobytes()).hexdigest())
"""


def test_a_garch_fit_has_the_same_bits_whatever_numpy_may_use() -> None:
    found = set()
    for more in ({}, {"NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR"}):
        command = [sys.executable, "-W", "ignore", "-c", _GARCH]
        found.add(
            subprocess.run(command, env={**os.environ, **more}, cwd=PROJECT, capture_output=True, check=True).stdout
        )
    assert len(found) == 1
