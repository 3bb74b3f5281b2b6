"""A pass with nothing new over every feed and series, and from a headline in a feed to its event's page.

Run: python tests/bench/bench_fresh_event.py [HOME]. HOME holds a long record and is left as it is; no venue is asked
then, whose simulated prices would contradict it. Without HOME a new one begins with the shipped record, and every
watched series is asked for. Each of the 175 feeds is due at each pass and holds headlines. Seconds of processor stand
beside those of the wall, which count what else the machine does. Every pass is a process of its own, as a schedule
starts it; the wait for the next pass (two minutes at most by default) is added, not waited for.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flows.serve.last_run import read_last_run
from ingest.news.feeds import load_feeds
from tests.replay.feeds import FeedWorld, Source, headlines_source
from tests.replay.market import SimulatedMarket
from tests.replay.world import ReplayWorld

PASS = """
import sys
from datetime import datetime
from flows.pipeline import NEWS_STEPS, PRICE_STEPS, run_pipeline
from flows.settings import load_settings
names = {"full": None, "news": NEWS_STEPS, "both": (*PRICE_STEPS, *NEWS_STEPS)}[sys.argv[2]]
outcome = run_pipeline(load_settings(), datetime.fromisoformat(sys.argv[1]), say=lambda _line: None, names=names)
print({step.name: round(step.seconds, 1) for step in outcome.steps if step.seconds > 0.2})
for step in outcome.steps:
    if step.name in ("prices", "news", "events", "studies", "checks", "publish"):
        print(" ", step.name + ":", step.report.detail)
"""
# A home without a long record begins here; a story comes ten minutes after the pass that catches up with the world.
# The world's prices begin weeks after those of the shipped record, which they would contradict.
BEFORE = datetime(2026, 9, 2, 7, 58, tzinfo=UTC)
STORY_AFTER, RECORD_AFTER = timedelta(minutes=10), timedelta(hours=1)
STORY = {
    "pr_techmeme": "US orders Nvidia to halt chip exports to allied cloud providers",
    "cr_decrypt": "US orders Nvidia to halt chip exports to allied cloud providers over security",
    "cr_coindesk": "US orders Nvidia to halt AI chip exports to allied cloud providers",
}
HEADLINES_A_FEED = 20
MARKET_BEFORE = timedelta(days=40)
NEWS_EVERY_SECONDS = 120.0
PROMISED_SECONDS = 180.0
QUIET_SECONDS = 15.0


def feed_sources(begin: datetime) -> dict[str, Source]:
    """Dull headlines in every feed of articles, and the story in three, some minutes after `begin`."""
    sources = {}
    for number, feed in enumerate(load_feeds()):
        if feed.kind in ("rss", "atom"):
            told = [
                (f"Weekly notes {number}.{n}", f"https://x.example/{number}/{n}", begin - timedelta(hours=n))
                for n in range(HEADLINES_A_FEED)
            ]
            if feed.feed_id in STORY:
                told.append((STORY[feed.feed_id], f"https://{feed.feed_id}.example/story", begin + STORY_AFTER))
            sources[feed.feed_id] = headlines_source(feed.feed_id, told)
    return sources


def furnish(home: Path, record: Path | None) -> None:
    """Every feed is due each minute; the files of a long record where one is given."""
    (home / "config").mkdir(parents=True)
    due = "".join(f'[[feed]]\nid = "{feed.feed_id}"\ninterval_minutes = 1\n' for feed in load_feeds())
    (home / "config" / "feeds.toml").write_text(due)
    for name in ("warehouse.duckdb", "aftershock.duckdb", "last-run.json") if record else ():
        shutil.copyfile(f"{record}/{name}", home / name)
    if record and (record / "site").is_dir():
        shutil.copytree(record / "site", home / "site")


def take_pass(home: Path, url: str, now: datetime, kind: str) -> tuple[float, float]:
    """Seconds of the wall and of the processor of one pass in a process of its own."""
    started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "AFTERSHOCK_HOME": str(home), "AFTERSHOCK_REPLAY_URL": url}
    command = [sys.executable, "-c", PASS, now.isoformat(), kind]
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    print(f"  {done.stdout.strip()}{done.stderr[-600:] if done.returncode else ''}", flush=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    worked = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - started, worked


def pages_of(home: Path) -> set[str]:
    """Event pages of the site."""
    return {path.name for path in (home / "site" / "events").glob("*.html")}


def main() -> None:
    """Print seconds of the pass that catches up, of one with nothing new, and from feed to page; 1 when too slow."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path, nargs="?")
    record = parser.parse_args().home
    begin, every = BEFORE, "both"
    if record is not None and (last := read_last_run(record)) is not None:
        begin, every = datetime.fromisoformat(last.at_utc) + RECORD_AFTER, "news"
    feeds = FeedWorld(begin, feed_sources(begin))
    market = SimulatedMarket(begin - MARKET_BEFORE, begin + timedelta(days=1))
    with tempfile.TemporaryDirectory() as folder, ReplayWorld(begin, market, mounts={"/feed": feeds.handle}) as world:
        home = Path(folder) / "home"
        furnish(home, record)
        first, worked = take_pass(home, world.url, begin, every if record else "full")
        print(f"catches up: {first:.1f} s, {worked:.1f} s of processor")
        # No bar has closed in the world, and no feed holds anything new.
        quiet, worked = take_pass(home, world.url, begin + timedelta(minutes=3), every)
        print(f"nothing new: {quiet:.1f} s, {worked:.1f} s of processor")
        before, seen_at = pages_of(home), begin + STORY_AFTER + timedelta(seconds=NEWS_EVERY_SECONDS)
        feeds.instant = seen_at
        world.move_to(seen_at)
        found, found_worked = take_pass(home, world.url, seen_at, "news")
        new = sorted(pages_of(home) - before)
        total = found + NEWS_EVERY_SECONDS
        print(f"new pages: {', '.join(new) or 'none'}")
        print(f"the pass that finds it: {found_worked:.1f} s of processor")
        print(f"feed to page: {found:.1f} s + at most {NEWS_EVERY_SECONDS:g} s until the pass begins = {total:.0f} s")
        if not new or total > PROMISED_SECONDS or worked > QUIET_SECONDS:
            sys.exit(1)


if __name__ == "__main__":
    main()
