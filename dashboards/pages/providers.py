"""One page per provider of AI: its outages, what tokens did after them, and how fresh its status page is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl
from markupsafe import Markup

from dashboards.fill import fill
from dashboards.findings.findings import as_of_words
from dashboards.findings.readings import (
    HEADLINE_HOURS,
    SUBJECT_ASSET,
    Reaction,
    newest_first,
    simple_return,
    subject_of,
    unmeasured_reason,
)
from dashboards.findings.superlatives import interval_words, rank_words
from dashboards.numbers import StoredRow, counted, signed_rows
from dashboards.pages.resilience import DOSE_WORDS
from dashboards.shell.frames import Frames, newest
from dashboards.shell.page import Page, event_path, file_name
from dashboards.shell.tables import Cell, Head, Spanning, empty_table, link, table, time_tag
from warehouse.tables.news import EVENT, FEED, FETCH, INCIDENT
from warehouse.tables.resilience import DOSE_RESPONSE
from warehouse.tables.terms import entity_name
from warehouse.tables.units import clock, count, day, number_word, percent, plural, probability, span

OUTAGE_KIND = "outage"
# Log returns of out.dose_response that pages show as simple ones.
_LOGS = ("estimate", "lower_95", "upper_95")
# A provider's page lists so many outages, newest first; the index of events holds all.
MAX_OUTAGES = 60
_READ = ("new", "unchanged")


def provider_path(provider: str) -> str:
    """The page of a provider."""
    return f"providers/{file_name(provider)}.html"


def provider_ids(frames: Frames) -> list[str]:
    """Providers with a status feed or a known incident, those with most incidents first."""
    incidents = frames.get(INCIDENT).group_by("provider").len()
    known = dict(incidents.iter_rows())
    fed = frames.get(FEED).filter(pl.col("provider").is_not_null())["provider"].unique().to_list()
    return sorted({*known, *fed}, key=lambda provider: (-known.get(provider, 0), provider))


def provider_names(events: pl.DataFrame) -> dict[str, str]:
    """The name of each provider as most titles of its outages begin; another has its name in the registry."""
    titled = (
        _outages(events)
        .filter(~pl.col("entities").fill_null("").str.contains(","))
        .select("entities", pl.col("title").str.extract("^(.*?): ").alias("name"))
    )
    counted_names = titled.drop_nulls("name").group_by("entities", "name").len()
    return dict(
        counted_names.sort(pl.col("len"), "name", descending=[False, True]).select("entities", "name").iter_rows()
    )


def _outages(events: pl.DataFrame) -> pl.DataFrame:
    return events.filter((pl.col("status") != "rejected") & (pl.col("category") == OUTAGE_KIND))


def provider_name(provider: str, names: Mapping[str, str]) -> str:
    """A provider in words."""
    return names.get(provider) or entity_name(provider)


def compose_providers(frames: Frames) -> Page:
    """Every provider with its incidents, the mean reaction after its outages, and how fresh its status page is."""
    names = provider_names(frames.get(EVENT))
    ids = provider_ids(frames)
    with_incidents = set(frames.get(INCIDENT)["provider"].to_list())
    title = providers_title(frames.get(INCIDENT), len(with_incidents))
    heads = (
        Head("Provider"),
        Head("Incidents", is_number=True),
        Head("Newest"),
        Head(f"{SUBJECT_ASSET} after an outage, 24 h", is_number=True),
        Head("95% interval", is_number=True),
        Head("Status page last read"),
    )
    rows = [_provider_row(frames, provider, provider_name(provider, names)) for provider in ids]
    body = fill(
        "providers.html.jinja",
        title=title,
        subject=SUBJECT_ASSET,
        providers=table(
            "providers",
            "Incidents by provider of AI",
            "Mean return beyond the benchmark over the measured outages of the provider; interval by moved calendars.",
            heads,
            rows,
        )
        if rows
        else empty_table("No provider is known yet.", "Status pages are read by `aftershock run`."),
    )
    as_of = newest(frames.get(DOSE_RESPONSE), "data_as_of_utc")
    return Page("providers.html", "Providers", "Providers of AI", f"{title}.", body, as_of=as_of_words(as_of))


def providers_title(incidents: pl.DataFrame, n_providers: int) -> str:
    """How many incidents of how many providers are known."""
    if not incidents.height:
        return "No incident of a provider’s status page is stored yet"
    known = plural(counted(incidents.height, INCIDENT), "incident")
    n = counted(n_providers, INCIDENT, "count(distinct provider)")
    return f"{known} of {plural(n, 'provider')} of AI"


def _provider_row(frames: Frames, provider: str, name: str) -> list[Cell | Spanning]:
    incidents = frames.part(INCIDENT, "provider", provider)
    response = _mean_response(frames.part(DOSE_RESPONSE, "provider", provider))
    page = link(provider_path(provider), name)
    last = next(signed_rows(incidents.sort("started_at_utc", descending=True).head(1), INCIDENT), None)
    known = counted(incidents.height, INCIDENT, provider=provider)
    cells: list[Cell | Spanning] = [page, count(known), day(last["started_at_utc"]) if last else "–"]
    if response is None or response["estimate"] is None:
        cells += ["–", response["reason"] if response and response["reason"] else "not measured"]
    else:
        cells += [percent(response["estimate"]), interval_words(response["lower_95"], response["upper_95"])]
    return [*cells, feed_words(frames, provider)]


def _mean_response(responses: pl.DataFrame) -> StoredRow | None:
    """The subject's mean move after the provider's outages over 24 hours; None where none is stored."""
    is_mean = (
        (pl.col("asset_id") == SUBJECT_ASSET)
        & (pl.col("dose") == "none")
        & (pl.col("window_end_hours") == HEADLINE_HOURS)
        & (pl.col("category") == OUTAGE_KIND)
    )
    return next(_simple(responses.filter(is_mean).sort("market_id").head(1)), None)


def _simple(responses: pl.DataFrame) -> Iterator[StoredRow]:
    return signed_rows(responses.with_columns(simple_return(name) for name in _LOGS), DOSE_RESPONSE, _LOGS)


def feed_words(frames: Frames, provider: str) -> str:
    """When a status page of the provider was last read, or why it is not."""
    feeds = frames.get(FEED).filter(pl.col("provider") == provider)
    if not feeds.height:
        return "none watched: incidents come from files"
    fetches = frames.get(FETCH).filter(pl.col("source_id").is_in(feeds["feed_id"].to_list()))
    read = fetches.filter(pl.col("outcome").is_in(_READ)).sort("attempted_at_utc", descending=True).head(1)
    row = next(signed_rows(read, FETCH), None)
    if row is not None:
        at = row["attempted_at_utc"]
        return f"{day(at)} {clock(at)} UTC"
    return "never read in a live run" if not fetches.height else "asked, but never with success"


def outages_by_provider(events: pl.DataFrame) -> dict[str, list[str]]:
    """The ids of the outages of each provider, in the order of `events`; one of two providers is under both."""
    found: dict[str, list[str]] = {}
    for event_id, entities in _outages(events).select("event_id", pl.col("entities").fill_null("")).iter_rows():
        for provider in dict.fromkeys(entities.split(",")):
            found.setdefault(provider, []).append(event_id)
    return found


def compose_provider(
    frames: Frames, provider: str, outage_ids: Sequence[str], reactions: Mapping[str, list[Reaction]]
) -> Page:
    """A provider's outages with durations and reactions, its dose-response and the age of its status page."""
    outages = newest_first(frames.parts(EVENT, "event_id", outage_ids))
    name = provider_name(provider, provider_names(outages))
    incidents = frames.part(INCIDENT, "provider", provider)
    title = provider_title(name, incidents, provider, outages, reactions)
    body = fill(
        "provider.html.jinja",
        name=name,
        title=title,
        feed=feed_words(frames, provider),
        outages=_outages_table(outages, reactions),
        n_hidden=max(outages.height - MAX_OUTAGES, 0),
        responses=_responses_table(frames.part(DOSE_RESPONSE, "provider", provider)),
    )
    ends = [item.data_as_of for event_id in outages["event_id"] for item in reactions.get(event_id, [])]
    as_of = as_of_words(max(ends, default=None))
    return Page(provider_path(provider), "Providers", name, f"{title}.", body, as_of=as_of)


