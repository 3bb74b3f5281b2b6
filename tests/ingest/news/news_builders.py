"""Builders shared by the news tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from flows.context import RunContext
from flows.settings import Settings
from ingest.news.feeds import Feed
from warehouse.store.connection import Warehouse

NOW = datetime(2026, 6, 14, 12, tzinfo=UTC)

LAB = Feed(
    feed_id="lab",
    title="A lab",
    kind="rss",
    category="lab",
    url="https://lab.example/feed.xml",
    clock="publisher",
    confidence="high",
    outlet="Lab",
    provider=None,
    language="en",
    interval_minutes=20,
    is_enabled=True,
)


def make_feed(**changes: object) -> Feed:
    """The lab's feed with some values changed."""
    return replace(LAB, **changes)  # type: ignore[arg-type]


def make_settings(home: Path, replay_url: str | None = None, *, is_offline: bool = False) -> Settings:
    """Settings of a fresh installation."""
    return Settings(
        home=home,
        replay_url=replay_url,
        is_offline=is_offline,
        lock_deadline_seconds=5,
        plotly_js=None,
        prefect_api_url=None,
    )


def make_context(settings: Settings, warehouse: Warehouse, now: datetime, run_id: str) -> RunContext:
    """One silent run."""
    return RunContext(settings, warehouse, run_id, now, lambda _sentence: None)


def rss(*items: str) -> bytes:
    """An RSS document of raw item bodies."""
    rows = "".join(f"<item>{item}</item>" for item in items)
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>x</title>{rows}</channel></rss>'.encode()
