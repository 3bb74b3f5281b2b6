"""A small world of accelerated days: two moves, a story a day, an outage, and a post box for what people are told."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ingest.news.feeds import load_feeds
from tests.replay.exchanges import Fault
from tests.replay.feeds import FeedWorld, Source, cut_off, headlines_source, html_page, slow, status, statuspage_source
from tests.replay.market import PlantedEffect, SimulatedMarket
from tests.replay.server import Request, Response
from tests.replay.world import ReplayWorld

# A Monday that no clock of a machine has reached: a pass that a schedule takes by the real clock is refused.
BEGIN = datetime(2031, 3, 3, tzinfo=UTC)
DAYS = 20
BEFORE = timedelta(days=40)
# One venue a kind of market: where another can stand in for one that fails, the record rightly keeps more series.
VENUES = ("binance", "binanceusdm")
QUOTES = (("binance", "{}/USDT"), ("binanceusdm", "{}/USDT:USDT"))
OUTLETS = ("pr_techmeme", "cr_decrypt", "cr_coindesk")
FEEDS = (*OUTLETS, "st_openai_json")
FIRMS = ("Nvidia", "AMD", "Intel", "Broadcom", "Qualcomm", "Micron", "TSMC", "Samsung", "Cerebras", "Groq")
STORY = (
    "US orders {firm} to halt chip exports to {place}",
    "US orders {firm} to halt chip exports to {place} over security",
    "US orders {firm} to halt AI chip exports to {place}",
)
PLACES = ("allied cloud providers", "Gulf clouds", "Asian data centres", "resellers in Singapore", "Swiss banks")
# A move that waits some hours for its headline, and one with the second day's story.
QUIET_MOVE_AT, FIRST_STORY_AT = BEGIN + timedelta(hours=1), BEGIN + timedelta(hours=7)
VENUE_FAULTS = ("500", "503", "429", "slow", "garbage", "truncated", "html_200", "cut_off")
FEED_FAULTS = (status(500), status(403), slow(2.0), html_page, cut_off)
ALERTS = """[[rule]]
id = "desk"
to = "AFTERSHOCK_SOAK_POST"
kinds = ["event", "move", "unexplained"]
least_outlets = 1
least_move = 0.01
most_per_hour = 1000
"""


@dataclass
class SoakWorld:
    """The world at one instant, with the faults of the moment and everything that was posted to people."""

    world: ReplayWorld
    feeds: FeedWorld
    posted: list[tuple[str, str]] = field(default_factory=list)  # address, id of the notification

    def move_to(self, now: datetime) -> None:
        self.feeds.instant = now
        self.world.move_to(now)

    def mislead(self, dice: random.Random) -> str:
        """Let some sources fail, be slow or lie; returns which."""
        venues = dice.sample(VENUES, dice.randint(1, len(VENUES)))
        self.world.exchanges.faults = {venue: Fault(dice.choice(VENUE_FAULTS)) for venue in venues}
        feeds = dice.sample(FEEDS, dice.randint(1, len(FEEDS)))
        self.feeds.faults = {feed: dice.choice(FEED_FAULTS) for feed in feeds}
        return ", ".join([*(f"{name} {fault.kind}" for name, fault in self.world.exchanges.faults.items()), *feeds])

    def behave(self) -> None:
        """Every source tells the truth again."""
        self.world.exchanges.faults, self.feeds.faults = {}, {}

    def post(self, request: Request) -> Response:
        self.posted.append((request.path, json.loads(request.body)["id"]))
        return Response(b"{}")


@contextmanager
def soak_world() -> Iterator[SoakWorld]:
    """The world at BEGIN."""
    market = SimulatedMarket(
        BEGIN - BEFORE,
        BEGIN + timedelta(days=DAYS + 1),
        assets=("BTC", "TAO", "FET"),
        quotes=QUOTES,
        effects=(
            PlantedEffect("TAO", QUIET_MOVE_AT, -0.18, 4),
            PlantedEffect("TAO", FIRST_STORY_AT + timedelta(days=1), 0.2, 6),
        ),
    )
    feeds = FeedWorld(BEGIN, _sources())
    world = ReplayWorld(now=BEGIN, market=market, mounts={"/feed": feeds.handle})
    soak = SoakWorld(world, feeds)
    world.server.mount("/post", soak.post)
    with world:
        yield soak


def _sources() -> dict[str, Source]:
    rows: dict[str, list[tuple[str, str, datetime]]] = {outlet: [] for outlet in OUTLETS}
    for number in range(DAYS):
        firm, place = FIRMS[number % len(FIRMS)], PLACES[number % len(PLACES)]
        at = FIRST_STORY_AT + timedelta(days=number)
        for minutes, (outlet, title) in enumerate(zip(OUTLETS, STORY, strict=True)):
            link = f"https://{outlet}.example/{number}"
            rows[outlet].append((title.format(firm=firm, place=place), link, at + timedelta(minutes=5 * minutes)))
    outage = {
        "id": "soak01",
        "name": "Models are unavailable",
        "impact": "critical",
        "created_at": (BEGIN + timedelta(hours=9)).isoformat(),
        "resolved_at": (BEGIN + timedelta(hours=13)).isoformat(),
    }
    sources = {outlet: headlines_source(outlet, items) for outlet, items in rows.items()}
    return {**sources, "st_openai_json": statuspage_source([outage])}


def furnish(home: Path, open_feeds: Sequence[str] = FEEDS) -> None:
    """Own configuration that leaves this world's sources alone, so that a pass takes a moment; and who is told."""
    config = home / "config"
    config.mkdir(parents=True)
    closed = [feed.feed_id for feed in load_feeds() if feed.feed_id not in open_feeds]
    feeds = [f'[[feed]]\nid = "{name}"\nis_enabled = false\n' for name in closed]
    # Asked at every pass, however soon after the last one.
    feeds += [f'[[feed]]\nid = "{name}"\ninterval_minutes = 1\n' for name in open_feeds]
    (config / "feeds.toml").write_text("\n".join(feeds))
    (config / "alerts.toml").write_text(ALERTS)
