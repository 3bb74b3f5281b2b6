"""What every step of a run receives and returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from flows.settings import Settings
from warehouse.store.connection import Warehouse


@dataclass(frozen=True, slots=True)
class RunContext:
    """One run: where it writes, what time it believes it is, and how it talks to a person."""

    settings: Settings
    warehouse: Warehouse
    run_id: str
    now: datetime
    say: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class StepReport:
    """What a step did: rows changed, a sentence, and one line per source that failed (with its remedy)."""

    n_changed: int
    detail: str
    problems: tuple[str, ...] = field(default=())
