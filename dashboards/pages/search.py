"""Search over events and headlines, which happens in the reader's browser."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import polars as pl

from dashboards.fill import fill
from dashboards.findings.findings import as_of_words
from dashboards.findings.readings import Reaction, subject_of
from dashboards.glossary import TERMS
from dashboards.numbers import counted
from dashboards.pages.providers import provider_ids, provider_name, provider_names, provider_path
from dashboards.shell.cards import shown_verdict
from dashboards.shell.frames import Frames
from dashboards.shell.page import Page, claim_path, event_path, token_path
from warehouse.tables.claims import CLAIM_VERDICT
from warehouse.tables.news import EVENT
from warehouse.tables.prices import ASSET
from warehouse.tables.terms import MODEL_TITLES, STATEMENT_VERDICT_TITLES, STATISTIC_TITLES, category_label
from warehouse.tables.units import iso_day, percent, plural

SEARCH_DATA = "data/search.js"


def compose_search(frames: Frames, reactions: Mapping[str, list[Reaction]]) -> Page:
    """The search box and, as a file beside it, everything it searches."""
    entries = search_entries(frames, reactions)
    n_events = counted(sum(entry[0] == "e" for entry in entries), EVENT, "count(*) filter (where status <> 'rejected')")
    kinds = sorted({entry[4] for entry in entries})
    body = fill("search.html.jinja", n_events=plural(n_events, "event"), kinds=kinds)
    payload = json.dumps(entries, ensure_ascii=False, separators=(",", ":"))
    # A JavaScript file: U+2028 and U+2029 end lines in old engines.
    script = f"window.AFTERSHOCK_SEARCH={payload};\n".replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    ends = [item.data_as_of for items in reactions.values() for item in items]
    return Page(
        "search.html",
        "Search",
        "Search",
        "Search over events, headlines and claims, in the browser.",
        body,
        as_of=as_of_words(max(ends, default=None)),
        scripts=(SEARCH_DATA, "assets/search.js"),
        files={SEARCH_DATA: script},
    )


def search_entries(frames: Frames, reactions: Mapping[str, list[Reaction]]) -> list[list[str]]:
    """[group, title, link, date, label, detail, further words] of everything searchable: undated first, then newest."""
    entries = []
    for row in frames.get(EVENT).filter(pl.col("status") != "rejected").sort(EVENT.key).iter_rows(named=True):
        subject = subject_of(reactions.get(row["event_id"], []))
        detail = (
            f"{subject.asset_id} {percent(subject.car)} beyond the benchmark in 24 h"
            if subject and subject.car is not None
            else "not measured"
        )
        words = " ".join(filter(None, (row["entities"], row["jurisdiction"], row["summary"])))
        entries.append(
            [
                "e",
                row["title"],
                event_path(row["event_id"]),
                iso_day(row["best_at_utc"]),
                category_label(row["category"]),
                detail,
                words,
            ]
        )
    for row in frames.get(CLAIM_VERDICT).sort(CLAIM_VERDICT.key).iter_rows(named=True):
        date = iso_day(row["data_as_of_utc"]) if row["data_as_of_utc"] else ""
        entries.append(
            [
                "c",
                row["quote"],
                claim_path(row["claim_id"]),
                date,
                "Claim",
                STATEMENT_VERDICT_TITLES[shown_verdict(row)],
                row["closest_true_statement"],
            ]
        )
    for row in frames.named("search_headlines").iter_rows(named=True):
        url = row["url"] if row["url"] and row["url"].startswith(("https://", "http://")) else ""
        entries.append(
            [
                "h",
                row["title"],
                url,
                iso_day(row["at_utc"]),
                "Headline",
                row["outlet"],
                category_label(row["category"]) if row["category"] else "",
            ]
        )
    return [*_fixed_entries(frames), *sorted(entries, key=lambda entry: entry[3], reverse=True)]


def _fixed_entries(frames: Frames) -> Iterator[list[str]]:
    """What has no date: tokens, kinds of event, providers, glossary and methods."""
    for row in frames.get(ASSET).filter(pl.col("role") != "basket").sort("asset_id").iter_rows(named=True):
        role = row["role"].replace("_", " ")
        yield ["t", f"{row['asset_id']} – {row['name']}", token_path(row["asset_id"]), "", "Token", role, ""]
    events = frames.get(EVENT).filter(pl.col("status") != "rejected")
    for category in events["category"].unique().sort():
        yield ["k", category_label(category), f"categories.html#{category}", "", "Kind of event", "", ""]
    names = provider_names(events)
    for provider in provider_ids(frames):
        yield ["p", provider_name(provider, names), provider_path(provider), "", "Provider", "", provider]
    for key, (name, text) in TERMS.items():
        yield ["g", name, f"methods.html#term-{key}", "", "Glossary", text, ""]
    for name in [*STATISTIC_TITLES.values(), *MODEL_TITLES.values()]:
        yield ["g", name, "methods.html", "", "Method", "", ""]
