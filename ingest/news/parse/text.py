"""Markup-free text and safe links from whatever a publisher wrote."""

from __future__ import annotations

import html
import re
from urllib.parse import quote, urljoin, urlsplit

import nh3

# Longer ones are cut at a word, with an ellipsis: a title is a headline, a summary a paragraph.
MAX_TITLE_CHARACTERS = 500
MAX_SUMMARY_CHARACTERS = 2000
MAX_LINK_CHARACTERS = 2048

# Text may be escaped more than once on its way; more rounds than this are an attack, not an accident.
MAX_ROUNDS = 10
# Markup beyond this size per field cannot improve a headline.
MAX_MARKUP_CHARACTERS = 50_000

_UNSAFE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufffe\uffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_SPACE = re.compile(r"\s+")
_CDATA_MARKS = re.compile(r"<!\[CDATA\[|\]\]>")
_TAG_LIKE = re.compile(r"<(?=[A-Za-z/!?])")
_BLOCK_END = re.compile(r"<(?:br|/p|/div|/li|/h[1-6]|/tr|/td)\b[^<>]{0,200}>", re.IGNORECASE)
_NEEDS_WORK = re.compile(r"[<&\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]|[^\S ]|  |^ | $")
# Characters that RFC 3986 does not allow in an address and that could end an attribute.
_LINK_SAFE = ";/?:@&=+$,#-_.!~*'()%[]"


def plain_text(value: str | None, max_characters: int = MAX_TITLE_CHARACTERS) -> str | None:
    """`value` without markup, scripts, control and direction characters, in single spaces; None when empty.

    Escaping is undone until nothing changes, and markup that this uncovers is removed as well.
    """
    if not value:
        return None
    text = value
    if _NEEDS_WORK.search(text):
        text = _CDATA_MARKS.sub("", text[:MAX_MARKUP_CHARACTERS])
        for _ in range(MAX_ROUNDS):
            cleaned = html.unescape(_strip_tags(text))
            if cleaned == text:
                break
            text = cleaned
        text = _TAG_LIKE.sub(" ", _SURROGATE.sub("", _UNSAFE.sub("", text)))
        text = _SPACE.sub(" ", text).strip()
    if len(text) > max_characters:
        text = text[: max_characters - 1].rsplit(" ", 1)[0].rstrip() + "…"
    return text or None


def _strip_tags(text: str) -> str:
    if "<" not in text:
        return text
    return nh3.clean(_BLOCK_END.sub(" ", text), tags=set(), strip_comments=True)


def clean_link(value: str | None, origin: str = "") -> str | None:
    """`value` as an absolute http or https address, made absolute against `origin`; None for anything else."""
    if not value:
        return None
    text = _CDATA_MARKS.sub("", value[: 2 * MAX_LINK_CHARACTERS])
    text = _SURROGATE.sub("", _UNSAFE.sub("", html.unescape(text))).strip()
    text = text.replace("\t", "").replace("\n", "").replace("\r", "")
    try:
        absolute = urljoin(origin, text) if origin else text
        parts = urlsplit(absolute)
        host = parts.hostname
    except ValueError:
        return None
    if parts.scheme.lower() not in ("http", "https") or not host or not re.fullmatch(r"[\w.\-:\[\]]+", host):
        return None
    if not host.isascii():
        try:
            absolute = absolute.replace(parts.netloc, parts.netloc.encode("idna").decode("ascii"), 1)
        except UnicodeError:
            return None
    link = quote(parts.scheme.lower() + absolute[len(parts.scheme) :], safe=_LINK_SAFE)
    return link if len(link) <= MAX_LINK_CHARACTERS else None
