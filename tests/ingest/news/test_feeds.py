"""The registry of feeds."""

import pytest

from ingest.news.feeds import feeds_frame, load_feeds
from ingest.news.harvest import harvest
from ingest.payload import Payload
from tests.ingest.news.news_builders import NOW
from warehouse.config import ConfigError, ConfigText
from warehouse.tables.news import FEED


def make_own(text: str) -> ConfigText:
    return ConfigText("config/feeds.toml", text)


def test_registry_holds_the_sources_the_product_names() -> None:
    feeds = {feed.feed_id: feed for feed in load_feeds()}
    assert sum(feed.is_enabled for feed in feeds.values()) >= 110
    categories = {feed.category for feed in feeds.values() if feed.is_enabled}
    assert categories == {"lab", "status", "regulator", "think_tank", "press", "aggregator", "crypto_press", "project"}
    assert all(feed.provider for feed in feeds.values() if feed.category == "status")
    assert all(feed.evidence for feed in feeds.values())
    FEED.conform(feeds_frame(tuple(feeds.values())))


def test_every_kind_of_feed_has_a_reader() -> None:
    for feed in load_feeds():
        found = harvest(Payload(feed.feed_id, feed.url, NOW, 200, b"<html>blocked</html>"), feed, "r")
        assert found.is_malformed, feed.feed_id
        assert found.quarantined.height == 1, feed.feed_id


def test_no_address_appears_twice() -> None:
    urls = [feed.url for feed in load_feeds()]
    assert len(urls) == len(set(urls))


def test_user_changes_one_key_by_id() -> None:
    before = {feed.feed_id: feed for feed in load_feeds()}["cr_decrypt"]
    config = make_own('[[feed]]\nid = "cr_decrypt"\ninterval_minutes = 5\n')
    after = {feed.feed_id: feed for feed in load_feeds(config)}["cr_decrypt"]
    assert (after.interval_minutes, after.url) == (5, before.url)


def test_user_adds_a_feed() -> None:
    config = make_own(
        '[[feed]]\nid = "mine"\ntitle = "Mine"\nkind = "rss"\ncategory = "press"\nurl = "https://mine.example/rss"\n'
        'clock = "publisher"\nconfidence = "low"\n',
    )
    assert load_feeds(config)[-1].feed_id == "mine"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '[[feed]]\nid = "cr_decrypt"\nadress = "x"\n',
            r"feeds\.toml line 3: feed 'cr_decrypt': adress: unknown key .*expected some of id",
        ),
        ('[[feed]]\nid = "new"\ntitle = "x"\n', r"feeds\.toml line 1: feed 'new': kind: missing; a new feed needs it"),
        ('[[feed]]\nid = "cr_decrypt"\nkind = "html"\n', r"line 3: feed 'cr_decrypt': kind: 'html' should be"),
        (
            '[[feed]]\nid = "cr_decrypt"\nurl = "ftp://x.example/"\n',
            r"feed 'cr_decrypt': url: 'ftp://x.example/' URL",
        ),
        ('[[feed]]\ntitle = "x"\n', r"line 1: feed number 1: id: missing"),
        ('[[feed]]\nid = "a"\n[[feed]]\nid = "a"\n', r"line 4: feed 'a': id: stands on line 2 already"),
        ("feeds = []\n", r"line 1: unknown key 'feeds'; did you mean \[\[feed\]\]"),
        ("[[feed]\n", r"line 1: not valid TOML"),
    ],
)
def test_mistake_names_file_entry_and_key(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_feeds(make_own(text))
