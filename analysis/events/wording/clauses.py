"""Where the sentences and clauses of a text begin and end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_SENTENCE_END = re.compile(r"(?<=[.!?])[\"”’)*]*\s+(?=[\"“‘(*]*[A-Z0-9$])|\n+")
_ABBREVIATION = re.compile(
    r"\b(?:U\.S|U\.K|E\.U|a\.m|p\.m|vs|Mr|Ms|Dr|St|No|Inc|Corp|Co|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\.$",
    re.IGNORECASE,
)
# "as" opens a clause unless it belongs to a comparison or names a role.
_AS = (
    r"(?<!much )(?<!as low )(?<!as high )(?<!many )(?<!well )(?<!soon )(?:even |just )?as"
    r"(?! (?:much|low|high|of|well|many|little|long|far|a|an|soon|it stands|fourth|third|second|top)\b)"
)
_CONNECTORS = (
    rf"\b(?:{_AS}|while|whereas|amid(?:st)?|after(?! all)|before|despite|but|though|although|following|because|when|yet"
    r"|unless|if|then|with(?= (?:a )?\$?\d| will| weak)|also)\b"
)
_PUNCTUATION = r"[:;—|?!\n]|,(?!\d)|(?<=\s)[–-](?=\s)|(?<![ap]\.m)(?<!U\.S)\.(?=\s|$)|…|\((?![A-Z]{2,6}\))"
_BREAK = re.compile(f"{_PUNCTUATION}|{_CONNECTORS}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause: its place in the text, the word or mark that opens it, and the mark that ends it (or '')."""

    start: int
    end: int
    opener: str
    closer: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence with its clauses; `paragraph` numbers the lines of the text."""

    start: int
    end: int
    paragraph: int
    clauses: tuple[Clause, ...]


def split_sentences(text: str) -> list[Sentence]:
    """The sentences of a text in order, each with its clauses; blank ones are left out."""
    sentences = []
    for start, end in _sentence_spans(text):
        if text[start:end].strip():
            sentences.append(Sentence(start, end, text.count("\n", 0, start), tuple(_clauses(text, start, end))))
    return sentences


def _sentence_spans(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for found in _SENTENCE_END.finditer(text):
        if "\n" not in found.group() and _ABBREVIATION.search(text[start : found.start()]):
            continue
        yield start, found.start()
        start = found.end()
    yield start, len(text)


def _clauses(text: str, start: int, end: int) -> Iterator[Clause]:
    at, opener = start, ""
    for found in _BREAK.finditer(text, start, end):
        is_word = found.group()[0].isalpha()
        yield Clause(at, found.start(), opener, "" if is_word else found.group())
        at, opener = (found.start() if is_word else found.end()), found.group().lower()
        if is_word:
            at = found.end()
    yield Clause(at, end, opener, "")
