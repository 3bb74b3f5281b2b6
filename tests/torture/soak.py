"""Accelerated days served amid random faults, beside the same in peace: python -m tests.torture.soak --minutes 20."""

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
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from flows.errors import EXIT_BUSY, EXIT_SOURCE
from tests.torture.soak_served import ENDED, RUN, SERVER, WORKER, ServedHome
from tests.torture.soak_world import BEGIN, DAYS, SoakWorld, furnish, soak_world
from warehouse.store.connection import Reader, open_reader, open_writer
from warehouse.tables.catalog import load_tables
from warehouse.tables.contract import Table
from warehouse.tables.moves import UNEXPLAINED_MOVE
from warehouse.tables.news import EVENT, EVENT_SOURCE, STORY_ENTRY
from warehouse.tables.ops import NOTIFICATION

# What a pass of the schedules concludes, without drawing the pages, which other tests kill in the middle.
NAMES = "bundle prices news events studies claims moves checks alerts publish deliver"
# The same without Prefect, for the home that is left in peace; and the cure of stamps, by the world's clock.
PASS = """
import sys
from datetime import datetime
from flows.jobs.clocks import cure_clock
from flows.pipeline import run_pipeline
from flows.settings import load_settings
settings, now = load_settings(), datetime.fromisoformat(sys.argv[1])
if sys.argv[2:] == ["cure"]:
    cure_clock(settings, now)
else:
    run_pipeline(settings, now, say=lambda _line: None, names=sys.argv[2:])
"""
STEP = timedelta(hours=2)
PASS_SECONDS = 900.0
LOCK_SECONDS = "120"
# A run that is to be killed is so within this time of its begin, however slow the machine is.
LONGEST_WAIT_SECONDS = 30.0
# The disk stays full for so long, or until the run has ended.
FULL_SECONDS = 45.0
BYTES_A_KILOBYTE = 1000
# Hours of the windows that are open whenever an event is found.
LATE_WINDOWS = (24, 72, 168)
# A clock that is ahead is so by months, by hours, or by less than a bar.
AHEAD = (timedelta(days=60), timedelta(hours=5), timedelta(minutes=3))
# When a run happened, which run it was and when it saw something: another home has others. A bar that a clock ahead by
# less than a bar took for whole is revised once it is: that it was is true of one home alone.
OF_THE_RUN = re.compile(r"run_id|is_revised|n_revised|.*seen_at_utc|.*changed_at_utc|fetched_at_utc|.*sha256")
# Histories of what runs came upon, which other runs come upon at other times: how a verdict's words grew with the bars
# of each run, which values of a bar were superseded, what was so before, when a better clock than that of the outlet
# that failed came, and whom a headline met first. What they end in (verdicts, bars, events, stories) is compared.
HISTORIES = {"out.claim_history", "core.candle_revision", "out.changed", "out.event_revision"}
AS_IT_CAME = {"core.story_entry": {"matched_entry_id", "similarity", "reason"}}


