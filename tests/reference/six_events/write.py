"""Writes the bundled oracle: invented returns of six events, and their numbers by the independent program."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np

from tests.reference.independent import every_test
from tests.reference.independent_events import Event, Measured, Tables, measure
from tests.reference.independent_groups import Group, mean_correlation

FOLDER = Path(__file__).parent
SEED, N_EVENTS, FIRST, LAST = 1207, 6, -32, 2
ESTIMATION, WINDOW = (-32, -3), (-2, 2)
# What the textbook calls a number, and the statistic that has it.
VALUES = {
    "csect_t": "cross_sectional_t",
    "CLM_J1": "j1",
    "CLM_J2_eq_patell_exact": "j2",
    "patell_z_exact": "patell",
    "patell_z_sumSAR": "patell_sum_sar",
    "bmp_t": "bmp",
    "kp_adj_bmp": "kp_bmp",
    "kp_adj_patell": "kp_patell",
    "corrado_z": "corrado",
    "grank_t": "grank_t",
    "grank_z": "grank_z",
    "sign_z": "sign",
    "gsign_z": "generalized_sign",
    "wilcoxon_W": "wilcoxon",
    "wilcoxon_z": "wilcoxon_z",
    "hall_skew_t": "hall_skewness",
    "cdat_ddof1": "cdat",
    "CAAR": "sign_flip",
}
P_VALUES = {
    "csect_p": "cross_sectional_t",
    "wilcoxon_exact_p": "wilcoxon",
    "binom_sign_p": "sign",
    "signflip_exact_p": "sign_flip",
}
PARTS = {"day0": (0, 0), "car_m1_p1": (-1, 1), "car_m2_p2": (-2, 2)}


def invent() -> tuple[list[float], list[list[float]]]:
    """Simple returns of the market and of six tokens that share part of what the market does not explain."""
    rng = np.random.default_rng(SEED)
    n = LAST - FIRST + 1
    market = np.round(0.012 * rng.standard_t(5, n), 4)
    shared = 0.02 * rng.standard_normal(n)
    tokens = []
    for number in range(N_EVENTS):
        own = 0.03 * rng.standard_t(4, n)
        jump = np.where(np.arange(FIRST, LAST + 1) == 0, 0.015 * number, 0.0)
        tokens.append(np.round(0.001 + (0.5 + 0.2 * number) * market + shared + own + jump, 4).tolist())
    return market.tolist(), tokens


def expect(market: list[float], tokens: list[list[float]]) -> dict[str, Any]:
    """Every number of every event and test; days count from the first bar."""
    by_day = [dict(enumerate(values)) for values in (market, *tokens)]
    tables = Tables({str(n): series for n, series in enumerate(by_day[1:])}, [by_day[0]])
    found = [measure(tables, Event(f"e{n}", str(n), -FIRST, WINDOW, ESTIMATION)) for n in range(N_EVENTS)]
    events: list[Measured] = [event for event in found if event is not None]
    answer: dict[str, Any] = {
        "alpha": [float(event.coefficients[0]) for event in events],
        "beta": [float(event.coefficients[1]) for event in events],
        "sigma": [event.sigma for event in events],
        "AR": [event.ar.tolist() for event in events],
        "SAR": [event.sar(WINDOW).tolist() for event in events],
    }
    for name, part in PARTS.items():
        group = Group(events, part)
        numbers = every_test(group)
        answer[name] = {
            "CAR": [event.car(part) for event in events],
            "SCAR": [event.car(part) / event.car_sd(part) for event in events],
            "kp_rbar": mean_correlation(group, [event.residuals for event in events]),
            **{theirs: float(numbers[ours][0]) for theirs, ours in VALUES.items()},
            **{theirs: float(numbers[ours][1]) for theirs, ours in P_VALUES.items()},
        }
    answer["car_m2_p2"]["BHAR_vs_mkt"] = [event.bhar for event in events]
    return answer


def main() -> None:
    """Write `data.csv` and `expected.json` beside this file."""
    market, tokens = invent()
    with (FOLDER / "data.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["event_id", "rel", "ret", "mkt"])
        for number, values in enumerate(tokens):
            writer.writerows((number, FIRST + i, value, market[i]) for i, value in enumerate(values))
    (FOLDER / "expected.json").write_text(json.dumps(expect(market, tokens), indent=1) + "\n")


if __name__ == "__main__":
    main()
