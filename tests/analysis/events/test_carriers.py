"""Who carries a headline: whose words are a primary source, and only for whose act."""

import polars as pl
import pytest

from analysis.events.carriers import add_carriers
from tests.analysis.events.headline_frames import VOCABULARY
from tests.analysis.events.test_detection import detect


def carry(url: str, outlet: str = "A list", kind: str = "forum") -> tuple[str, bool]:
    rows = add_carriers(pl.DataFrame({"url": [url], "outlet": [outlet], "outlet_kind": [kind]}), VOCABULARY)
    return rows["carrier"].item(), rows["is_primary"].item()


@pytest.mark.parametrize(
    ("url", "carrier"),
    [
        ("https://www.binance.com/en/support/announcement/detail/abc", "binance.com"),
        ("https://upbit.com/service_center/notice?id=4711", "upbit.com"),
        ("https://announcements.bybit.com/en-US/article/new-listing", "bybit.com"),
        ("https://twitter.com/opentensor/status/1?s=20", "x.com/opentensor"),
        ("https://x.com/Fetch_ai/status/2", "x.com/fetch_ai"),
        ("https://opentensor.medium.com/october-update", "medium.com"),
        ("https://blog.oceanprotocol.com/leaving", "oceanprotocol.com"),
        ("https://www.sec.gov/newsroom/press-releases/2026-1", "sec.gov"),
    ],
)
def test_own_pages_notices_and_accounts_are_primary(url: str, carrier: str) -> None:
    assert carry(url) == (carrier, True)


@pytest.mark.parametrize(
    "url",
    [
        "https://www.binance.com/en/square/post/123",
        "https://www.binance.com/en/research/analysis/ai",
        "https://x.com/opentensor_fan/status/1",
        "https://x.com/somebody/status/1?ref=x.com/opentensor",
        "https://medium.com/@somebody/on-opentensor",
        "https://notbinance.com/en/support/announcement/1",
    ],
)
def test_other_people_s_posts_are_not(url: str) -> None:
    assert carry(url)[1] is False


LISTING = {"title": "Binance Will List Bittensor (TAO)", "at": "2024-04-11T08:00:00Z", "outlet": "Binance"}
SUSPENDED = {"title": "US orders Anthropic to suspend access to Fable 5", "at": "2026-06-13T01:00:00Z"}


def test_a_notice_of_an_exchange_alone_makes_its_listing_an_event():
    notice = detect({**LISTING, "url": "https://www.binance.com/en/support/announcement/x"}).events
    assert notice.height == 1
    assert "primary source binance.com" in notice["reason"][0]
    assert detect({**LISTING, "url": "https://www.binance.com/en/square/post/1"}).events.is_empty()


def test_a_protocol_s_post_alone_makes_its_upgrade_an_event():
    post = {"title": "Bittensor launches dynamic TAO on mainnet", "at": "2025-02-13T12:00:00Z"}
    assert detect({**post, "url": "https://x.com/opentensor/status/3"}).events.height == 1
    assert detect({**post, "url": "https://x.com/NEARProtocol/status/3"}).events.is_empty()


def test_a_lab_s_page_speaks_for_its_own_act_alone():
    assert detect({**SUSPENDED, "url": "https://www.anthropic.com/news/x"}).events.height == 1
    assert detect({**SUSPENDED, "url": "https://openai.com/index/x"}).events.is_empty()
    assert detect({**SUSPENDED, "url": "https://twitter.com/OpenAI/status/1"}).events.is_empty()


def test_an_office_speaks_for_its_own_act_alone():
    suit = {"title": "SEC sues Bittensor foundation over token sale", "at": "2026-03-02T15:00:00Z"}
    assert detect({**suit, "url": "https://www.sec.gov/litigation/1"}).events.height == 1
    assert detect({**suit, "url": "https://www.cftc.gov/pressroom/1"}).events.is_empty()
