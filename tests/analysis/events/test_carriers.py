"""Who carries a headline: whose words are a primary source, and only for whose act."""

import polars as pl
import pytest

from analysis.events.carriers import add_carriers
from tests.analysis.events.headline_frames import VOCABULARY, detect, instant, told_by


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


def test_one_newsroom_suffices_for_an_act_on_a_network_of_ours_or_of_an_office_on_access_or_a_law_on_ai():
    acts = (
        "NEAR cuts its inflation by half despite a failed vote",
        "Fetch.ai sues Ocean over the sale of 263 million FET",
        "White House blocks Anthropic's Mythos expansion over security concerns",
        "US Commerce Department closes loophole on Nvidia chip exports to China",
        "US reportedly allows ten Chinese companies to buy Nvidia's H200 AI chips",
        "Trump's new AI order sets up a fight with the states",
        "US Senate passes chip security act for AI chips",
        "Senators introduce bill to ban AI companions for minors",
        "White House AI proposal seeks to override state laws",
        "Vietnam passes AI law",
        "Denmark passes AI deepfake law",
        "Kentucky governor signs AI bill",
    )
    for act in acts:
        event = told_by(1, act)
        assert event["severity"].to_list() == [1], act
        assert event["reason"][0].startswith("one newsroom (h0.example) reports an act"), act
    others = (
        "NEAR's bet to become the settlement layer for AI agents",
        "Parent of Worldcoin reportedly cuts jobs",
        "Fireblocks thwarts exploits on NEAR, protecting millions",
        "Trump's 25% cut on Nvidia chips to China backfired as Beijing blocks H200 sales",
        "UK banks blocked from Mythos get offer from rival OpenAI",
        "Nvidia says China blocks sales of its H200 chips",
        "China sues over the price of lamps",
        "Labs fear that the US Senate might pass an AI act",
        "Think tank proposes AI act to override state laws",
        "US Senate passes crypto tax bill",
        "UK charity proposes law on AI companions",
        "France's Mistral proposes levy law for AI",
        "America First group proposes AI law",
        "US startup unveils AI bill tracker",
        "US Chamber of Commerce unveils AI law proposal",
    )
    for other in others:
        assert told_by(1, other).is_empty(), other


def test_an_act_that_is_done_in_form_is_no_repeat_of_its_announcement():
    first = {"title": "Pentagon labels Anthropic a supply-chain risk", "at": "2026-02-27T22:00:00Z"}
    told = [first | {"outlet": f"h{n}.example"} for n in range(2)]
    later = first | {"at": "2026-03-05T19:00:00Z", "outlet": "late.example"}
    assert detect(*told, later).events.height == 1
    formal = later | {"title": "Pentagon formally labels Anthropic a supply-chain risk"}
    found = detect(*told, formal).events
    assert found["best_at_utc"].sort().to_list() == [instant(first["at"]), instant(later["at"])]


def test_one_firm_is_not_broken_into_twice_within_hours():
    few = {"title": "Google says criminal hackers used AI to find a major software flaw", "at": "2026-05-11T13:00:00Z"}
    many = {
        "title": "Google says hackers used AI to create a zero day flaw for the first time",
        "at": "2026-05-11T16:09:00Z",
    }
    rows = [row | {"outlet": f"{name}.example"} for row, names in ((few, "ab"), (many, "cdef")) for name in names]
    assert detect(*rows).events["best_at_utc"].to_list() == [instant(few["at"])]
    attack = {"title": "Supply chain attack hits TanStack and Mistral packages", "at": "2026-05-12T08:23:00Z"}
    hack = {"title": "Hackers insert malware into Mistral software download", "at": "2026-05-12T22:26:00Z"}
    other = hack | {"title": "Hackers insert malware into Perplexity software download"}

    def told(*acts: dict) -> int:
        return detect(*(row | {"outlet": f"{n}{k}.example"} for k, row in enumerate(acts) for n in "ab")).events.height

    assert (told(attack, hack), told(attack, other)) == (1, 2)


def test_the_failure_of_a_cloud_is_an_outage_where_four_houses_tell_it():
    title = "AWS outage takes down Coinbase, Robinhood and more"
    assert told_by(3, title).is_empty()
    event = told_by(4, title)
    assert (event["category"].to_list(), event["direction"].to_list()) == (["outage"], ["restricts"])
    day_after = {"title": "AWS outage exposes how few providers there are", "at": "2026-06-14T11:00:00Z"}
    first = {"title": title, "at": "2026-06-13T01:00:00Z"}
    told = [{**row, "outlet": f"h{n}.example"} for row in (first, day_after) for n in range(4)]
    assert detect(*told).events["best_at_utc"].to_list() == [instant(first["at"])], "what follows is its aftermath"
    assert told_by(4, "Solana outage takes down Jupiter, Orca and more").is_empty(), "an outage of no cloud"
