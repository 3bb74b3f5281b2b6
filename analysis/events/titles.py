"""Titles in the plain form that rules and comparisons read."""

import html
import re

import polars as pl

IN_LATIN = re.compile(r"[\x00-\u024f\u2000-\u206f\u20ac]+")

_EAST = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}"
_EAST_THEN_WEST = rf"([{_EAST}])([A-Za-z0-9])"
_WEST_THEN_EAST = rf"([A-Za-z0-9])([{_EAST}])"
_FOLDED = {
    "‘": "'",
    "’": "'",
    "ʼ": "'",
    "`": "'",
    "“": '"',
    "”": '"',
    "–": "-",
    "—": "-",
    "‑": "-",
    "…": "...",
    "\u00a0": " ",
    "\u200b": "",
}


def plain_title(title: pl.Expr) -> pl.Expr:
    """`title` with entities resolved, quotes and dashes folded to ASCII and spaces collapsed; null becomes empty.

    A word of Latin letters inside Chinese, Japanese or Korean gets spaces around it, so that it has borders. An entity
    can be escaped twice in feeds (`&amp;#8217;`), so resolving is tried until nothing changes.
    """
    resolved = title.fill_null("")
    has_entity = resolved.str.contains(r"&#?\w+;")
    unescaped = pl.when(has_entity).then(resolved.map_elements(_unescape, return_dtype=pl.String)).otherwise(resolved)
    folded = unescaped.str.replace_many(list(_FOLDED), list(_FOLDED.values()))
    spaced = folded.str.replace_all(_EAST_THEN_WEST, "$1 $2").str.replace_all(_WEST_THEN_EAST, "$1 $2")
    return spaced.str.replace_all(r"\s+", " ").str.strip_chars()


def _unescape(text: str) -> str:
    for _ in range(3):
        plain = html.unescape(text)
        if plain == text:
            break
        text = plain
    return text
