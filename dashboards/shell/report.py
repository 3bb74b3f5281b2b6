"""One event as a document of its own: a single HTML file, Markdown, or a picture to share."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import polars as pl

from dashboards.figures.figure import Figure, safe, simulated_mark
from dashboards.figures.price_path import draw_price_path
from dashboards.fill import macro
from dashboards.findings.findings import as_of_words, benchmark_word, beyond_title, path_title
from dashboards.findings.moves import earlier_day_of
from dashboards.findings.readings import Reaction, newest_first, path_of, read_reactions, subject_of, unmeasured_reason
from dashboards.findings.superlatives import interval_words, rank_title, separate_words
from dashboards.marks import bare, with_notes, with_raised_notes
from dashboards.numbers import Origin, StoredRow, StoredRows, signed_rows
from dashboards.origins import sql_of
from dashboards.pages.event import compose_event
from dashboards.pages.sections import cannot_know
from dashboards.pages.shared_move import shared_sentence
from dashboards.shell.cards import read_verdicts, rise_claim, shown_verdict
from dashboards.shell.frames import Frames
from dashboards.shell.library import lean, library_text
from dashboards.shell.page import render_page
from dashboards.shell.theme import css_variables, resolve
from warehouse.tables.claims import CLAIM
from warehouse.tables.news import CONFOUNDER, EVENT, EVENT_SOURCE
from warehouse.tables.terms import STATEMENT_VERDICT_TITLES, category_news, market_name, reader_words, role_name
from warehouse.tables.units import close_moment, hours_in_words, limit_words, moment, percent

NOTES_TITLE = "Where the numbers come from"
CARD_WIDTH, CARD_HEIGHT = 1200, 630


class UnknownEventError(LookupError):
    """No event has this id; the message names the nearest ones."""


def find_event(frames: Frames, event_id: str) -> dict[str, Any]:
    """The event with this id, or the only one whose id or title contains it; UnknownEventError otherwise."""
    events = frames.get(EVENT)
    exact = events.filter(pl.col("event_id") == event_id)
    if exact.height:
        return StoredRow(exact.row(0, named=True), StoredRows(EVENT))
    wanted = event_id.lower()
    contains = pl.col("event_id").str.to_lowercase().str.contains(wanted, literal=True)
    similar = events.filter(contains | pl.col("title").str.to_lowercase().str.contains(wanted, literal=True))
    if similar.height == 1:
        return StoredRow(similar.row(0, named=True), StoredRows(EVENT))
    names = ", ".join(newest_first(similar)["event_id"].head(5))
    hint = f"did you mean one of: {names}" if names else "`aftershock events` lists them"
    raise UnknownEventError(f"no event {event_id!r}; {hint}")


def event_html(frames: Frames, event: Mapping[str, Any], plotly_js: Path | None) -> str:
    """The event's page as one file: styles, scripts and plotly.js inside it, links to other pages removed."""
    reactions = read_reactions(frames).get(event["event_id"], [])
    text = render_page(compose_event(frames, event, reactions))
    assets = files("dashboards") / "assets"
    css = css_variables() + "".join((assets / name).read_text(encoding="utf-8") for name in ("site.css", "print.css"))
    plotly = lean(plotly_js.read_text(encoding="utf-8")) if plotly_js else library_text()
    # A script element ends at its closing tag, wherever that stands.
    scripts = [plotly, *((assets / name).read_text(encoding="utf-8") for name in ("site.js", "origins.js"))]
    closing = ("</script", "<\\/script")
    inline = "".join(f"<script>{script.replace(*closing)}</script>" for script in scripts)
    head, rest = text.split("<body>", 1)
    kept = [line for line in head.splitlines() if not line.startswith(("<script", "<link", "<meta http-equiv"))]
    policy = (
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src 'unsafe-inline'; "
        "style-src 'unsafe-inline'; img-src data: blob:\">"
    )
    body, end = rest.rsplit("</body>", 1)
    body = _with_notes(body)
    top = "\n".join(kept).replace("</head>", f"{policy}<style>{css}</style></head>")
    top = top.replace('<html lang="en">', '<html lang="en" class="js" data-eager data-theme="light">')
    return f"{top}<body>{body}{inline}</body>{end}"


def _with_notes(body: str) -> str:
    """The page's body with a raised number behind each value and the statements that return them at its end."""
    noted, notes = with_raised_notes(body, _statement)
    section = macro("parts", "footnotes", NOTES_TITLE, notes)
    return noted.replace("</div></main>", f"{section}</div></main>", 1)


def _statement(origin: str) -> str:
    return " ".join(sql_of(Origin.read(origin)).split())


