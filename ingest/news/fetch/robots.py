"""What a host's robots.txt allows us (RFC 9309)."""

from __future__ import annotations

from protego import Protego

PRODUCT = "aftershock"
# RFC 9309, section 2.5: at least 500 KiB must be read; more need not be.
MAX_ROBOTS_BYTES = 512_000


def is_allowed(robots: str, url: str) -> bool:
    """Whether `robots`, the text of the host's file, lets us fetch `url`; an empty file allows everything."""
    allowed: bool = Protego.parse(robots[:MAX_ROBOTS_BYTES]).can_fetch(url, PRODUCT)
    return allowed
