"""From a headline in a feed to its event's page, in the replay world: wall seconds of the pass that finds it.

Run: python tests/bench/bench_fresh_event.py. Every run is a process of its own, as a schedule starts it; the wait for
the next pass (two minutes at most by default) is added, not waited for.
"""

from __future__ import annotations

import os
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
from flows.pipeline import NEWS_STEPS, run_pipeline
from flows.settings import load_settings
names = None if sys.argv[2] == "full" else NEWS_STEPS
outcome = run_pipeline(load_settings(), datetime.fromisoformat(sys.argv[1]), say=lambda _line: None, names=names)
print({step.name: round(step.seconds, 1) for step in outcome.steps if step.seconds > 0.5})
"""
BEFORE = datetime(2026, 6, 12, 23, 30, tzinfo=UTC)
AFTER = datetime(2026, 6, 13, 2, tzinfo=UTC)
NEWS_EVERY_SECONDS = 120.0
PROMISED_SECONDS = 180.0


def take_pass(home: Path, url: str, now: datetime, kind: str) -> float:
    """Wall seconds of one pass in a process of its own."""
    started = time.perf_counter()
    environment = {**os.environ, "AFTERSHOCK_HOME": str(home), "AFTERSHOCK_REPLAY_URL": url}
    command = [sys.executable, "-c", PASS, now.isoformat(), kind]
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    print(f"  {done.stdout.strip()}{done.stderr[-600:] if done.returncode else ''}")
    return time.perf_counter() - started


def pages_of(home: Path) -> set[str]:
    """Event pages of the site."""
    return {path.name for path in (home / "site" / "events").glob("*.html")}


def main() -> None:
    """Print seconds of the first pass, of one with nothing new, and from feed to page."""
    feeds = FeedWorld(BEFORE, simulated_sources())
    with tempfile.TemporaryDirectory() as folder, ReplayWorld(now=BEFORE, mounts={"/feed": feeds.handle}) as world:
        home = Path(folder)
        print(f"first pass: {take_pass(home, world.url, BEFORE, 'full'):.1f} s")
        quiet = take_pass(home, world.url, BEFORE + timedelta(minutes=2), "news")
        print(f"nothing new: {quiet:.1f} s")
        before = pages_of(home)
        feeds.instant = AFTER
        world.move_to(AFTER)
        found = take_pass(home, world.url, AFTER, "news")
        new = sorted(pages_of(home) - before)
        print(f"new pages: {', '.join(new) or 'none'}")
        total = found + NEWS_EVERY_SECONDS
        print(f"feed to page: {found:.1f} s + at most {NEWS_EVERY_SECONDS:g} s until the pass begins = {total:.0f} s")
        if not new or total > PROMISED_SECONDS:
            sys.exit(1)


if __name__ == "__main__":
    main()
