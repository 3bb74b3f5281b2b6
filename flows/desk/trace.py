"""Follow an event, a claim or a number back to the bytes and bars that made it."""

from __future__ import annotations

from typing import Any

import polars as pl

from flows.errors import CommandError
from flows.settings import load_settings
from flows.steps.groups import DECLARED_STUDY
from flows.study_registry import read_studies
from warehouse.store.connection import Reader, open_reader
from warehouse.tables.studies import STUDY_RESULT

# The origin of a page's number is table|key|column.
_ORIGIN_BARS = 2


def trace_back(named: str) -> pl.DataFrame:
    """One row per step back: for an event its sources and raw documents, else readings or windows and their bars.

    `named` is an event id, a claim id, a result id, or the origin that a page's number carries (`table|key|column`).
    Documents are named by the sha256 of their bytes (raw.document), bars by source and run. CommandError for a name
    that the published file does not hold.
    """
    key = named.split("|")[1] if named.count("|") >= _ORIGIN_BARS else named
    with open_reader(load_settings().published_path) as reader:
        ways: tuple[tuple[str, dict[str, Any]], ...] = (
            ("trace_event", {"event_id": key}),
            ("trace_claim", {"claim_id": key}),
            ("trace_number", {"result_id": key, "estimation_hours": _estimation_hours(reader, key)}),
        )
        for query, names in ways:
            if (found := reader.query(query, **names)).height:
                return found
    raise CommandError(f"{named} is no event, claim or result of the published file; see: aftershock events list")


def _estimation_hours(reader: Reader, result_id: str) -> float:
    """Hours before an event that the study of a result estimates on; studies of steps share those of one declared."""
    hours = {study.id: study.estimation_hours for study in read_studies(reader, load_settings().config_path)}
    row = reader.frame(STUDY_RESULT, "result_id = $result_id", result_id=result_id)
    study_id = row["study_id"].item() if row.height else DECLARED_STUDY
    return hours.get(study_id, hours[DECLARED_STUDY])