@dataclass
class Soak:
    """Two homes in one world: passes of one are left in peace, the other is served and disturbed."""

    world: SoakWorld
    folder: Path
    dice: random.Random
    disturbed: ServedHome
    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    windows_missed: list[str] = field(default_factory=list)
    database_kilobytes: tuple[int, int] = (0, 0)  # of Prefect's database, and the runs in it

    def apart(self, home: str, now: datetime, *words: str) -> float:
        """A pass, or the cure of a home's stamps, in a process of its own; its seconds."""
        started = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-c", PASS, now.isoformat(), *words],
            env={**os.environ, **variables_of(self.world, self.folder, home)},
            capture_output=True,
            text=True,
            check=False,
            timeout=PASS_SECONDS,
        )
        if done.returncode:
            self.wrong.append(f"{home} {words[:1]} ended with {done.returncode}: {done.stderr[-600:]}")
        return time.monotonic() - started

    def expect(self, run_id: str, allowed: Collection[str], words: str = "") -> None:
        """Wait for a scheduled run; any other end than an allowed one is wrong."""
        kind, said = self.disturbed.end(run_id)
        if kind not in allowed or words not in said:
            self.wrong.append(f"a run ended {kind} ({said[-300:]}); expected {', '.join(allowed)} {words}")

    def in_peace(self, now: datetime) -> float:
        """A pass of each home while the world behaves; the seconds of the first, which needs no Prefect."""
        self.world.behave()
        run_id = self.disturbed.schedule(now)
        usual = self.apart("peaceful", now, *NAMES.split())
        self.expect(run_id, ["COMPLETED"])
        return usual

    def start(self, now: datetime, usual: float) -> str:
        """A scheduled run that is under way, for an instant that nobody knows before."""
        run_id = self.disturbed.schedule(now)
        self.disturbed.under_way(run_id)
        time.sleep(self.dice.uniform(0.0, min(usual, LONGEST_WAIT_SECONDS)))
        return run_id

    def ended(self, allowed: Collection[int]) -> None:
        """Serve ends by itself, with everything it started."""
        code = self.disturbed.wait_until_gone()
        if code not in allowed:
            self.wrong.append(f"serve ended with {code}; expected one of {sorted(allowed)}")

    def sources_mislead(self, now: datetime, _usual: float) -> None:
        self.world.mislead(self.dice)
        self.expect(self.disturbed.schedule(now), ["COMPLETED"])

    def run_is_killed(self, now: datetime, usual: float) -> None:
        run_id = self.start(now, usual)
        n_killed = self.disturbed.kill(RUN)
        # One that was ending may have said so already; the worker tells of any other.
        self.expect(run_id, ["CRASHED", "COMPLETED"] if n_killed else ["COMPLETED"])

    def worker_is_killed(self, now: datetime, usual: float) -> None:
        self.start(now, usual)
        assert self.disturbed.kill(WORKER)
        self.ended({EXIT_SOURCE})

    def server_is_killed(self, now: datetime, usual: float) -> None:
        self.start(now, usual)
        assert self.disturbed.kill(SERVER)
        self.ended({EXIT_SOURCE})

    def group_is_killed(self, now: datetime, usual: float) -> None:
        self.start(now, usual)
        self.disturbed.kill_group()
        self.ended({-signal.SIGKILL})

    def serve_is_stopped(self, now: datetime, usual: float) -> None:
        self.start(now, usual)
        if code := self.disturbed.stop():
            self.wrong.append(f"a polite stop ended with {code}")

    def disk_is_full(self, now: datetime, _usual: float) -> None:
        size = (self.disturbed.home / "warehouse.duckdb").stat().st_size
        self.disturbed.limit_files(self.dice.choice((100_000, size // 2, size + 200_000)))
        run_id = self.disturbed.schedule(now)
        self.disturbed.end(run_id, FULL_SECONDS)
        self.disturbed.limit_files(resource.RLIM_INFINITY)
        # Prefect's own database was full too; with room again the run's end is told.
        self.expect(run_id, ENDED)

    def look_at_prefect(self) -> None:
        """What stands in Prefect's record after everything: no run under way, and each fresh event's windows."""
        for run in self.disturbed.left_under_way():
            self.wrong.append(f"Prefect believes that {run['name']} is {run['state_type']}")
        events = rows(self.folder, "disturbed", EVENT).filter(pl.col("best_at_utc") >= BEGIN)["event_id"]
        wanted = {f"{event} {hours} h complete" for event in events for hours in LATE_WINDOWS}
        self.windows_missed = sorted(wanted - self.disturbed.windows_asked_for())
        self.database_kilobytes = (self.disturbed.database_bytes() // BYTES_A_KILOBYTE, self.disturbed.count_runs())

    def two_serves(self, now: datetime, usual: float) -> None:
        run_id = self.start(now, usual)
        code, said = self.disturbed.second_serve()
        if code != EXIT_BUSY or "is served already" not in said:
            self.wrong.append(f"a second serve ended with {code}: {said[-300:]}")
        self.expect(run_id, ["COMPLETED"])

    def two_at_once(self, now: datetime, _usual: float) -> None:
        for run_id in [self.disturbed.schedule(now, schedule) for schedule in ("prices", "news")]:
            self.expect(run_id, ["COMPLETED"])

    def clock_is_ahead(self, now: datetime, _usual: float) -> None:
        self.expect(self.disturbed.schedule(now + self.dice.choice(AHEAD)), ["COMPLETED"])
        self.expect(self.disturbed.schedule(now), ["FAILED"], "before the newest run")
        self.apart("disturbed", now, "cure")


KINDS: dict[str, Callable[[Soak, datetime, float], None]] = {
    "sources failing, slow or lying": Soak.sources_mislead,
    "run killed": Soak.run_is_killed,
    "worker killed": Soak.worker_is_killed,
    "Prefect's server killed": Soak.server_is_killed,
    "whole group killed": Soak.group_is_killed,
    "serve stopped": Soak.serve_is_stopped,
    "disk full": Soak.disk_is_full,
    "two serves": Soak.two_serves,
    "two schedules at once": Soak.two_at_once,
    "clock ahead": Soak.clock_is_ahead,
}


def variables_of(world: SoakWorld, folder: Path, home: str) -> dict[str, str]:
    """Where a home is, whom it asks and where it tells."""
    return {
        "AFTERSHOCK_HOME": str(folder / home),
        "AFTERSHOCK_REPLAY_URL": world.world.url,
        "AFTERSHOCK_SOAK_POST": f"{world.world.url}/post/{home}".replace("http://", "json://"),
        "AFTERSHOCK_LOCK_DEADLINE_SECONDS": LOCK_SECONDS,
    }


def soak(minutes: float, seed: int, kinds: Sequence[str], folder: Path) -> Soak:
    """Live through days for so many minutes, or until each of `kinds` came once when `minutes` is 0."""
    for home in ("peaceful", "disturbed"):
        furnish(folder / home)
    deadline = time.monotonic() + minutes * 60
    with soak_world() as world:
        served = ServedHome(folder / "disturbed", variables_of(world, folder, "disturbed"), tuple(NAMES.split()))
        run = Soak(world, folder, random.Random(seed), served)
        # The record stands before it is served: an empty home would be given its first pass by the machine's clock.
        run.apart("disturbed", BEGIN, *NAMES.split())
        now, usual, waiting = BEGIN, run.apart("peaceful", BEGIN, *NAMES.split()), list[str]()
        try:
            while (time.monotonic() < deadline or not minutes) and now < BEGIN + timedelta(days=DAYS):
                if not waiting and run.counts and not minutes:
                    break
                now += STEP
                world.move_to(now)
                # Every kind comes before any comes twice.
                waiting = waiting or run.dice.sample(list(kinds), len(kinds))
                kind = waiting.pop()
                try:
                    KINDS[kind](run, now, usual)
                except (AssertionError, subprocess.TimeoutExpired) as error:
                    run.wrong.append(f"{kind}: {error}")
                # The next run of the schedule comes two minutes later; in between the world stands still.
                usual = run.in_peace(now)
                run.counts.update([kind, "passes in peace"])
                served.weigh()
                print(f"{now:%d %H:%M} {kind}, {usual:.0f} s a pass {run.wrong[-1:]}", file=sys.stderr, flush=True)
            # Feeds that failed are asked less often for a while.
            now += timedelta(days=1)
            world.move_to(now)
            run.in_peace(now)
            run.look_at_prefect()
        finally:
            if served.stop():
                run.wrong.append("serve did not stop politely at the end")
    return run


def differences(folder: Path) -> pl.DataFrame:
    """Rows of core and out tables that only one home has, by table: table, missing, extra."""
    found = []
    homes = [folder / home / "aftershock.duckdb" for home in ("peaceful", "disturbed")]
    with open_reader(homes[0]) as peaceful, open_reader(homes[1]) as disturbed:
        for name, table in load_tables().items():
            if name.partition(".")[0] not in ("core", "out") or name in HISTORIES:
                continue
            here, there = (comparable(reader, table) for reader in (peaceful, disturbed))
            missing = here.join(there, on=here.columns, how="anti", nulls_equal=True)
            extra = there.join(here, on=here.columns, how="anti", nulls_equal=True)
            if missing.height or extra.height:
                found.append((name, missing.height, extra.height))
    return pl.DataFrame(found, schema=["table", "missing", "extra"], orient="row")


def comparable(reader: Reader, table: Table) -> pl.DataFrame:
    """A table without what is of its home's runs. A story keeps the id of the headline of it that came first, to which
    addresses hold; it goes here by its headline of the lowest id, whichever came first. An event that is known to have
    been public once it was seen has no later bound here than that: a home whose feed failed saw it later.
    """
    left_out = AS_IT_CAME.get(table.name, set())
    names = [name for name in table.column_names if name not in left_out and not OF_THE_RUN.fullmatch(name)]
    rows = reader.frame(table).select(names)
    if table is EVENT:
        seen = reader.frame(EVENT_SOURCE).select("event_id", latest_at_utc="first_seen_at_utc").unique()
        is_seen = rows.join(
            seen.with_columns(is_seen=True), on=["event_id", "latest_at_utc"], how="left", validate="1:1"
        )
        return rows.with_columns(latest_at_utc=pl.when(is_seen["is_seen"].is_null()).then("latest_at_utc"))
    if "story_id" not in names:
        return rows
    lowest = reader.frame(STORY_ENTRY).group_by("story_id").agg(pl.col("entry_id").min())
    told = dict(lowest.iter_rows())
    return rows.with_columns(pl.col("story_id").replace_strict(told, default=pl.col("story_id")))


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
    megabytes = run.disturbed.megabytes
    half = len(megabytes) // 2
    kilobytes, n_runs = run.database_kilobytes
    return {
        **dict(sorted(run.counts.items())),
        "events": rows(folder, "peaceful", EVENT).filter(pl.col("best_at_utc") >= BEGIN).height,
        "moves that waited for a headline": rows(folder, "peaceful", UNEXPLAINED_MOVE)["state"].to_list(),
        "told in peace": len(peaceful),
        "told twice": len(disturbed) - len(set(disturbed)) + len(peaceful) - len(set(peaceful)),
        "not told": len(set(peaceful) - set(settled["notification_id"])),
        "tables that differ": {row[0]: row[1:] for row in differences(folder).iter_rows()},
        "windows not asked for": run.windows_missed,
        "what went wrong": run.wrong,
        "MB of what serves, at most, first and second half": (
            round(max(megabytes[: half or 1])),
            round(max(megabytes[half:], default=0)),
        ),
        "prefect.db": f"{kilobytes} kB, {n_runs} runs",
    }


BAD = ("told twice", "not told", "tables that differ", "windows not asked for", "what went wrong")


def main() -> int:
    """Print the counts; 1 when something was lost, told twice or differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=20.0, help="0: until each kind came once")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", nargs="*", choices=list(KINDS), default=list(KINDS))
    parser.add_argument("--keep", type=Path, help="a folder for the homes, which stays")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        run = soak(options.minutes, options.seed, options.kinds, options.keep or Path(made))
        found = verdict(run)
    for name, value in found.items():
        print(f"{name}: {value}")
    return 1 if any(found[name] for name in BAD) else 0


if __name__ == "__main__":
    sys.exit(main())
