"""A checked text written for people, programs and correction."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from typing import Any

import tomlkit

from analysis.claims.check.answer import CheckedText, JudgedStatement, answer_bars, as_document
from analysis.claims.statement import Statement, StatementVerdict
from flows.output import csv_text
from warehouse.tables.bars import DAY
from warehouse.tables.terms import STATEMENT_VERDICT_TITLES
from warehouse.tables.units import ascii_number, iso_day, iso_minute, moment, plain, plural

# A terminal is at least this wide.
_WIDTH = 100
# Significant digits of a quoted price: none is longer.
PRICE_DIGITS = 12
_INDENT = "    "
_GIVE_SAID = "give the day of publication, such as"
# The bars of a longer window would weigh more than the page; `--format csv` has them.
MOST_BARS = 1000


def as_json(answer: CheckedText) -> str:
    """The document of the answer; keys are stable, places are characters of the text given."""
    return json.dumps(as_document(answer), ensure_ascii=False, indent=1) + "\n"


def as_table(answer: CheckedText) -> str:
    """One block a statement: verdict, words, what was measured, the closest true statement."""
    lines: list[str] = []
    for item, judged in zip(as_document(answer)["statements"], answer.statements, strict=True):
        unsure = " (reading unsure)" if item["certainty"] == "unsure" else ""
        lines.append(
            f"{STATEMENT_VERDICT_TITLES[item['verdict']]}: “{_one_line(item['text'])}” {item['asset']}{unsure}"
        )
        rarity = f"{item['comparable']['words']}." if item["comparable"] else None
        reason = item["reason"] if (item["reason"] or "") not in item["measured"] else None
        texts = (item["measured"], item["closest_true"], reason, _counted_from(judged), rarity, item["elsewhere"])
        said = list(dict.fromkeys(text for text in texts if text))
        lines += [wrapped for text in said for wrapped in _wrapped(text)]
    offers = dict.fromkeys(item.offer for item in answer.statements if item.offer)
    lines += [wrapped for offer in offers for wrapped in _wrapped(f"{offer}.")]
    lines += list(_silence(answer))
    if not answer.statements:
        lines.insert(0, "No statement about the past of one of our markets was read.")
    return "\n".join(lines) + "\n"


def _counted_from(judged: JudgedStatement) -> str | None:
    """The event that the window of a statement begins with, named."""
    said = judged.read.statement
    if said.event_id is None or said.event_utc is None or judged.window.from_utc != said.event_utc:
        return None
    return f"Counted from the event {said.event_id}, {moment(said.event_utc)}."


def as_csv(answer: CheckedText) -> str:
    """The bars that each verdict rests on, with the id of its statement."""
    return csv_text(answer_bars(answer))


def as_html(answer: CheckedText) -> str:
    """The marked text as one self-contained page."""
    from dashboards.articles.article import draw_article

    bars = answer_bars(answer).partition_by("statement_id", as_dict=True)
    links = {str(statement_id): csv_text(rows) for (statement_id,), rows in bars.items() if rows.height <= MOST_BARS}
    return draw_article(as_document(answer), answer.text, links)


def as_claimreview(answer: CheckedText) -> str:
    """The verdicts as schema.org ClaimReview."""
    from dashboards.articles.claim_review import review_document

    return json.dumps(review_document(as_document(answer)), ensure_ascii=False, indent=1) + "\n"


def as_toml(answer: CheckedText) -> str:
    """Claims for config/claims.toml, one a statement: to correct a reading and have it judged with every run."""
    entries = tomlkit.aot()
    for item, judged in zip(as_document(answer)["statements"], answer.statements, strict=True):
        entries.append(tomlkit.item(_claim(item, judged.read.statement)))
    document = tomlkit.document()
    document.add(
        tomlkit.comment("Correct what was read wrongly; `aftershock claims check --file THIS` judges it again.")
    )
    document.add("claim", entries)
    return tomlkit.dumps(document)


def _claim(item: dict[str, Any], said: Statement) -> dict[str, Any]:
    is_factor = item["kind"] == "multiple"
    window = said.window
    is_placed = window is not None and window.from_utc is not None and window.to_utc is not None
    entry: dict[str, Any] = {
        "id": f"read-{item['id']}",
        "episode": "read",
        "kind": item["kind"],
        "quote": _one_line(item["text"]),
        "asset": item["asset"],
        "direction": item["direction"],
        "said_at": said.said_at,
        "size": None if is_factor else _percent(said.size),
        "size_high": _percent(said.size_high),
        "factor": said.size if is_factor else None,
        "amount": _dollars(said.amount),
        "peak": _dollars(said.peak),
        "price": _dollars(said.price),
        "price_high": _dollars(said.price_high),
        "written": said.price_quoted if said.price is not None else said.size_quoted,
        "comparator": item["comparator"],
        "as_amount": item["as_amount"],
        "held": item["held"],
        "tolerance": said.tolerance,
        "negated": said.is_negated or None,
        "range_bound": said.is_range_bound or None,
        "as_of": said.as_of,
        "period" if item["kind"] == "n_period_extreme" else "window": (
            f"{item['window']['from_utc']}/{item['window']['to_utc']}" if is_placed else item["window"]["token"]
        ),
        "versus": item["versus"],
        "event": item["event_id"],
        "at": said.event_utc if item["event_id"] is None else None,
    }
    return {key: value for key, value in entry.items() if value is not None}


def _dollars(value: float | None) -> str | None:
    return None if value is None else f"${plain(value, PRICE_DIGITS)}"


def _percent(size: float | None) -> str | None:
    return None if size is None else f"{ascii_number(100 * size)}%"


def _silence(answer: CheckedText) -> Iterator[str]:
    for item in answer.unjudged:
        yield f"not judged ({item.reason.replace('_', ' ')}): “{_one_line(answer.text[item.start : item.end])}”"
    told = f"{plural(len(answer.statements), 'statement')} judged as of {iso_minute(answer.said_at)} UTC"
    yield f"{told}; {plural(len(answer.unjudged), 'passage')} not judged"
    if answer.data_as_of is not None:
        is_open = any(item.judgement.verdict is StatementVerdict.CANNOT_BE_TOLD for item in answer.statements)
        if (is_open or answer.unjudged) and answer.said_at - answer.data_as_of > DAY:
            yield f"read as said long after the last stored price; {_GIVE_SAID} --said {iso_day(answer.data_as_of)}"
        yield f"prices stored until {iso_minute(answer.data_as_of)} UTC, by run {answer.run_id or 'unknown'}"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT)
