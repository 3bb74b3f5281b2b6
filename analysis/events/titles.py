"""Titles in the plain form that rules and comparisons read."""

import html

import polars as pl

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

    An entity can be escaped twice in feeds (`&amp;#8217;`), so resolving is tried until nothing changes.
    """
    resolved = title.fill_null("")
    has_entity = resolved.str.contains(r"&#?\w+;")
    unescaped = pl.when(has_entity).then(resolved.map_elements(_unescape, return_dtype=pl.String)).otherwise(resolved)
    folded = unescaped.str.replace_many(list(_FOLDED), list(_FOLDED.values()))
    return folded.str.replace_all(r"\s+", " ").str.strip_chars()


def _unescape(text: str) -> str:
    for _ in range(3):
        plain = html.unescape(text)
        if plain == text:
            break
        text = plain
    return text
