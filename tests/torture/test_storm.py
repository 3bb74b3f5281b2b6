"""`kill -9` at random instants while venues and feeds misbehave: what was stored stays, and the end is the same."""

from __future__ import annotations

import os
import random
import signal
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.torture.counted import KILLS, note, number
from tests.torture.nursery import Nursery, nursery
from tests.torture.soak import NAMES, PASS, PASS_SECONDS, STEP, differences
from tests.torture.soak_world import BEGIN, SoakWorld, furnish, soak_world
from warehouse.store.connection import open_reader, open_writer
from warehouse.tables.news import ENTRY
from warehouse.tables.ops import RUN
from warehouse.tables.prices import CANDLE

pytestmark = pytest.mark.slow

# So often is one instant's pass killed before it may end.
KILLS_A_STEP = 8
REST = timedelta(minutes=10)
# Only some instants' passes conclude; the others keep and publish what sources said, at a third of the time.
CONCLUDES_EVERY = 4
KEEPING = "bundle prices news events checks publish"


@dataclass
class Storm:
    """Two homes in one world: the passes of one are killed."""

    world: SoakWorld
    nursery: Nursery
    folder: Path
    dice: random.Random
    names: str = NAMES
    n_kills: int = 0
    n_rows: tuple[int, int] = (0, 0)
    seconds: list[float] = field(default_factory=list)

    def begin(self, home: str, now: datetime) -> int:
        variables = {
            "AFTERSHOCK_HOME": str(self.folder / home),
            "AFTERSHOCK_REPLAY_URL": self.world.world.url,
            "AFTERSHOCK_SOAK_POST": f"{self.world.world.url}/post/{home}".replace("http://", "json://"),
        }
        return self.nursery.begin(PASS, now.isoformat(), *self.names.split(), **variables)

    def finish(self, home: str, now: datetime) -> None:
        """A pass in a world that behaves, to its end."""
        self.world.behave()
        began = time.monotonic()
        self.begin(home, now)
        assert self.nursery.ended(PASS_SECONDS) == 0, self.nursery.words.read_text()[-2000:]
        self.seconds.append(time.monotonic() - began)

    def kill(self, now: datetime) -> bool:
        """A pass amid faults, killed at a random instant; whether it had not ended before."""
        self.world.mislead(self.dice)
        victim = self.begin("disturbed", now)
        code = self.nursery.ended(self.dice.uniform(0.0, 1.1 * self.seconds[-1]))
        if code is None:
            os.kill(victim, signal.SIGKILL)
            code = self.nursery.ended(PASS_SECONDS)
        assert code in (0, -signal.SIGKILL), self.nursery.words.read_text()[-2000:]
        self.n_kills += code != 0
        return code != 0

    def look(self) -> None:
        """Whoever opens the two files next reads them whole, and no row is gone."""
        home = self.folder / "disturbed"
        with open_writer(home / "warehouse.duckdb", 5) as warehouse:
            assert warehouse.digest(CANDLE)
            assert warehouse.digest(ENTRY)
            found = warehouse.frame(CANDLE).height, warehouse.frame(ENTRY).height
        assert all(there >= before for there, before in zip(found, self.n_rows, strict=True)), self.n_kills
        self.n_rows = found
        with open_reader(home / "aftershock.duckdb") as reader:
            assert reader.digest(CANDLE)


def test_kills_at_any_instant_amid_faults_lose_nothing(tmp_path: Path) -> None:
    homes, now = ("peaceful", "disturbed"), BEGIN
    for home in homes:
        furnish(tmp_path / home)
    with soak_world() as world, nursery(tmp_path) as passes:
        storm = Storm(world, passes, tmp_path, random.Random(7))
        for home in homes:
            storm.finish(home, now)
        n_kills, n_steps = number(KILLS, 4), 0
        while storm.n_kills < n_kills:
            storm.names = NAMES if n_steps % CONCLUDES_EVERY == 0 else KEEPING
            n_steps, now = n_steps + 1, now + STEP
            world.move_to(now)
            storm.finish("peaceful", now)
            for _ in range(min(KILLS_A_STEP, n_kills - storm.n_kills)):
                was_killed = storm.kill(now)
                storm.look()
                if not was_killed:
                    break
            print(f"{now:%d %H:%M} {storm.n_kills} killed, {storm.seconds[-1]:.0f} s a pass", flush=True)
            # The next pass of the schedule, when a feed that failed once is due again.
            world.move_to(now + REST)
            storm.finish("disturbed", now + REST)
        storm.names, now = NAMES, now + timedelta(days=1)
        world.move_to(now)
        for home in homes:
            storm.finish(home, now)
    assert differences(tmp_path).rows() == []
    assert storm.n_rows[0] > 1000
    with open_reader(tmp_path / "disturbed" / "aftershock.duckdb") as reader:
        assert reader.frame(RUN, "outcome = 'running'").is_empty()
    note("kill -9 at random instants, amid network faults", n_kills, 0, 0)
