"""Errors of every source, classed by what the caller can do about them."""

from __future__ import annotations


class SourceError(Exception):
    """A source did not give what was asked; the message says where, what happened, what was expected, what to do.

    `outcome` is how ops.fetch records it.
    """

    outcome = "permanent"

    def __init__(self, source: str, what: str, expected: str = "", remedy: str = "") -> None:
        self.source = source
        self.what = what
        self.expected = expected
        self.remedy = remedy
        parts = [f"{source}: {what}"]
        if expected:
            parts.append(f"expected {expected}")
        if remedy:
            parts.append(remedy)
        super().__init__("; ".join(parts))


class TransientError(SourceError):
    """It may work later or elsewhere: time-outs, 5xx, a rate limit, no connection."""

    outcome = "transient"


class PermanentError(SourceError):
    """It will not work from here however often it is tried: geo-block, ban, unknown symbol, missing file."""


class MalformedError(SourceError):
    """An answer came, but it is not what its format promises: HTML for JSON, a broken archive, unknown columns."""

    outcome = "malformed"
