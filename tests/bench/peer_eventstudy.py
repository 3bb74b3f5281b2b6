"""Seconds that the published package `eventstudy` takes, printed as one JSON line by an interpreter that has it."""

from __future__ import annotations

import json
import time
from importlib.metadata import version

import numpy as np

N = 2_000
ESTIMATION, WINDOW = 240, 21


def main() -> None:
    from eventstudy import Single, models

    rng = np.random.default_rng(20260612)
    benchmark = rng.normal(0, 0.005, 20_000)
    asset = benchmark + rng.normal(0, 0.01, 20_000)
    starts = rng.integers(0, 20_000 - ESTIMATION - WINDOW, N)
    started, worked = time.perf_counter(), time.process_time()
    for start in starts:
        part = slice(start, start + ESTIMATION + WINDOW)
        data = {"security_returns": asset[part], "market_returns": benchmark[part]}
        Single(models.market_model, data, event_window=(-10, 10), estimation_size=ESTIMATION, buffer_size=0)
    seconds = {"wall": time.perf_counter() - started, "processor": time.process_time() - worked}
    print(json.dumps({"version": version("eventstudy"), "n": N, **seconds}))


if __name__ == "__main__":
    main()
