"""A fingerprint changes with everything that a result rests on, and with nothing else."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import analysis
from analysis.engine.battery import load_statistics
from analysis.results.fingerprint import fingerprint
from analysis.results.source import forget_sources


@dataclass(frozen=True)
class Choice:
    hours: float
    assets: tuple[str, ...]


DIFFERENT = [
    (),
    (None,),
    (0,),
    (False,),
    (0.0,),
    ("",),
    ("0",),
    (b"0",),
    ("a", "bc"),
    ("ab", "c"),
    (("ab", "c"),),
    (["a", ("bc",)],),
    ({"a": 1},),
    ({"a": 2},),
    (frozenset({"a"}),),
    (Choice(1.0, ("TAO",)),),
    (Choice(1.0, ("FET",)),),
    (datetime(2026, 6, 12, tzinfo=UTC),),
    (timedelta(hours=1),),
    (np.array([1.0, np.nan]),),
    (np.array([1.0, 0.0]),),
    (np.array([[1.0], [0.0]]),),
    (np.array([1, 0]),),
    (pl.DataFrame({"a": ["x", "yz"]}),),
    (pl.DataFrame({"a": ["xy", "z"]}),),
    (pl.DataFrame({"a": ["x", None]}),),
    (pl.DataFrame({"b": ["x", "yz"]}),),
    (pl.DataFrame({"a": [1.0, None]}),),
    (pl.DataFrame({"a": [1.0, 0.0]}),),
]


def test_different_parts_have_different_fingerprints() -> None:
    assert len({fingerprint(*parts) for parts in DIFFERENT}) == len(DIFFERENT)


@pytest.mark.parametrize(
    ("one", "same"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        (frozenset({"a", "b", "c"}), {"c", "b", "a"}),
        ((1, 2), [1, 2]),
        (np.arange(6.0)[::2], np.array([0.0, 2.0, 4.0])),
        (np.float64(0.5), 0.5),
        (
            pl.DataFrame({"a": ["x", "y"], "n": [1, None]}),
            pl.DataFrame({"a": ["w", "x", "y"], "n": [9, 1, None]}).filter(pl.col("a") != "w"),
        ),
    ],
)
def test_the_same_values_have_one_fingerprint_however_they_are_kept(one: object, same: object) -> None:
    assert fingerprint(one) == fingerprint(same)


def test_what_cannot_be_told_apart_is_refused() -> None:
    with pytest.raises(TypeError, match="object has no fingerprint"):
        fingerprint(object())


def plant(folder: Path, name: str, text: str) -> None:
    (folder / f"{name}.py").write_text(text)


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder whose modules are modules of `analysis`."""
    monkeypatch.setattr(analysis, "__path__", [*analysis.__path__, str(tmp_path)])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("analysis.planted")]:
        del sys.modules[name]


def test_source_counts_with_all_that_it_imports(planted: Path) -> None:
    plant(planted, "planted_far", "A = 1\n")
    plant(planted, "planted_near", "from analysis.planted_far import A\n")
    plant(planted, "planted_aside", "B = 1\n")
    plant(planted, "planted_top", "from analysis.planted_near import A\n\ndef compute(): return A\n")
    from analysis.planted_top import compute  # type: ignore[import-not-found]

    before = fingerprint(compute)
    plant(planted, "planted_aside", "B = 2\n")
    forget_sources()
    assert fingerprint(compute) == before
    plant(planted, "planted_far", "A = 2\n")
    forget_sources()
    assert fingerprint(compute) != before


def test_every_statistic_has_a_fingerprint_of_its_own() -> None:
    statistics = load_statistics().values()
    assert len({fingerprint(statistic) for statistic in statistics}) == len(statistics) > 20
