"""The replay world: exchanges and whatever else is mounted, at one instant that a test may move."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import TracebackType

from tests.replay.exchanges import Fault, ReplayExchanges
from tests.replay.market import Market, default_market
from tests.replay.server import Handler, ReplayServer, Request


class ReplayWorld:
    """`with ReplayWorld(now=…, faults={"binance": Fault("451")}) as world: … world.url …`.

    `mounts` adds other prefixes (feeds, status pages); `move_to` changes the exchanges' instant.
    """

    def __init__(
        self,
        now: datetime,
        market: Market | None = None,
        faults: Mapping[str, Fault] | None = None,
        mounts: Mapping[str, Handler] | None = None,
    ) -> None:
        self.exchanges = ReplayExchanges(market or default_market(), now, faults)
        self.server = ReplayServer({"/exchanges": self.exchanges, **(mounts or {})})

    @property
    def url(self) -> str:
        """What AFTERSHOCK_REPLAY_URL is set to."""
        return self.server.url

    @property
    def requests(self) -> list[Request]:
        """Every request so far."""
        return self.server.requests

    def move_to(self, now: datetime) -> None:
        """Let the exchanges stand at another instant."""
        self.exchanges.now = now

    def __enter__(self) -> ReplayWorld:
        self.server.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.__exit__(kind, error, trace)