def provider_title(
    name: str,
    incidents: pl.DataFrame,
    provider: str,
    outages: pl.DataFrame,
    reactions: Mapping[str, list[Reaction]],
) -> str:
    """Known incidents, the outages drawn from them that are measured, and after how many the subject left its range."""
    n_incidents = counted(incidents.height, INCIDENT, provider=provider)
    told = plural(n_incidents, "known incident") if n_incidents else "no incident from its status page"
    known = f"{name}: {told}"
    subjects = [subject_of(reactions.get(event_id, [])) for event_id in outages["event_id"]]
    ranged = [item for item in subjects if item and item.asset_id == SUBJECT_ASSET and item.is_outside is not None]
    if not ranged:
        return f"{known}; no outage is measured for {SUBJECT_ASSET}"
    n_outside = sum(bool(item.is_outside) for item in ranged)
    if len(ranged) == 1:
        verb = "left" if n_outside else "stayed within"
        return f"{known}; {SUBJECT_ASSET} {verb} its ordinary range after the one measured outage"
    measured = f"{number_word(n_outside) if n_outside else 'none'} of {number_word(len(ranged))} measured outages"
    return f"{known}; {SUBJECT_ASSET} left its ordinary range after {measured}"


def _outages_table(outages: pl.DataFrame, reactions: Mapping[str, list[Reaction]]) -> Markup:
    if not outages.height:
        return empty_table(
            "No outage of this provider is an event yet.", "`aftershock run` builds events of incidents."
        )
    heads = (
        Head("Outage"),
        Head("Began, UTC"),
        Head("Lasted", is_number=True),
        Head("Severity", is_number=True),
        Head("Beyond Bitcoin, 24 h", is_number=True),
        Head("Larger placebos", is_number=True),
    )
    rows = [_outage_row(row, reactions) for row in signed_rows(outages.head(MAX_OUTAGES), EVENT)]
    return table(
        "outages",
        "Outages, newest first",
        f"Overlapping incidents are one outage. Return beyond Bitcoin: {SUBJECT_ASSET} where it was measured.",
        heads,
        rows,
    )


