"""Follow an event, a claim or a number back to the bytes and bars that made it."""

from __future__ import annotations

import polars as pl

from flows.errors import CommandError
from flows.settings import load_settings
from warehouse.store.connection import open_reader

# The origin of a page's number is table|key|column.
_ORIGIN_BARS = 2
_WAYS = (("trace_event", "event_id"), ("trace_claim", "claim_id"), ("trace_number", "result_id"))


def trace_back(named: str) -> pl.DataFrame:
    """One row per step back: for an event its sources and raw documents, else readings or windows and their bars.

    `named` is an event id, a claim id, a result id, or the origin that a page's number carries (`table|key|column`).
    Documents are named by the sha256 of their bytes (raw.document), bars by source and run. CommandError for a name
    that the published file does not hold.
    """
    key = named.split("|")[1] if named.count("|") >= _ORIGIN_BARS else named
    with open_reader(load_settings().published_path) as reader:
        for query, parameter in _WAYS:
            found = reader.query(query, **{parameter: key})
            if found.height:
                return found
    raise CommandError(f"{named} is no event, claim or result of the published file; see: aftershock events list")
