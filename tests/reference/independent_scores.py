"""The scaled score of one event, written again from its description with loops and plain least squares."""

from __future__ import annotations

import math
from statistics import median

import numpy as np

WEEK, MONTH, DAY = 168, 720, 24


def volatility(residuals: list[float], half_life: float) -> list[float]:
    """Standard deviation before each bar; hourly bars."""
    decay, slow = 0.5 ** (1 / half_life), 0.5 ** (1 / MONTH)
    sizes: list[float] = []
    fast_sum = fast_n = slow_sum = slow_n = 0.0
    out = []
    for t, value in enumerate(residuals):
        known = max(fast_sum / fast_n, 0.05 * slow_sum / slow_n) if t >= DAY else math.nan
        out.append(math.sqrt(known))
        sizes.append(abs(value - median(residuals[max(0, t - 4) : t + 1])))
        square = median(sizes[-3:]) ** 2
        if t >= DAY:
            square = min(square, 9.0 * known)
        fast_sum, fast_n = decay * fast_sum + square, decay * fast_n + 1
        slow_sum, slow_n = slow * slow_sum + value**2, slow * slow_n + 1
    return out


def shape_of_week(residuals: list[float], first_hour: int) -> list[float]:
    """Volatility of the 168 hours of the week over the week's; bar 0 opens in hour `first_hour`."""
    n = len(residuals)
    sizes = [abs(value) for value in residuals]
    relative = []
    for t in range(n):
        around = sizes[max(0, t - 84) : min(n, t + 84)]
        relative.append(min(sizes[t] / (sum(around) / len(around)), 4.0))
    cells = [(first_hour + t) % WEEK for t in range(n)]
    raw = [[relative[t] for t in range(n) if cells[t] == cell] for cell in range(WEEK)]
    shares, noise = [], []
    for cell in range(WEEK):
        total = weight = squares = 0.0
        for step in range(-3, 4):
            near, share = raw[(cell - step) % WEEK], 1 - abs(step) / 4
            total += share * sum(near)
            weight += share * len(near)
            squares += share**2 * len(near)
        shares.append(total / weight)
        noise.append(squares / weight**2)
    chance = float(np.var(relative)) * sum(noise) / WEEK
    pull = max(0.0, 1 - 1.5 * chance / float(np.var(shares)))
    mean = sum(shares) / WEEK
    shape = [1 + pull * (value / mean - 1) for value in shares]
    norm = math.sqrt(sum(value**2 for value in shape) / WEEK)
    return [value / norm for value in shape]


def fit(asset: np.ndarray, benchmark: np.ndarray, end: int) -> tuple[float, float]:
    """Slope on the month before bar `end`, and its variance."""
    y, x = asset[end - MONTH : end], benchmark[end - MONTH : end]
    design = np.column_stack([np.ones(MONTH), x])
    found, rest, *_ = np.linalg.lstsq(design, y, rcond=None)
    return float(found[1]), float(rest[0]) / (MONTH - 2) / float(np.sum((x - x.mean()) ** 2))


def score(asset: np.ndarray, benchmark: np.ndarray, index: int, length: int, first_hour: int) -> dict[str, float]:
    """CAR of [index, index + length), its interval and rank p; bar 0 of the arrays opens in hour `first_hour`.

    Needs a month before the first window that starts at the event's hour.
    """
    beta, _ = fit(asset, benchmark, index)
    residuals = [float(v) for v in asset - beta * benchmark]
    week = shape_of_week(residuals[:index], first_hour)
    shape = [week[(first_hour + t) % WEEK] for t in range(len(residuals))]
    free = [r / w for r, w in zip(residuals, shape, strict=True)]
    ruler = volatility(free, 6.0)

    def measure(start: int) -> tuple[float, float]:
        slope, variance = fit(asset, benchmark, start)
        bars = slice(start, start + length)
        moved = float(benchmark[bars].sum())
        spread = ruler[start] ** 2 * sum(w * w for w in shape[bars]) + variance * moved**2
        return float(asset[bars].sum()) - slope * moved, math.sqrt(spread)

    car, scale = measure(index)
    starts = [s for s in range(index - length, MONTH, -1) if (index - s) % DAY == 0]
    scores = sorted((abs(c / w) for c, w in map(measure, starts)), reverse=True)
    m = len(starts)
    n_larger = sum(value >= abs(car) / scale for value in scores)
    allowed = max(k for k in range(m) if (1 + k) / (1 + m) <= 0.05)
    half = scores[allowed] * scale
    return {"car": car, "lower": car - half, "upper": car + half, "rank_p": (1 + n_larger) / (1 + m), "n": m}
