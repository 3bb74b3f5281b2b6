"""Accelerated days with random faults beside the same days without: python -m tests.torture.soak --minutes 20."""

from __future__ import annotations

import argparse
import os
import random
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from tests.torture.soak_world import BEGIN, DAYS, SoakWorld, furnish, soak_world
from warehouse.store.connection import open_reader, open_writer
from warehouse.tables.catalog import load_tables
from warehouse.tables.contract import Table
from warehouse.tables.moves import UNEXPLAINED_MOVE
from warehouse.tables.news import EVENT
from warehouse.tables.ops import NOTIFICATION

# What a pass of the schedules concludes, without drawing the pages, which other tests kill in the middle.
NAMES = "bundle prices news events studies claims moves checks alerts publish deliver"
PASS = """
import sys
from datetime import datetime
from flows.jobs.clocks import cure_clock, refuse_earlier_clock
from flows.pipeline import run_pipeline
from flows.settings import load_settings
settings, now = load_settings(), datetime.fromisoformat(sys.argv[1])
if sys.argv[2:] == ["cure"]:
    cure_clock(settings, now)
else:
    from flows.errors import CommandError
    from warehouse.store.errors import StoreError
    try:
        refuse_earlier_clock(settings, now)
        run_pipeline(settings, now, say=lambda _line: None, names=sys.argv[2:])
    except (CommandError, StoreError) as error:
        sys.exit(f"refused: {error}")
"""
STEP = timedelta(hours=2)
PASS_SECONDS = 300.0
LOCK_SECONDS = "120"
KILOBYTES_A_MEGABYTE = 1024
# A clock that is ahead is so by months, by hours, or by less than a bar.
AHEAD = (timedelta(days=60), timedelta(hours=5), timedelta(minutes=3))
# When a run happened, which run it was and when it saw something: another home has others.
OF_THE_RUN = re.compile(
    r"run_id|is_revised|n_revised|.*seen_at_utc|noted_at_utc|changed_at_utc|fetched_at_utc|computed_at_utc|.*sha256"
)
# Judged or asked by runs: these tell of the disturbances themselves.
TELLS_OF_RUNS = {"out.claim_history", "out.changed", "out.event_revision", "core.candle_revision", "core.feed"}
TELLS_OF_RUNS |= {"core.listing", "core.asked_series", "core.market", "core.quarantine", "core.gap"}


