"""When a feed is asked again: its interval with jitter after success, growing pauses after failure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

# Each feed is asked within this fraction around its interval, so that hosts do not see us on the hour.
JITTER_FRACTION = 0.1
# However often a feed fails, it is tried once a day; a server's own wish is honoured up to a week.
LONGEST_PAUSE = timedelta(days=1)
LONGEST_RETRY_AFTER = timedelta(days=7)
# 2**10 intervals are beyond the longest pause for every feed.
MAX_DOUBLINGS = 10


@dataclass(frozen=True, slots=True)
class FeedState:
    """What the last attempt left: validators for a conditional request, failures in a row, and when to ask again."""

    next_attempt: datetime | None = None
    n_failures: int = 0
    etag: str | None = None
    last_modified: str | None = None


def is_due(state: FeedState | None, now: datetime) -> bool:
    """Whether a feed may be asked at `now`; an instant beyond the longest pause was written by a wrong clock."""
    if state is None or state.next_attempt is None:
        return True
    return now >= state.next_attempt or state.next_attempt > now + LONGEST_RETRY_AFTER


def after_success(now: datetime, interval_minutes: int, generator: np.random.Generator) -> datetime:
    """The next attempt after an answer: one interval on, give or take the jitter."""
    return now + timedelta(minutes=interval_minutes) * _jitter(generator)


def after_failure(
    now: datetime,
    interval_minutes: int,
    n_failures: int,
    retry_after_seconds: float | None,
    generator: np.random.Generator,
) -> datetime:
    """The next attempt after the `n_failures`-th failure in a row: the interval doubled each time, at most a day.

    What the server asked for in Retry-After is never undercut.
    """
    doublings = min(max(n_failures - 1, 0), MAX_DOUBLINGS)
    pause = min(timedelta(minutes=interval_minutes) * 2**doublings, LONGEST_PAUSE) * _jitter(generator)
    wished = timedelta(seconds=min(retry_after_seconds or 0.0, LONGEST_RETRY_AFTER.total_seconds()))
    longest: timedelta = max(pause, wished)
    return now + longest


def _jitter(generator: np.random.Generator) -> float:
    return float(1 + JITTER_FRACTION * (2 * generator.random() - 1))
