"""The registry of feeds."""

from pathlib import Path

import pytest

from ingest.news.feeds import FeedsError, feeds_frame, load_feeds
from ingest.news.harvest import harvest
from ingest.payload import Payload
from tests.ingest.news.news_builders import NOW
from warehouse.tables.news import FEED


def write(home: Path, text: str) -> Path:
    (home / "feeds.toml").write_text(text, encoding="utf-8")
    return home


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


def test_user_changes_one_key_by_id(tmp_path: Path) -> None:
    before = {feed.feed_id: feed for feed in load_feeds()}["cr_decrypt"]
    config = write(tmp_path, '[[feed]]\nid = "cr_decrypt"\ninterval_minutes = 5\n')
    after = {feed.feed_id: feed for feed in load_feeds(config)}["cr_decrypt"]
    assert (after.interval_minutes, after.url) == (5, before.url)


def test_user_adds_a_feed(tmp_path: Path) -> None:
    config = write(
        tmp_path,
        '[[feed]]\nid = "mine"\ntitle = "Mine"\nkind = "rss"\ncategory = "press"\nurl = "https://mine.example/rss"\n'
        'clock = "publisher"\nconfidence = "low"\n',
    )
    assert load_feeds(config)[-1].feed_id == "mine"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[[feed]]\nid = "cr_decrypt"\nadress = "x"\n', r"feeds\.toml: feed 'cr_decrypt', key 'adress'"),
        ('[[feed]]\nid = "new"\ntitle = "x"\n', r"feeds\.toml: feed 'new', key 'kind': Field required"),
        ('[[feed]]\nid = "cr_decrypt"\nkind = "html"\n', r"feed 'cr_decrypt', key 'kind'"),
        ('[[feed]]\nid = "cr_decrypt"\nurl = "ftp://x.example/"\n', r"feed 'cr_decrypt', key 'url'"),
        ('[[feed]]\ntitle = "x"\n', r"\[\[feed\]\] number 1 has no id"),
        ('[[feed]]\nid = "a"\n[[feed]]\nid = "a"\n', r"feed 'a' appears twice"),
        ("feeds = []\n", r"unknown key 'feeds'"),
        ("[[feed]\n", r"not valid TOML"),
    ],
)
def test_mistake_names_file_entry_and_key(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(FeedsError, match=message):
        load_feeds(write(tmp_path, text))
