"""Pictures to share: the browser that draws them, and those of the pages that a pass has drawn anew."""

from __future__ import annotations

import shutil
import time
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING

from flows.alerts.rules import load_rules
from flows.errors import CommandError
from flows.settings import Settings
from warehouse.tables.units import plural

if TYPE_CHECKING:
    from dashboards.shell.site import SiteReport

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# How long one pass may draw; what is left waits for the next.
PASS_SECONDS = 30.0


def installed_browser() -> str | None:
    """The path of an installed Chromium."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def find_browser() -> str:
    """The path of an installed Chromium; CommandError with the remedy when there is none."""
    found = installed_browser()
    if found is None:
        raise CommandError(
            "PDF and pictures need an installed Chromium (for example `apt-get install chromium`); md and html do not"
        )
    return found


def picture_browser() -> str:
    """The Chromium that draws pictures; CommandError with the remedy where it or kaleido is missing."""
    if find_spec("kaleido") is None:
        raise CommandError("pictures need kaleido, which is not installed: install the extra `cards`")
    return find_browser()


def share_drawn(settings: Settings, report: SiteReport) -> str:
    """Draw the pictures of the pages of `report` that are worth one; a clause that says how many, or why none.

    Nothing where no address of the pages is known: whoever shows a link reads the picture from a whole address. It
    is the one of `pages --share`, else the first of `pages` in `alerts.toml`. A reason is said once.
    """
    from dashboards.shell.share import Shared, share_site, worth_sharing
    from dashboards.shell.site import open_frames

    site = settings.site_path
    shared = Shared.read(site)
    address = shared.address or next((rule.pages for rule in load_rules(settings.config_path) if rule.pages), "")
    if not address or not (report.rendered or shared.waiting):
        return ""
    try:
        browser = picture_browser()
    except CommandError as exc:
        replace(shared, waiting=shared.waiting | report.rendered, reason=str(exc)).write(site)
        return _once(str(exc), shared.reason)
    until = time.monotonic() + PASS_SECONDS
    with open_frames(settings.published_path) as frames:
        pages = worth_sharing(frames, report.rendered, shared)
        done = share_site(site, frames, address, browser, pages, lambda: time.monotonic() < until)
    if done.problem:
        return _once(done.problem, shared.reason)
    left = f", {done.n_waiting} wait for the next pass" if done.n_waiting else ""
    return f"; {plural(done.n_drawn, 'picture')} to share drawn{left}" if done.n_drawn or left else ""


def _once(reason: str, said: str) -> str:
    return "" if reason == said else f"; no picture to share: {reason}"
