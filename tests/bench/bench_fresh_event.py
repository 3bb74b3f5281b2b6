"""From a headline in a feed to its event's page, in the replay world: seconds of the pass that finds it.

Run: python tests/bench/bench_fresh_event.py. Seconds of processor stand beside those of the wall, which count what else
the machine does; the quiet pass asks every series, no feed being due. Every run is a process of its own, as a schedule
starts it; the wait for the next pass (two minutes at most by default) is added, not waited for.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.replay.feeds import FeedWorld, simulated_sources
from tests.replay.world import ReplayWorld

PASS = """
import sys
from datetime import datetime
from flows.pipeline import NEWS_STEPS, PRICE_STEPS, run_pipeline
from flows.settings import load_settings
names = {"full": None, "news": NEWS_STEPS, "both": (*PRICE_STEPS, *NEWS_STEPS)}[sys.argv[2]]
outcome = run_pipeline(load_settings(), datetime.fromisoformat(sys.argv[1]), say=lambda _line: None, names=names)
print({step.name: round(step.seconds, 1) for step in outcome.steps if step.seconds > 0.5})
for step in outcome.steps:
    if step.name in ("prices", "news") and sys.argv[2] == "both":
        print(" ", step.name + ":", step.report.detail)
"""
BEFORE = datetime(2026, 6, 12, 23, 30, tzinfo=UTC)
AFTER = datetime(2026, 6, 13, 2, tzinfo=UTC)
NEWS_EVERY_SECONDS = 120.0
PROMISED_SECONDS = 180.0


def take_pass(home: Path, url: str, now: datetime, kind: str) -> tuple[float, float]:
    """Seconds of the wall and of the processor of one pass in a process of its own."""
    started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "AFTERSHOCK_HOME": str(home), "AFTERSHOCK_REPLAY_URL": url}
    command = [sys.executable, "-c", PASS, now.isoformat(), kind]
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    print(f"  {done.stdout.strip()}{done.stderr[-600:] if done.returncode else ''}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    worked = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - started, worked


def pages_of(home: Path) -> set[str]:
    """Event pages of the site."""
    return {path.name for path in (home / "site" / "events").glob("*.html")}


def main() -> None:
    """Print seconds of the first pass, of one with nothing new, and from feed to page."""
    feeds = FeedWorld(BEFORE, simulated_sources())
    with tempfile.TemporaryDirectory() as folder, ReplayWorld(now=BEFORE, mounts={"/feed": feeds.handle}) as world:
        home = Path(folder)
        first, worked = take_pass(home, world.url, BEFORE, "full")
        print(f"first pass: {first:.1f} s, {worked:.1f} s of processor")
        # No bar has closed and no feed is due yet; bench_news.py asks a hundred of them at once.
        quiet, worked = take_pass(home, world.url, BEFORE + timedelta(minutes=1), "both")
        print(f"nothing new: {quiet:.1f} s, {worked:.1f} s of processor")
        before = pages_of(home)
        feeds.instant = AFTER
        world.move_to(AFTER)
        found, worked = take_pass(home, world.url, AFTER, "news")
        new = sorted(pages_of(home) - before)
        print(f"new pages: {', '.join(new) or 'none'}")
        total = found + NEWS_EVERY_SECONDS
        print(f"the pass that finds it: {worked:.1f} s of processor")
        print(f"feed to page: {found:.1f} s + at most {NEWS_EVERY_SECONDS:g} s until the pass begins = {total:.0f} s")
        if not new or total > PROMISED_SECONDS:
            sys.exit(1)


if __name__ == "__main__":
    main()
