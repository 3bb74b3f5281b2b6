"""When a feed is asked again, and whether its host allows it."""

from datetime import timedelta

import numpy as np
import pytest

from ingest.news.fetch.robots import is_allowed
from ingest.news.fetch.schedule import FeedState, after_failure, after_success, is_due
from tests.ingest.news.news_builders import NOW

ROBOTS = """
User-agent: greedybot
Disallow: /

User-agent: *
Disallow: /api/
Allow: /api/feed
Disallow: /*.json$
Crawl-delay: 5
"""


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/feed.xml", True),
        ("/api/v2/x", False),
        ("/api/feed", True),
        ("/a/b.json", False),
        ("/a/b.json?x=1", True),
        ("/", True),
    ],
)
def test_longest_rule_wins(path: str, allowed: bool) -> None:
    assert is_allowed(ROBOTS, f"https://x.example{path}") is allowed


def test_a_group_that_names_us_counts_alone() -> None:
    assert not is_allowed("User-agent: Aftershock\nDisallow: /\n\nUser-agent: *\nAllow: /", "https://x.example/a")


def test_hostile_wildcards_end_in_time() -> None:
    assert is_allowed("User-agent: *\nDisallow: /" + "*a" * 5000 + "b$", "https://x.example/" + "a" * 2000)


def test_interval_has_jitter_around_it() -> None:
    generator = np.random.default_rng(1)
    minutes = [(after_success(NOW, 20, generator) - NOW).total_seconds() / 60 for _ in range(200)]
    assert 18 <= min(minutes) < 19 < 21 < max(minutes) <= 22


def test_pauses_grow_to_a_day() -> None:
    generator = np.random.default_rng(1)
    hours = [(after_failure(NOW, 20, n, None, generator) - NOW).total_seconds() / 3600 for n in (1, 3, 5, 50)]
    assert hours == sorted(hours)
    assert hours[-1] <= 24 * 1.1


@pytest.mark.parametrize(("n_failures", "intervals"), [(1, 1), (2, 2), (3, 4), (4, 8)])
def test_the_first_failure_waits_one_interval_and_each_next_twice_as_long(n_failures: int, intervals: int) -> None:
    generator = np.random.default_rng(1)
    minutes = [(after_failure(NOW, 20, n_failures, None, generator) - NOW).total_seconds() / 60 for _ in range(50)]
    assert 0.9 * 20 * intervals <= min(minutes) <= max(minutes) <= 1.1 * 20 * intervals


def test_a_servers_wish_is_kept_for_a_week_and_no_longer() -> None:
    days = [
        (after_failure(NOW, 20, 1, wish * 86_400, np.random.default_rng(1)) - NOW).total_seconds() / 86_400
        for wish in (3, 7, 30)
    ]
    assert days == [3, 7, 7]


def test_servers_wish_is_not_undercut() -> None:
    generator = np.random.default_rng(1)
    assert after_failure(NOW, 20, 1, 9000, generator) == NOW + timedelta(seconds=9000)


def test_due_at_its_time_and_when_never_asked() -> None:
    assert is_due(None, NOW)
    assert is_due(FeedState(next_attempt=NOW), NOW)
    assert not is_due(FeedState(next_attempt=NOW + timedelta(seconds=1)), NOW)
