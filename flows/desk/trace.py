"""Follow an event, a claim or a number back to the bytes and bars that made it."""

from __future__ import annotations

import html

import polars as pl

from dashboards.numbers import Origin
from dashboards.origins import sql_of
from flows.errors import CommandError
from flows.options import name_nearest
from flows.settings import load_settings
from flows.steps.groups import DECLARED_STUDY
from flows.study_registry import read_studies
from warehouse.store.connection import Reader, open_reader
from warehouse.tables.claims import CLAIM_VERDICT
from warehouse.tables.studies import STUDY_RESULT

# The part of an origin's key that is followed: to bars in any table that has it, to documents in these tables.
_TO_BARS = ("result_id", "claim_id")
_TO_DOCUMENTS = {
    "core.event": "event_id",
    "core.event_source": "event_id",
    "core.entry": "entry_id",
    "core.tag": "entry_id",
    "core.press_claim": "press_claim_id",
    "out.press_verdict": "press_claim_id",
}
_ACCEPTED = (
    "out.study_result|result_id=…|estimate, out.claim_verdict|claim_id=tao-30-percent-in-12-hours|abnormal_return, "
    "core.event|event_id=…|severity"
)


def trace_back(named: str) -> pl.DataFrame:
    """One row per step back: of an event or headline its sources and raw documents, else what was measured, by source.

    `named` is the id of an event, a headline, a statement in one, a claim or a result, or the origin that a page's
    number carries (`table|key|column`). Documents are named by the sha256 of their bytes (raw.document), bars by file
    or venue and run; a number over many events has the bars of all of them, one of a regression names none.
    CommandError for a name that the published file does not hold, and for a number of a table that is not followed.
    """
    with open_reader(load_settings().published_path) as reader:
        key, reading = _followed(reader, named) if "|" in named else (named, None)
        found = reader.query("trace_event", key=key)
        if not found.height:
            found = reader.query("trace_bars", key=key, estimation_hours=_estimation_hours(reader, key))
            found = found.filter(what=reading) if reading else found
        near = "" if found.height else name_nearest(named, _known(reader), "aftershock events list")
    if not found.height:
        raise CommandError(
            f"{named} is no event, claim or result of the published file; {near}; see: aftershock events list, "
            "aftershock claims list"
        )
    return found


def _known(reader: Reader) -> list[str]:
    """Ids of claims and events, which people type; those of results are hashes."""
    claims = reader.frame(CLAIM_VERDICT)["claim_id"]
    return [*claims, *reader.query("event_ids").to_series()]


def _followed(reader: Reader, named: str) -> tuple[str, str | None]:
    """The id that an origin (`table|key|column`, as a page writes it) leads to, and the reading of it that is meant."""
    written = html.unescape(named)
    source, _, rest = written.partition("|")
    key = rest.rpartition("|")[0]
    if key and "=" not in key:  # an id alone
        return key, None
    try:
        origin = Origin.read(written)
        statement = sql_of(origin)
    except (ValueError, LookupError, OSError) as exc:
        raise CommandError(f"{named} is no origin of a number; such are {_ACCEPTED}") from exc
    parts = dict(origin.key)
    for name in (*_TO_BARS, _TO_DOCUMENTS.get(source, "")):
        if name in parts:
            return parts[name], parts.get("reading_id")
    if source == STUDY_RESULT.name and parts and set(parts) <= set(STUDY_RESULT.column_names):
        where = " and ".join(f"{name} = ${name}" for name in parts)
        results = reader.frame(STUDY_RESULT, where, **parts)
        if results.height == 1:
            return str(results["result_id"].item()), None
    said = f"{source} with this key names no single result, claim or event; followed are {_ACCEPTED}"
    raise CommandError(f'{said}; for the number itself: aftershock query "{statement}"')


def _estimation_hours(reader: Reader, result_id: str) -> float:
    """Hours before an event that the study of a result estimates on; studies of steps share those of one declared."""
    hours = {study.id: study.estimation_hours for study in read_studies(reader, load_settings().config_path)}
    row = reader.frame(STUDY_RESULT, "result_id = $result_id", result_id=result_id)
    study_id = row["study_id"].item() if row.height else DECLARED_STUDY
    return hours.get(study_id, hours[DECLARED_STUDY])
