"""What every step of a run receives and returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from flows.settings import Settings
from flows.tape import StoredTape
from warehouse.processes import Crew
from warehouse.store.connection import Warehouse


@dataclass(frozen=True)
class RunContext:
    """One run: where it writes, what time it believes it is, and how it talks to a person."""

    settings: Settings
    warehouse: Warehouse
    run_id: str
    now: datetime
    say: Callable[[str], None]
    crew: Crew = field(default_factory=lambda: Crew(0))  # processes that share what is measured of many events
    notes: list[str] = field(default_factory=list)  # what the report of the step that works says beside its own words

    @cached_property
    def tape(self) -> StoredTape:
        """The stored prices, read once a run and shared by its steps."""
        return StoredTape(self.warehouse)

    def let_go(self) -> None:
        """Keep no prices any more; who asks for prices after this has them read again."""
        self.tape.let_go()


@dataclass(frozen=True, slots=True)
class StepReport:
    """What a step did: rows changed, a sentence, a line per source that failed (with its remedy), and who answered."""

    n_changed: int
    detail: str
    problems: tuple[str, ...] = field(default=())
    answered: Mapping[str, str] = field(default_factory=dict)  # group of sources that answered: what it gave
    notes: tuple[str, ...] = ()  # what its sentence says beside what was done, to be told when nothing changed, too
