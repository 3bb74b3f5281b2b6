"""Random tables through the command and through the independent program: every number of every event and test."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.reference.independent import every_test
from tests.reference.independent_events import Measured, measure
from tests.reference.independent_groups import Group, mean_correlation
from tests.reference.own_tables import Study, run_study_csv
from tests.reference.random_tables import RandomStudy, Shape, make_study

TOLERANCE = 1e-9  # relative above 1; what was seen is below 1e-12
SIMULATED = frozenset({"block_bootstrap", "wild_bootstrap", "hall_bootstrap"})
ONE_FACTOR_MODELS = ("market", "market", "market_adjusted", "scholes_williams", "dimson")

shapes = st.builds(
    Shape,
    n_assets=st.integers(1, 8),
    n_events=st.integers(1, 12),
    n_factors=st.sampled_from([0, 1, 1, 1, 2, 3]),
    values=st.sampled_from(["prices", "returns"]),
    kind=st.sampled_from(["log", "simple"]),
    is_long=st.booleans(),
    is_clustered=st.booleans(),
    has_holes=st.booleans(),
    is_uneven=st.booleans(),
    has_own_windows=st.booleans(),
    is_hourly=st.booleans(),
    is_masked=st.booleans(),
    is_cumulative=st.booleans(),
    pairs=st.sampled_from(["every", "every", "shared"]),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("random")


@settings(max_examples=40, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(shape=shapes, model=st.sampled_from(ONE_FACTOR_MODELS), seed=st.integers(0, 10**6))
def test_the_command_equals_the_independent_program(folder: Path, shape: Shape, model: str, seed: int) -> None:
    model = model if shape.n_factors == 1 else "market" if shape.n_factors else "constant_mean"
    random = make_study(shape, seed)
    study = run_study_csv(folder, random.prices, random.market, random.events, *random.options, "--model", model)
    measured = [
        measure(random.tables, event, model, least=random.least, spoilers=random.spoilers_of(event))
        for event in random.expected
    ]
    assert differences_of_events(study, measured) == []
    assert differences_of_tests(study, random, [event for event in measured if event is not None]) == []


def differences_of_events(study: Study, measured: list[Measured | None]) -> list[str]:
    """What differs in `events`, in words."""
    found: list[str] = []
    for ours, theirs in zip(study["events"], measured, strict=True):
        label = ours["event_id"]
        if theirs is None or ours["alpha"] is None:
            found += (
                [] if theirs is None and ours["alpha"] is None and ours["reason"] else [f"{label}: {ours['reason']}"]
            )
            continue
        window = theirs.event.window
        car, error = theirs.car(window), theirs.car_sd(window)
        pairs = {
            "n_estimation": ([ours["n_estimation"]], [len(theirs.residuals)]),
            "coefficients": ([ours["alpha"], *ours["beta"]], theirs.coefficients),
            "sigma": ([ours["sigma"]], [theirs.sigma]),
            "ar": (ours["ar"], theirs.part(window)),
            "sar": (ours["sar"], theirs.sar(window)),
            "car": ([ours["car"], ours["scar"]], [car, car / error]),
            "car_se": ([ours["car_se"]], [error if math.isfinite(car) else math.nan]),
            "bhar": ([ours["bhar"]], [theirs.bhar]),
        }
        for name, (left, right) in pairs.items():
            found += [f"{label} {name}: {a} and {b}" for a, b in zip(left, right, strict=True) if not is_equal(a, b)]
    return found


def differences_of_tests(study: Study, random: RandomStudy, measured: list[Measured]) -> list[str]:
    """What differs in `tests`, in words: one row per statistic and window, over all events whose window holds it."""
    parts = {part for event in random.expected for part in random.parts_of(event.window)}
    shown = [((row["window"][0], row["window"][1]), row["statistic"]) for row in study["tests"]]
    found = [f"{key} has {shown.count(key)} rows" for key in set(shown) if shown.count(key) > 1]
    if measured and {bounds for bounds, _ in shown} != parts:
        found.append(f"tested {sorted({bounds for bounds, _ in shown})}, expected {sorted(parts)}")
    for part in sorted(parts):
        group = Group(measured, part, random.calendar, random.shape.pairs)
        numbers = every_test(group) if group.n else {}
        for row in study["tests"]:
            if tuple(row["window"]) == part and row["statistic"] not in SIMULATED:
                found += _differences(row, numbers.get(row["statistic"]), group)
    return found


def _differences(row: Study, theirs: tuple[float, float] | None, group: Group) -> list[str]:
    label = f"{row['statistic']} {row['window']} n={row['n']}"
    if theirs is None or row["value"] is None:
        return (
            [] if theirs is None and row["value"] is None and row["reason"] else [f"{label}: {row['reason']}, {theirs}"]
        )
    pairs = [("value", row["value"], theirs[0])]
    if math.isfinite(theirs[1]):
        pairs.append(("p", row["p_value"], theirs[1]))
    if row["statistic"] == "kp_bmp":
        rbar = mean_correlation(group, [event.residuals for event in group.events])
        pairs += [("rbar", row["rbar"], rbar), ("n_eff", row["n_eff"], group.n / (1 + (group.n - 1) * (rbar or 0.0)))]
    return [f"{label} {name}: {a} and {b}" for name, a, b in pairs if not is_equal(a, b)]


def is_equal(ours: float | None, theirs: float | None) -> bool:
    """Equal numbers, or absent on both sides."""
    if ours is None or theirs is None or not math.isfinite(theirs):
        return ours is None and (theirs is None or not math.isfinite(theirs))
    return abs(ours - theirs) <= TOLERANCE * max(1.0, abs(theirs))