@dataclass
class Soak:
    """Two homes in one world: one is left in peace."""

    world: SoakWorld
    folder: Path
    dice: random.Random
    counts: Counter[str] = field(default_factory=Counter)
    megabytes: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def start(self, home: str, now: datetime, *words: str, disk: int | None = None) -> subprocess.Popen[str]:
        """A pass in a process group of its own; `disk`: bytes that a file may have."""

        def refuse() -> None:
            if disk is not None:
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (disk, disk))

        address = f"{self.world.world.url}/post/{home}".replace("http://", "json://")
        variables = {
            "AFTERSHOCK_HOME": str(self.folder / home),
            "AFTERSHOCK_REPLAY_URL": self.world.world.url,
            "AFTERSHOCK_SOAK_POST": address,
            "AFTERSHOCK_LOCK_DEADLINE_SECONDS": LOCK_SECONDS,
        }
        command = [sys.executable, "-c", PASS, now.isoformat(), *(words or NAMES.split())]
        return subprocess.Popen(
            command,
            env={**os.environ, **variables},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=refuse,
        )

    def end(self, process: subprocess.Popen[str], allowed: Sequence[int] = (0,)) -> None:
        """Wait for a pass; anything but an allowed end is wrong, and so is a refusal that is no sentence."""
        try:
            _, said = process.communicate(timeout=PASS_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            self.wrong.append("a pass hung")
            return
        if process.returncode not in allowed or (process.returncode == 1 and not said.startswith("refused: ")):
            self.wrong.append(f"a pass ended with {process.returncode}: {said[-600:]}")

    def undisturbed(self, home: str, now: datetime) -> float:
        """A pass in peace; its seconds."""
        self.world.behave()
        started = time.monotonic()
        self.end(self.start(home, now))
        return time.monotonic() - started

    def disturb(self, kind: str, now: datetime, usual: float) -> None:
        """One disturbed pass over the disturbed home."""
        self.counts[kind] += 1
        KINDS[kind](self, now, usual)

    def sources_mislead(self, now: datetime, _usual: float) -> None:
        self.world.mislead(self.dice)
        self.end(self.start("disturbed", now))

    def run_is_killed(self, now: datetime, usual: float) -> None:
        process = self.start("disturbed", now)
        time.sleep(self.dice.uniform(0.1, max(usual, 0.5)))
        os.killpg(process.pid, signal.SIGKILL)
        self.end(process, (0, -signal.SIGKILL))

    def disk_is_full(self, now: datetime, _usual: float) -> None:
        size = (self.folder / "disturbed" / "warehouse.duckdb").stat().st_size
        disk = self.dice.choice((100_000, size // 2, size + 200_000))
        self.end(self.start("disturbed", now, disk=disk), (0, 1))

    def two_at_once(self, now: datetime, usual: float) -> None:
        first = self.start("disturbed", now)
        time.sleep(self.dice.uniform(0.0, usual / 2))
        second = self.start("disturbed", now)
        self.end(first)
        self.end(second)

    def clock_is_ahead(self, now: datetime, _usual: float) -> None:
        self.end(self.start("disturbed", now + self.dice.choice(AHEAD)))
        late = self.start("disturbed", now)
        _, said = late.communicate(timeout=PASS_SECONDS)
        if "before the newest run" not in said:
            self.wrong.append(f"a clock before the newest run was not refused: {said[-300:]}")
        self.end(self.start("disturbed", now, "cure"))


KINDS: dict[str, Callable[[Soak, datetime, float], None]] = {
    "sources failing, slow or lying": Soak.sources_mislead,
    "run killed": Soak.run_is_killed,
    "disk full": Soak.disk_is_full,
    "two runs at once": Soak.two_at_once,
    "clock ahead": Soak.clock_is_ahead,
}


def soak(minutes: float, seed: int, most_steps: int, folder: Path) -> Soak:
    """Live through days for so many minutes; every kind of disturbance comes before any comes twice."""
    for home in ("peaceful", "disturbed"):
        furnish(folder / home)
    deadline = time.monotonic() + minutes * 60
    with soak_world() as world:
        run = Soak(world, folder, random.Random(seed))
        now, waiting = BEGIN, []
        usual = max(run.undisturbed(home, now) for home in ("peaceful", "disturbed"))
        for _ in range(most_steps):
            if time.monotonic() > deadline or now > BEGIN + timedelta(days=DAYS):
                break
            now += STEP
            world.move_to(now)
            usual = run.undisturbed("peaceful", now)
            if not waiting:
                waiting = run.dice.sample(list(KINDS), len(KINDS))
            run.disturb(waiting.pop(), now, usual)
            # The next run of the schedule comes two minutes later; in between the world stands still.
            run.undisturbed("disturbed", now)
            run.counts["passes in peace"] += 2
            print(f"{now:%d %H:%M} {dict(run.counts)}", file=sys.stderr, flush=True)
            run.megabytes.append(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / KILOBYTES_A_MEGABYTE)
        # Feeds that failed are asked less often for a while.
        now += timedelta(days=1)
        world.move_to(now)
        for home in ("peaceful", "disturbed"):
            run.undisturbed(home, now)
    return run


def differences(folder: Path) -> pl.DataFrame:
    """Rows of core and out tables that only one home has, by table: table, missing, extra."""
    found = []
    homes = [folder / home / "aftershock.duckdb" for home in ("peaceful", "disturbed")]
    with open_reader(homes[0]) as peaceful, open_reader(homes[1]) as disturbed:
        for name, table in load_tables().items():
            if name.partition(".")[0] not in ("core", "out") or name in TELLS_OF_RUNS:
                continue
            columns = [column for column in table.column_names if not OF_THE_RUN.fullmatch(column)]
            here, there = (reader.frame(table).select(columns) for reader in (peaceful, disturbed))
            missing = here.join(there, on=columns, how="anti", nulls_equal=True)
            extra = there.join(here, on=columns, how="anti", nulls_equal=True)
            if missing.height or extra.height:
                found.append((name, missing.height, extra.height))
    return pl.DataFrame(found, schema=["table", "missing", "extra"], orient="row")


def rows(folder: Path, home: str, table: Table) -> pl.DataFrame:
    """A table of a home's warehouse, which also knows what was sent after the publication."""
    with open_writer(folder / home / "warehouse.duckdb", float(LOCK_SECONDS)) as warehouse:
        return warehouse.frame(table)


def told(run: Soak, home: str) -> list[str]:
    """Ids of the notifications that reached the post box of a home, in order."""
    return [name for path, name in run.world.posted if path.endswith(home)]


def verdict(run: Soak) -> dict[str, object]:
    """What the days did and what went wrong, in numbers."""
    folder = run.folder
    peaceful, disturbed = told(run, "peaceful"), told(run, "disturbed")
    # A process that dies between sending and noting leaves a message that may have been sent, and is not sent again.
    settled = rows(folder, "disturbed", NOTIFICATION).filter(pl.col("state").is_in(["sent", "uncertain", "standing"]))
    half = len(run.megabytes) // 2
    return {
        **dict(sorted(run.counts.items())),
        "events": rows(folder, "peaceful", EVENT).filter(pl.col("best_at_utc") >= BEGIN).height,
        "moves that waited for a headline": rows(folder, "peaceful", UNEXPLAINED_MOVE)["state"].to_list(),
        "told in peace": len(peaceful),
        "told twice": len(disturbed) - len(set(disturbed)) + len(peaceful) - len(set(peaceful)),
        "not told": len(set(peaceful) - set(settled["notification_id"])),
        "tables that differ": {row[0]: row[1:] for row in differences(folder).iter_rows()},
        "passes that went wrong": run.wrong,
        "MB at most, first and second half": (
            round(max(run.megabytes[: half or 1])),
            round(max(run.megabytes[half:], default=0)),
        ),
    }


def main() -> int:
    """Print the counts; 1 when something was lost, told twice or differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--keep", type=Path, help="a folder for the homes, which stays")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        run = soak(options.minutes, options.seed, options.steps, options.keep or Path(made))
        found = verdict(run)
    for name, value in found.items():
        print(f"{name}: {value}")
    n_bad = sum(
        bool(found[name]) for name in ("told twice", "not told", "tables that differ", "passes that went wrong")
    )
    return 1 if n_bad else 0


if __name__ == "__main__":
    sys.exit(main())
