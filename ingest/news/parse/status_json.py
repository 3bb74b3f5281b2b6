"""Incidents from the JSON of status products: one reader per wire format."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from ingest.news.parse.decode import load_json
from ingest.news.parse.incident_facts import (
    ENDED,
    IncidentFact,
    impact_of,
    incident_code,
    instant_of,
    names_of,
    object_of,
    rows_of,
    worst_impact,
)
from ingest.news.parse.items import text_of
from warehouse.tables.units import compact_instant

# Cloud pages list every product; only those that carry models are of interest here.
MODEL_PRODUCTS = re.compile(r"vertex|gemini|bedrock|sagemaker|\bmachine learning\b|\bAI\b", re.IGNORECASE)
# AWS writes the state of an event as a digit.
AWS_IMPACTS = {"0": "minor", "1": "minor", "2": "major", "3": "critical"}


class ShapeError(ValueError):
    """The document is JSON but not of the expected product: pages change product without notice."""


def read_statuspage(document: Any) -> list[IncidentFact]:
    """Atlassian Statuspage `incidents.json`, and the compatible form that incident.io and Rootly serve."""
    if not isinstance(document, dict) or "incidents" not in document:
        raise ShapeError("expected an object with a list named incidents")
    return [_statuspage_incident(row) for row in rows_of(document["incidents"])]


def _statuspage_incident(row: dict[str, Any]) -> IncidentFact:
    updates = rows_of(row.get("incident_updates") or row.get("updates"))
    touched = [name for update in updates for name in names_of(update.get("affected_components"))]
    components = names_of(row.get("components")) or names_of(row.get("affected_components"))
    status = str(row.get("status") or "").lower()
    address = next(filter(None, (text_of(row.get(key)) for key in ("shortlink", "url", "permalink"))), None)
    impact = row.get("impact") or row.get("current_worst_impact") or row.get("severity")
    if status.startswith("maintenance") or status in ("scheduled", "completed"):
        impact = "maintenance"
    return IncidentFact(
        id=str(row.get("id") or incident_code(address) or ""),
        title=str(row.get("name") or row.get("title") or ""),
        started=_first_instant(row, "started_at", "created_at", "published_at"),
        resolved=_first_instant(row, "resolved_at") or (_ended_at(row, updates) if status in ENDED else None),
        impact=impact_of(impact),
        components=components or tuple(dict.fromkeys(touched)),
        url=address,
        raw=json.dumps(row),
    )


def _first_instant(row: dict[str, Any], *keys: str) -> Any:
    return next((at for key in keys if (at := instant_of(row.get(key)))), None)


def _ended_at(row: dict[str, Any], updates: list[dict[str, Any]]) -> Any:
    """The time of the first update that says it is over, else of the last change."""
    times = [
        at
        for update in updates
        if str(update.get("status") or update.get("to_status") or "").lower() in ENDED
        and (at := _first_instant(update, "display_at", "created_at", "published_at"))
    ]
    return min(times) if times else _first_instant(row, "updated_at", "last_update_at")


def read_better_stack(document: Any) -> list[IncidentFact]:
    """Better Stack `index.json` (JSON:API): the status reports among the included resources."""
    if not isinstance(document, dict) or "data" not in document:
        raise ShapeError("expected a JSON:API object with data and included")
    included = rows_of(document.get("included"))
    names = {
        str(row.get("id")): str(object_of(row.get("attributes")).get("public_name") or "")
        for row in included
        if row.get("type") == "status_page_resource"
    }
    facts = []
    for row in included:
        if row.get("type") != "status_report":
            continue
        attributes = object_of(row.get("attributes"))
        affected = rows_of(attributes.get("affected_resources"))
        is_maintenance = attributes.get("report_type") == "maintenance"
        touched = (names.get(str(part.get("status_page_resource_id"))) for part in affected)
        facts.append(
            IncidentFact(
                id=str(row.get("id") or ""),
                title=str(attributes.get("title") or ""),
                started=instant_of(attributes.get("starts_at")),
                resolved=instant_of(attributes.get("ends_at")),
                impact="maintenance" if is_maintenance else worst_impact([part.get("status") for part in affected]),
                components=tuple(dict.fromkeys(name for name in touched if name)),
                raw=json.dumps(row),
            )
        )
    return facts


def read_google_cloud(document: Any) -> list[IncidentFact]:
    """Google Cloud `incidents.json`: incidents that touch a product with models."""
    if not isinstance(document, list):
        raise ShapeError("expected a list of incidents")
    facts = []
    for row in rows_of(document):
        products = names_of(row.get("affected_products"), "title") or (str(row.get("service_name") or ""),)
        if not any(MODEL_PRODUCTS.search(product) for product in products):
            continue
        code = str(row.get("id") or "")
        facts.append(
            IncidentFact(
                id=code,
                title=str(row.get("external_desc") or row.get("service_name") or ""),
                started=instant_of(row.get("begin")),
                resolved=instant_of(row.get("end")),
                impact=impact_of(row.get("severity")),
                components=products,
                url=f"https://status.cloud.google.com/incidents/{code}" if code else None,
                raw=json.dumps(row),
            )
        )
    return facts


def read_aws(document: Any) -> list[IncidentFact]:
    """AWS Health public events, and the older list of current events: those of services with models."""
    if not isinstance(document, list):
        raise ShapeError("expected a list of events")
    return [fact for row in rows_of(document) if (fact := _aws_event(row)) is not None]


def _aws_event(row: dict[str, Any]) -> IncidentFact | None:
    log = row.get("event_log") or object_of(row.get("metadata")).get("EVENT_LOG") or []
    updates = rows_of(_read_log(log) if isinstance(log, str) else log)
    service = str(row.get("service_name") or row.get("service") or "")
    title = str(row.get("summary") or (updates[0].get("summary") if updates else "") or row.get("typeCode") or "")
    if not MODEL_PRODUCTS.search(f"{service} {title}"):
        return None
    started = instant_of(row.get("startTime")) or instant_of(row.get("date"))
    region = str(row.get("region") or row.get("region_name") or "")
    worst = max((str(update.get("status")) for update in updates), default=str(row.get("status") or ""))
    named = f"{service}-{region}-{compact_instant(started).removesuffix('Z')}" if started else title
    return IncidentFact(
        id=str(row.get("arn") or named) if started else title,
        title=re.sub(r"^\[RESOLVED\]\s*", "", title),
        started=started,
        resolved=instant_of(row.get("endTime")),
        impact=AWS_IMPACTS.get(worst, "unknown"),
        components=tuple(part for part in (service, region) if part),
        raw=json.dumps(row),
    )


def _read_log(text: str) -> Any:
    """The updates written as JSON inside a text; none where it is not JSON, since the event says the rest."""
    try:
        return load_json(text)
    except (ValueError, RecursionError):
        return []


READERS: dict[str, Callable[[Any], list[IncidentFact]]] = {
    "statuspage_json": read_statuspage,
    "incident_io_json": read_statuspage,
    "incident_io_native": read_statuspage,
    "rootly_json": read_statuspage,
    "better_stack_json": read_better_stack,
    "gcp_json": read_google_cloud,
    "aws_json": read_aws,
}