def event_markdown(frames: Frames, event: Mapping[str, Any]) -> str:
    """The event in words and tables: what happened, how the tokens moved, what cannot be known, sources."""
    event_id = event["event_id"]
    reactions = read_reactions(frames).get(event_id, [])
    subject = subject_of(reactions)
    sources = frames.part(EVENT_SOURCE, "event_id", event_id).sort("source_number")
    summary = event["summary"] or reader_words(event["reason"])
    lines = [f"# {event['title']}", "", f"{shared_sentence(frames, event, '').striptags()} {summary}".strip(), ""]
    lines += [
        f"First public evidence: {moment(event['best_at_utc'], event['time_precision'])} ({event['time_basis']}).",
        "",
    ]
    if subject is None or not subject.is_measured:
        reason = unmeasured_reason(event, subject.headline if subject else None)
        lines += [f"Not measured: {reason}.", ""]
    else:
        lines += _measured_lines(event, subject, reactions)
        confounders = frames.part(CONFOUNDER, "event_id", event_id)
        limits = cannot_know(subject, earlier_day_of(frames, subject), sources, confounders)
        lines += ["## What we cannot know", "", *(f"- **{head}** {text}" for head, text in limits), ""]
    verdicts = {row["claim_id"]: row for row in read_verdicts(frames)}
    about = [
        verdicts[row["claim_id"]]
        for row in signed_rows(frames.part(CLAIM, "event_id", event_id), CLAIM)
        if row["claim_id"] in verdicts
    ]
    if about:
        lines += [
            "## Claims",
            "",
            *(
                f"- {STATEMENT_VERDICT_TITLES[shown_verdict(row)]}: “{row['quote']}” – {row['closest_true_statement']}"
                for row in about
            ),
            "",
        ]
    if sources.height:
        lines += ["## Sources", "", "| what | who | claimed | first seen |", "|---|---|---|---|"]
        lines += [
            f"| {role_name(row['role'])} | {_cell(row['outlet'])} | {_when(row['published_at_utc'])} | "
            f"{_when(row['first_seen_at_utc'])} |"
            for row in signed_rows(sources, EVENT_SOURCE)
        ]
    text, notes = with_notes("\n".join(lines).rstrip() + "\n", _statement)
    if notes:
        text += f"\n## {NOTES_TITLE}\n\n" + "".join(
            f"[^{place}]: `{note}`\n" for place, note in enumerate(notes, start=1)
        )
    return text


def event_card(frames: Frames, event: Mapping[str, Any], reactions: list[Reaction]) -> dict[str, Any] | None:
    """The picture to share as a plotly figure with real colours; None when the event is not measured."""
    subject = subject_of(reactions)
    if subject is None or not subject.is_measured:
        return None
    verdicts = {row["claim_id"]: row for row in read_verdicts(frames)}
    claim = rise_claim(list(signed_rows(frames.part(CLAIM, "event_id", event["event_id"]), CLAIM)), verdicts)
    figure = draw_price_path(path_of(frames, subject), subject, event, claim)
    if not figure.plot:
        return None
    foot = f"{market_name(subject.market_id)} · {close_moment(subject.data_as_of)}"
    return card_of(figure, path_title(subject), event["title"], foot)


def draw_image(figure: Mapping[str, Any], image_format: str, browser: str) -> bytes:
    """The card as png or svg bytes, drawn by the Chromium at `browser`; needs kaleido."""
    import kaleido  # type: ignore[import-untyped] # ships no types

    size = {"format": image_format, "width": CARD_WIDTH, "height": CARD_HEIGHT}
    image: bytes = kaleido.calc_fig_sync(dict(figure), opts=size, kopts={"path": browser})
    return image


def card_of(figure: Figure, title: str, below: str, foot: str) -> dict[str, Any]:
    """A figure as a picture that stands alone: its title, a line below, and where and when at its foot."""
    spec = figure.plot.spec() if figure.plot else {}
    layout = dict(spec["layout"])
    marks = [simulated_mark()] if figure.is_simulated else []
    heading = f"<b>{safe(title)}</b><br><span style='font-size:20px'>{safe(limit_words(below, 90))}</span>"
    layout |= {
        "width": CARD_WIDTH,
        "height": CARD_HEIGHT,
        "paper_bgcolor": "var(--paper)",
        "title": {"text": heading, "x": 0.03, "y": 0.93, "font": {"size": 32, "color": "var(--ink)"}},
        "margin": {"l": 70, "r": 190, "t": 130, "b": 96},
        "annotations": [
            *layout.get("annotations", []),
            *marks,
            {
                "xref": "paper",
                "yref": "paper",
                "x": 0,
                "y": -0.17,
                "showarrow": False,
                "xanchor": "left",
                "text": f"Aftershock · {foot} · association, not cause",
                "font": {"size": 15, "color": "var(--ink-3)"},
            },
        ],
    }
    resolved = resolve({"data": spec["data"], "layout": layout})
    card: dict[str, Any] = json.loads(bare(json.dumps(resolved, ensure_ascii=False)))
    return card


def _measured_lines(event: Mapping[str, Any], subject: Reaction, reactions: list[Reaction]) -> list[str]:
    day = subject.headline
    benchmark = benchmark_word(day.benchmark if day else None)
    lines = [
        f"**{beyond_title(subject, category_news(event['category']), benchmark)}.**",
        "",
    ]
    if day and day.n_as_large is not None and day.n_placebo is not None:
        lines += [f"{rank_title(day)} ({separate_words(day)}).", ""]
    lines += [
        "| token | after | return | beyond benchmark | 95% interval | ordinary range |",
        "|---|---|---:|---:|---|---|",
    ]
    for item in reactions:
        for horizon in item.horizons.values():
            if horizon.raw_return is None:
                continue
            interval, ordinary = (
                (horizon.car_lower, horizon.car_upper),
                (horizon.ordinary_lower, horizon.ordinary_upper),
            )
            lines.append(
                f"| {item.asset_id} | {hours_in_words(horizon.hours)} | {percent(horizon.raw_return)} | "
                f"{percent(horizon.car) if horizon.car is not None else 'not measured'} | "
                f"{interval_words(*interval)} | {interval_words(*ordinary)} |"
            )
    return [
        *lines,
        "",
        f"Benchmark: {benchmark_word(day.benchmark if day else None)}. Data to "
        f"{as_of_words(subject.data_as_of)}. Specification {subject.spec_sha256[:16]}.",
        "",
    ]


def _when(at: Any) -> str:
    return "–" if at is None else moment(at, "second")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
