"""Bytes of a feed as text that is safe to hand to a parser, or the reason why not."""

from __future__ import annotations

import codecs
import json
import re
import sys
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from warehouse.tables.units import count

# Larger feeds are refused: the largest honest one in the registry is below 3 MB.
MAX_BODY_BYTES = 8_000_000
# Elements left open at once; text that only mentions tags (line breaks inside character data) stays far below.
MAX_OPEN_ELEMENTS = 100_000


class DecodeReason(StrEnum):
    """Why a document gave no entries, or only some."""

    EMPTY_BODY = "empty_body"
    TOO_LARGE = "too_large"
    HTML_PAGE = "html_page"
    ENTITY_DECLARATION = "entity_declaration"
    NOT_A_FEED = "not_a_feed"
    BROKEN_JSON = "broken_json"
    BROKEN_XML = "broken_xml"
    PARSER_FAILED = "parser_failed"
    NO_ENTRIES = "no_entries"
    TOO_SLOW = "too_slow"
    TOO_DEEP = "too_deep"
    TOO_MANY_ENTRIES = "too_many_entries"


@dataclass(frozen=True, slots=True)
class Refused:
    """A document that is not parsed, and why."""

    reason: DecodeReason
    detail: str


# Codecs that are not text encodings of the web, or that can hide a declaration from a reader of the bytes.
_NEVER = frozenset({"utf-7", "idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"})
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# The first characters of XML or JSON without a byte-order mark (XML 1.0, appendix F).
_OPENINGS = (
    (b"\x00\x00\x00<", "utf-32-be"),
    (b"<\x00\x00\x00", "utf-32-le"),
    (b"\x00<", "utf-16-be"),
    (b"<\x00", "utf-16-le"),
    (b"\x00{", "utf-16-be"),
    (b"{\x00", "utf-16-le"),
    (b"\x4c\x6f\xa7\x94", "cp037"),
)
_DECLARED = re.compile(r"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:\-]{1,40})["']""")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9._:\-]{1,40})", re.IGNORECASE)
_XML_DECLARATION = re.compile(r"^\s*<\?xml\b[^>]{0,400}\?>\s*", re.IGNORECASE)
_DOCTYPE_START = re.compile(r"<!DOCTYPE\b", re.IGNORECASE)
_DOCTYPE_STOP = re.compile(r"[\[>]")
_ENTITY = re.compile(r"<!ENTITY\b", re.IGNORECASE)
_FIRST_ELEMENT = re.compile(r"<[A-Za-z_]")
_CHARACTER_REFERENCE = re.compile(r"&#(x[0-9a-f]{1,40}|[0-9]{1,40});?", re.IGNORECASE)
# A backslash with what it escapes; group 1 is what JSON knows no escape for.
_ESCAPE = re.compile(r'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}|(.))', re.DOTALL)
_HTML = re.compile(r"<(?:!doctype\s+html|html|head|body|meta|script|div)\b", re.IGNORECASE)
# A whole feed inside a web page: some servers wrap it.
_WRAPPED_FEED = re.compile(r"<(rss|feed|rdf:RDF)\b.*</\1\s*>", re.IGNORECASE | re.DOTALL)
_FEED_ROOT = re.compile(r"<(?:[\w.\-]{1,40}:)?(?:rss|feed|rdf|channel|entry|item)\b", re.IGNORECASE)
# How far into a document its root element may begin.
_HEAD_CHARACTERS = 20_000


def decode_text(body: bytes, content_type: str = "") -> str:
    """The characters of `body`: byte-order mark, then opening bytes, then the declared encodings, then UTF-8.

    What no encoding explains is read as Windows-1252, the web's habit, with replacement marks at worst.
    """
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return body.decode(encoding, errors="replace")
    guessed = next((encoding for opening, encoding in _OPENINGS if body.startswith(opening)), None)
    head = body[:400].decode(guessed or "latin-1", errors="replace")
    declared = _DECLARED.search(head)
    labels = [declared.group(1) if declared else None, guessed, _charset(content_type), "utf-8", "windows-1252"]
    for label in labels:
        text = _try_codec(body, label)
        if text is not None:
            return text
    return body.decode("windows-1252", errors="replace")


def _charset(content_type: str) -> str | None:
    found = _CHARSET.search(content_type)
    return found.group(1) if found else None


def _try_codec(body: bytes, label: str | None) -> str | None:
    if not label:
        return None
    try:
        codec = codecs.lookup(label)
        if codec.name.replace("_", "-") in _NEVER or codec.name in _NEVER or not codec._is_text_encoding:
            return None
        return codec.decode(body, "strict")[0]
    except (LookupError, UnicodeError, ValueError):
        return None


def load_json(text: str) -> Any:
    """The value of a JSON text; a bad escape or a bare control character costs nothing but itself. ValueError."""
    try:
        # Publishers leave control characters in titles, which strict JSON forbids.
        return json.loads(text, strict=False)
    except ValueError:
        return json.loads(_ESCAPE.sub(_keep_escape, text), strict=False)


def _keep_escape(found: re.Match[str]) -> str:
    """A known escape as it is; of another the character, with its backslash where that may be part of the words."""
    escaped: str | None = found.group(1)
    if escaped is None:
        return found.group()
    return "\\\\" + escaped if escaped.isalnum() else escaped


def _without_comments(text: str) -> str:
    """`text` less its comments, in one pass; a comment that never ends takes the rest with it."""
    pieces, position = [], 0
    while (start := text.find("<!--", position)) >= 0:
        pieces.append(text[position:start])
        end = text.find("-->", start + 4)
        if end < 0:
            return "".join(pieces)
        position = end + 3
    return "".join([*pieces, text[position:]])


def prepare_xml(text: str) -> str | Refused:
    """`text` without declaration and document type, ready for a parser that reads UTF-8; or why it is refused.

    A document type with an internal subset can define entities that grow without bound, so it is never parsed; one
    that only points elsewhere (RSS 0.91 has it) is taken off.
    """
    body = _XML_DECLARATION.sub("", text.lstrip("\ufeff \t\r\n"), count=1)
    first = _FIRST_ELEMENT.search(body)
    prolog = _without_comments(body[: first.start()] if first else body)
    if _has_subset(prolog) or _ENTITY.search(prolog):
        return Refused(
            DecodeReason.ENTITY_DECLARATION,
            "the document type has an internal subset, which can define entities; ask the publisher for plain XML",
        )
    head = _without_comments(body[:_HEAD_CHARACTERS])
    root = _FEED_ROOT.search(head)
    page = _HTML.search(head)
    if page and root and page.start() < root.start() and (wrapped := _WRAPPED_FEED.search(body)):
        body = wrapped.group()
    elif page and (root is None or page.start() < root.start()):
        return Refused(DecodeReason.HTML_PAGE, "a web page was served instead of a feed; open the address in a browser")
    if _count_open_elements(body) > MAX_OPEN_ELEMENTS:
        return Refused(
            DecodeReason.TOO_DEEP,
            f"more than {count(MAX_OPEN_ELEMENTS)} elements are opened and never closed; ask the publisher for a feed",
        )
    return _CHARACTER_REFERENCE.sub(_keep_possible, _without_document_type(body))


def _count_open_elements(body: str) -> int:
    n_ends = body.count("</")
    n_starts = body.count("<") - n_ends - body.count("<!") - body.count("<?")
    return n_starts - n_ends - body.count("/>")


def _keep_possible(reference: re.Match[str]) -> str:
    """The reference, or nothing where it names no character (beyond Unicode, half a pair, a null)."""
    digits = reference.group(1)
    code = int(digits[1:], 16) if digits[0] in "xX" else int(digits)
    is_character = 0 < code <= sys.maxunicode and not 0xD800 <= code <= 0xDFFF
    return reference.group() if is_character else ""


def _has_subset(prolog: str) -> bool:
    """Whether the first document type opens a bracket before it ends."""
    start = _DOCTYPE_START.search(prolog)
    stop = _DOCTYPE_STOP.search(prolog, start.end()) if start else None
    return stop is not None and stop.group() == "["


def _without_document_type(body: str) -> str:
    start = _DOCTYPE_START.search(body[:_HEAD_CHARACTERS])
    end = body.find(">", start.end()) if start else -1
    return body[: start.start()] + body[end + 1 :] if start and end >= 0 else body