def _outage_row(row: Mapping[str, Any], reactions: Mapping[str, list[Reaction]]) -> list[Cell | Spanning]:
    at, ended = row["best_at_utc"], row["ended_at_utc"]
    cells: list[Cell | Spanning] = [
        link("../" + event_path(row["event_id"]), row["title"]),
        time_tag(at, day(at) if row["time_precision"] == "day" else f"{day(at)} {clock(at)}", row["time_precision"]),
        span(ended - at) if ended is not None and ended >= at else "end not known",
        "–" if row["severity"] is None else count(row["severity"]),
    ]
    subject = subject_of(reactions.get(row["event_id"], []))
    window = subject.headline if subject else None
    if subject is None or window is None or window.car is None:
        return [*cells, Spanning(f"Not measured – {unmeasured_reason(row, window)}")]
    who = "" if subject.asset_id == SUBJECT_ASSET else f" {subject.asset_id}"
    return [*cells, f"{percent(window.car)}{who}", rank_words(window)]


def _responses_table(responses: pl.DataFrame) -> Markup:
    shown = responses.filter((pl.col("category") == OUTAGE_KIND) & (pl.col("window_end_hours") == HEADLINE_HOURS))
    if not shown.height:
        return empty_table(
            "No reaction to this provider’s outages is measured.", "It needs prices around five of them."
        )
    heads = (
        Head("Token"),
        Head("What"),
        Head("24 h", is_number=True),
        Head("95% interval", is_number=True),
        Head("p", is_number=True),
        Head("Events", is_number=True),
    )
    ordered = shown.sort(pl.col("asset_id") != SUBJECT_ASSET, "asset_id", "market_id", "dose")
    return table(
        "responses",
        "Do tokens react, and more to longer and graver outages?",
        "Mean return beyond the benchmark, and its change per unit of dose; p and interval from calendars moved in "
        "time.",
        heads,
        [_response_row(row) for row in _simple(ordered)],
    )


def _response_row(row: Mapping[str, Any]) -> list[Cell | Spanning]:
    cells: list[Cell | Spanning] = [row["asset_id"], DOSE_WORDS.get(row["dose"], row["dose"].replace("_", " "))]
    if row["estimate"] is None:
        return [*cells, Spanning(f"Not measured – {row['reason'] or 'no reason given'}")]
    return [
        *cells,
        percent(row["estimate"]),
        interval_words(row["lower_95"], row["upper_95"]),
        "–" if row["p_value"] is None else probability(row["p_value"]),
        count(row["n_events"]),
    ]
