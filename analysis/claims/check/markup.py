"""The words of an HTML page, each with its place in the source."""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime
from html.parser import HTMLParser

_SILENT = {"script", "style", "noscript", "template", "head", "nav", "footer", "aside", "form", "button", "svg"}
_BLOCKS = {"p", "div", "br", "li", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "tr", "table", "section", "article"}
_BLOCKS |= {"blockquote", "figcaption", "header", "main", "pre", "hr", "thead", "tbody"}
_LOOKS_LIKE_MARKUP = re.compile(r"<(?:!doctype|html|body|article|p|div|h1|table)\b", re.IGNORECASE)
_PUBLISHED = re.compile(
    r"(?:article:published_time|datePublished|pubdate|date)[\"']?[^>]{0,40}?(?:content|datetime|:)\s*=?\s*[\"']"
    r"(?P<time>\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:?\d\d)?)?)|<time[^>]+datetime=[\"'](?P<time2>[^\"']+)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class PlainText:
    """The words of a page; `place` gives back where a character of them stands in the source."""

    text: str
    _starts: tuple[int, ...]  # where each piece begins in `text`
    _places: tuple[int, ...]  # where it begins in the source

    def place(self, offset: int) -> int:
        """The place in the source of the character at `offset` of the text."""
        if not self._starts:
            return offset
        piece = max(bisect_right(self._starts, offset) - 1, 0)
        return self._places[piece] + offset - self._starts[piece]


def is_markup(text: str) -> bool:
    """Whether a text is an HTML page."""
    return _LOOKS_LIKE_MARKUP.search(text) is not None


def read_markup(source: str) -> PlainText:
    """The visible words of a page: a line a block, `|` between the cells of a row."""
    reader = _Reader(source)
    reader.feed(source)
    reader.close()
    return PlainText("".join(reader.pieces), tuple(reader.starts), tuple(reader.places))


def published_time(source: str) -> datetime | None:
    """The time of publication that a page states about itself; None where it states none that can be read."""
    found = _PUBLISHED.search(source)
    if found is None:
        return None
    try:
        stated = datetime.fromisoformat(found["time"] or found["time2"])
    except ValueError:
        return None
    if stated.tzinfo is not None:
        return stated.astimezone(UTC)
    return (
        stated.replace(hour=23, minute=59, tzinfo=UTC)
        if stated.hour == stated.minute == 0
        else stated.replace(tzinfo=UTC)
    )


class _Reader(HTMLParser):
    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=False)
        self._line_starts = [0, *(found.end() for found in re.finditer("\n", source))]
        self._silent = 0
        self._length = 0
        self.pieces: list[str] = []
        self.starts: list[int] = []
        self.places: list[int] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in _SILENT
        if tag in _BLOCKS:
            self._add("\n")
        elif tag in ("td", "th"):
            self._add(" | ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(self._silent - 1, 0)
        if tag in _BLOCKS:
            self._add("\n")

    def handle_data(self, data: str) -> None:
        self._add(re.sub(r"\s", " ", data))

    def handle_entityref(self, name: str) -> None:
        self._add(html.unescape(f"&{name};"))

    def handle_charref(self, name: str) -> None:
        self._add(html.unescape(f"&#{name};"))

    def _add(self, text: str) -> None:
        if self._silent:
            return
        line, column = self.getpos()
        self.starts.append(self._length)
        self.places.append(self._line_starts[line - 1] + column)
        self.pieces.append(text)
        self._length += len(text)
