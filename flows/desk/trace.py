"""Follow an event, a claim or a number back to the bytes and bars that made it."""

from __future__ import annotations

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
    """One row per step back: of an event or headline its sources and raw documents, else what was measured, by source.

    `named` is the id of an event, a headline, a statement in one, a claim or a result, or the origin that a page's
    number carries (`table|key|column`). Documents are named by the sha256 of their bytes (raw.document), bars by file
    or venue and run; a number over many events has the bars of all of them, one of a regression names none.
    CommandError for a name that the published file does not hold.
    """
    key = named.split("|")[1] if named.count("|") >= _ORIGIN_BARS else named
    with open_reader(load_settings().published_path) as reader:
        found = reader.query("trace_event", key=key)
        if not found.height:
            found = reader.query("trace_bars", key=key, estimation_hours=_estimation_hours(reader, key))
    if not found.height:
        raise CommandError(f"{named} is no event, claim or result of the published file; see: aftershock events list")
    return found


def _estimation_hours(reader: Reader, result_id: str) -> float:
    """Hours before an event that the study of a result estimates on; studies of steps share those of one declared."""
    hours = {study.id: study.estimation_hours for study in read_studies(reader, load_settings().config_path)}
    row = reader.frame(STUDY_RESULT, "result_id = $result_id", result_id=result_id)
    study_id = row["study_id"].item() if row.height else DECLARED_STUDY
    return hours.get(study_id, hours[DECLARED_STUDY])
