"""The marks by which words keep the origin of a number through sentences, and the elements they become."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import unescape

# Private characters that no text of the record uses: a mark is OPEN origin SHOWS words CLOSE.
OPEN, SHOWS, CLOSE, PART = "\ue000", "\ue001", "\ue002", "\ue003"
_MARK = re.compile(f"{OPEN}([^{SHOWS}]*){SHOWS}([^{CLOSE}]*){CLOSE}")
_DATA = re.compile(r'<data[^>]* data-from="([^"]*)"[^>]*>[^<]*</data>')
# Elements in which only bare words may stand, as in the attributes of any tag.
_BARE = re.compile(r"<(script|style|title|svg|option)\b")


def mark(origin: str, value: str, form: str, words: str) -> str:
    """`words` as written from a value: where it stands, the value and the function that wrote it."""
    return f"{OPEN}{origin}{PART}{value}{PART}{form}{SHOWS}{words}{CLOSE}"


def mark_time(stamp: str, words: str) -> str:
    """`words` as written from a moment or a length of time."""
    return f"{OPEN}@{stamp}{SHOWS}{words}{CLOSE}"


def bare(text: str) -> str:
    """`text` without marks: what a reader sees."""
    return _MARK.sub(r"\2", text) if OPEN in text else text


def tagged(html: str) -> tuple[str, set[str]]:
    """A page whose marks became `<data>` and `<time>`, bare words where no tag may stand; and the sources it names."""
    html = str(html)  # pieces of a Markup would be escaped once more when they are joined
    sources: set[str] = set()
    written: list[str] = []
    elements, end = _bare_elements(html), 0
    first, last = next(elements, (len(html), len(html)))
    while (place := html.find(OPEN, end)) >= 0:
        while last <= place:
            first, last = next(elements, (len(html), len(html)))
        opened = html.rfind("<", end, place)
        if first <= place:
            begin, after = first, last
        elif opened > html.rfind(">", end, place):
            begin, after = opened, html.index(">", place) + 1
        else:
            begin, after = place, html.index(CLOSE, place) + 1
            origin, words = html[begin + 1 : after - 1].split(SHOWS)
            written += (html[end:begin], _tag(origin, words, sources))
            end = after
            continue
        written += (html[end:begin], bare(html[begin:after]))
        end = after
    return "".join((*written, html[end:])), sources


def _bare_elements(html: str) -> Iterator[tuple[int, int]]:
    """Where elements begin and end that hold no tags of ours, in their order."""
    end = 0
    while found := _BARE.search(html, end):
        closed = html.find(f"</{found[1]}>", found.end())
        end = found.end() if closed < 0 else closed + len(f"</{found[1]}>")
        if closed >= 0:
            yield found.start(), end


def _tag(mark: str, words: str, sources: set[str]) -> str:
    if mark.startswith("@"):
        return f'<time datetime="{mark[1:]}">{words}</time>'
    origin, value, form = mark.split(PART)
    sources.add(origin.split("|", 1)[0])
    shown = f' value="{value}"' if value else ""
    return f'<data{shown} data-from="{origin}" data-as="{form}">{words}</data>'


def with_notes(text: str, note: Callable[[str], str]) -> tuple[str, list[str]]:
    """`text` whose numbers carry the sign of a footnote, `[^1]`, and the notes in order; equal notes are one."""
    notes: dict[str, int] = {}

    def write(match: re.Match[str]) -> str:
        if match[1].startswith("@"):
            return match[2]
        place = notes.setdefault(note(match[1].split(PART)[0]), len(notes) + 1)
        return f"{match[2]}[^{place}]"

    return _MARK.sub(write, text), list(notes)


def with_raised_notes(html: str, note: Callable[[str], str]) -> tuple[str, list[str]]:
    """The same of a page whose marks are elements already: a raised number behind each `<data>`."""
    notes: dict[str, int] = {}

    def write(match: re.Match[str]) -> str:
        place = notes.setdefault(note(unescape(match[1])), len(notes) + 1)
        return f'{match[0]}<sup class="fn">{place}</sup>'

    return _DATA.sub(write, html), list(notes)
