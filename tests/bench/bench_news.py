"""Fetching a hundred feeds at once, parsing the recorded ones, importing a quarter of a million headlines.

Run: python tests/bench/bench_news.py
"""

from __future__ import annotations

import resource
import statistics
import tarfile
import time
from datetime import UTC, datetime

import feedparser

from ingest.news.feeds import load_feeds
from ingest.news.fetch.download import Wanted, download
from ingest.news.imports import import_file
from ingest.news.parse.entries import parse_feed
from ingest.news.parse.versions import select_new
from ingest.source import Source
from tests.paths import SHARED
from tests.replay.feeds import rss_feed
from tests.replay.server import ReplayServer, Request, Response
from warehouse.tables.news import ENTRY

N_FEEDS = 100
# Most hosts answer within a fifth of a second, a few take seconds.
USUAL_SECONDS, SLOW_SECONDS, N_SLOW = 0.2, 2.0, 5
NOW = datetime(2026, 7, 2, tzinfo=UTC)


def bench_fetching() -> tuple[float, float]:
    """Seconds for all feeds at once, and what one after the other would have cost."""
    body = rss_feed("x", [(f"Headline {n}", f"https://x.example/{n}", NOW) for n in range(20)])
    delays = [SLOW_SECONDS] * N_SLOW + [USUAL_SECONDS] * (N_FEEDS - N_SLOW)

    def handle(request: Request) -> Response:
        return Response(body, 200, "text/xml", delay_seconds=delays[int(request.path.strip("/"))])

    with ReplayServer({"/": handle}) as server:
        wishes = [Wanted(str(n), f"{server.url}/{n}") for n in range(N_FEEDS)]
        started = time.perf_counter()
        done = download(wishes, lambda: NOW, configured_urls=[server.url])
        seconds = time.perf_counter() - started
    assert all(answer.payload for answer in done.answers)
    return seconds, sum(delays)


def bench_parsing() -> tuple[int, int, float, float, float]:
    """Files, entries, our seconds, feedparser's own seconds (sanitising, as it comes), slowest file of ours."""
    feed = load_feeds()[0]
    with tarfile.open(SHARED / "data" / "news" / "feeds.tar.gz") as tar:
        bodies = [tar.extractfile(m).read() for m in tar if m.isfile() and m.name.endswith(".xml")]  # type: ignore[union-attr]
    times, n_entries = [], 0
    for body in bodies:
        started = time.perf_counter()
        n_entries += parse_feed(body, feed, Source(feed.feed_id, "bench", NOW)).entries.height
        times.append(time.perf_counter() - started)
    started = time.perf_counter()
    for body in bodies:
        feedparser.parse(body)
    return len(bodies), n_entries, sum(times), time.perf_counter() - started, max(times)


def bench_import() -> tuple[int, float]:
    """Rows, and seconds from the file to rows ready to store."""
    started = time.perf_counter()
    path = SHARED / "data" / "news" / "headlines.parquet"
    imported = import_file(path, None, load_feeds(), NOW, "bench")
    new = select_new(imported.harvest.entries, ENTRY.empty())
    assert new.height > 0
    return imported.n_rows, time.perf_counter() - started


def main() -> None:
    """Print the table."""
    runs = [bench_fetching() for _ in range(3)]
    seconds = statistics.median(run[0] for run in runs)
    print(f"fetch   {N_FEEDS} feeds, slowest {SLOW_SECONDS} s: {seconds:.1f} s at once, {runs[0][1]:.0f} s in a row")
    if not SHARED.exists():
        print("parse and import need the shared material beside the project")
        return
    n_files, n_entries, ours, theirs, slowest = bench_parsing()
    print(
        f"parse   {n_files} files, {n_entries} entries: {ours:.1f} s ({n_entries / ours:.0f} entries/s, "
        f"slowest file {slowest:.2f} s); feedparser alone {theirs:.1f} s, ratio {ours / theirs:.2f}"
    )
    n_rows, seconds = bench_import()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"import  {n_rows} headlines: {seconds:.1f} s ({n_rows / seconds:.0f} rows/s), peak {peak} MB")


if __name__ == "__main__":
    main()
