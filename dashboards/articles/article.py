"""A checked text as one self-contained page: the words marked by verdict, the proof beside or under them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from markupsafe import Markup, escape

from dashboards.articles.claim_review import embedded_review, review_document
from dashboards.fill import fill, macro
from dashboards.shell.theme import STACK, TOKENS
from warehouse.tables.bars import bar_words
from warehouse.tables.spoken import spoken
from warehouse.tables.terms import STATEMENT_VERDICT_TITLES
from warehouse.tables.units import plural

# A headline over the page, in characters.
_TITLE_LENGTH = 90
_FITS = {True: "yes", False: "no", None: "–"}


def draw_article(document: Mapping[str, Any], source: str, bars: Mapping[str, str] | None = None) -> str:
    """The page of one answer of `factcheck`; `source` is the text that its places count in.

    `bars`: for each statement id the bars it rests on, as CSV.

    Lines of the text without a statement keep their place; every statement's proof stands beside its line.
    """
    statements = document["statements"]
    return fill(
        "article.html.jinja",
        title=_title(source),
        light=Markup(_palette(0)),  # noqa: S704 - our own colours
        dark=Markup(_palette(1)),  # noqa: S704 - our own colours
        stack=Markup(STACK),  # noqa: S704 - our own fonts
        review=embedded_review(review_document(document)),
        said_at=_instant(document["said_at_utc"]),
        data_as_of=_instant(document["data_as_of_utc"]),
        counts=list(_counts(statements)),
        not_judged=_silence(document["not_judged"]),
        run_id=document.get("run_id"),
        rows=list(_rows(document, source, bars or {})),
    )


def _palette(mode: int) -> str:
    return "".join(f"--{name}:{values[mode]};" for name, values in TOKENS.items())


def _title(source: str) -> str:
    line = next((line.strip() for line in source.splitlines() if line.strip()), "")
    return line if len(line) <= _TITLE_LENGTH else line[:_TITLE_LENGTH].rsplit(" ", 1)[0] + " …"


def _counts(statements: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str, int]]:
    found = Counter(item["verdict"] for item in statements)
    for verdict, words in STATEMENT_VERDICT_TITLES.items():
        if found[verdict]:
            yield verdict, words, found[verdict]


def _silence(unjudged: Sequence[Mapping[str, Any]]) -> str:
    found = Counter(item["reason"].replace("_", " ") for item in unjudged)
    if not found:
        return "Nothing else in the text speaks of a market."
    listed = ", ".join(f"{n} {reason}" for reason, n in found.most_common())
    return f"Not judged: {plural(sum(found.values()), 'passage')} ({listed})."


def _rows(document: Mapping[str, Any], source: str, bars: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    at = 0
    numbers = {item["id"]: number for number, item in enumerate(document["statements"], start=1)}
    for line in source.splitlines(keepends=True):
        end = at + len(line)
        own = [item for item in document["statements"] if at <= item["start"] < end]
        silent = [item for item in document["not_judged"] if at <= item["start"] < end]
        if line.strip():
            proofs = [_proof(item, numbers, bars.get(item["id"])) for item in own]
            yield {"marked": _mark(source, at, end, own, silent, numbers), "proofs": proofs}
        at = end


def _mark(
    source: str,
    start: int,
    end: int,
    own: Sequence[Mapping[str, Any]],
    silent: Sequence[Mapping[str, Any]],
    numbers: Mapping[str, int],
) -> Markup:
    """The line with its statements marked; of two that overlap the later one is marked from where the first ends."""
    pieces: list[Markup] = []
    at = start
    spans = sorted([(i["start"], i["end"], i) for i in own] + [(i["start"], i["end"], i) for i in silent], key=_order)
    for first, last, item in spans:
        low, high = max(first, at), min(last, end)
        pieces.append(escape(source[at:low]))
        words = escape(source[low:high])
        if "verdict" in item:
            classes = f"{item['verdict']} unsure" if item["certainty"] == "unsure" else item["verdict"]
            pieces.append(macro("parts", "statement", classes, words, item["id"], numbers[item["id"]]))
        elif words:
            reason = item["reason"].replace("_", " ")
            pieces.append(macro("parts", "not_judged", words, reason))
        at = max(at, high)
    pieces.append(escape(source[at:end].rstrip("\n")))
    return Markup("").join(pieces)


def _order(span: tuple[int, int, Any]) -> tuple[int, int]:
    return span[0], span[1]


def _proof(item: Mapping[str, Any], numbers: Mapping[str, int], bars: str | None) -> dict[str, Any]:
    window = item["window"]
    stretch = ""
    if window["from_utc"] and window["to_utc"]:
        stretch = f"{_instant(window['from_utc'])} to {_instant(window['to_utc'])} UTC"
    return {
        "id": item["id"],
        "number": numbers[item["id"]],
        "verdict": item["verdict"],
        "words": STATEMENT_VERDICT_TITLES[item["verdict"]],
        "is_unsure": item["certainty"] == "unsure",
        "text": item["text"],
        "measured": item["measured"],
        "closest_true": item["closest_true"] if item["closest_true"] != item["measured"] else "",
        "reason": "" if (item["reason"] or "") in item["measured"] else item["reason"],
        "offer": item["offer"],
        "asset": item["asset"],
        "window": stretch,
        "bar_length": bar_words(item["timeframe"]) if item.get("timeframe") else "",
        "rarity": (item.get("comparable") or {}).get("words", ""),
        "elsewhere": item.get("elsewhere") or "",
        "bars": f"data:text/csv;charset=utf-8,{quote(bars)}" if bars else "",
        "readings": [
            {"name": reading["name"], "detail": reading["detail"], "fits": _FITS[reading["fits"]]}
            for reading in item["readings"]
        ],
    }


def _instant(written: str | None) -> str:
    return "" if written is None else spoken(written[:16])
