"""The words that sentences about prices are made of, by what they do: assets, verbs, prepositions, quantities."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

from pydantic import Field, model_validator

from warehouse.config import ConfigText, Entry, EntryTable, FileForm, load_config, packaged_text

# Consonants after which a short base form doubles its last letter ("drop", "dropped").
_WORDS = re.compile(r"[^\W_]+")
_DOUBLING = re.compile(r"[^aeiou][aeiou][bdgmnpt]$")


class _NameEntry(Entry):
    """One `[[name]]` of assets.toml."""

    id: str = Field(pattern=r"^[A-Z0-9_]+$")
    scope: Literal["registry", "group", "other_crypto", "other_market"]
    aliases: tuple[str, ...] = ()
    exact: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _check_names(self) -> _NameEntry:
        if not (self.aliases or self.exact):
            raise ValueError("give `aliases` (any case) or `exact` (as written)")
        return self


class _ClassEntry(Entry):
    """One `[[class]]` of lexicon.toml."""

    id: str = Field(pattern=r"^[A-Z][A-Z_]+$")
    verbs: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    fills: bool = False  # a form passes over them as over words that are not known


MARKET_NAMES = EntryTable("name", _NameEntry)
NAME_FORM = FileForm((MARKET_NAMES,), texts=("version",))
CLASSES = EntryTable("class", _ClassEntry)
LEXICON_FORM = FileForm((CLASSES,), texts=("version",))


@dataclass(frozen=True, slots=True)
class NamedMarket:
    """Something that has a price: a registry asset, a declared group, or what the tape does not hold."""

    market: str
    scope: str

    @property
    def is_ours(self) -> bool:
        """Whether the tape can say anything about it."""
        return self.scope in ("registry", "group")


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a phrase can do: its classes, the market it names, the factor it states."""

    classes: frozenset[str]
    market: NamedMarket | None = None
    factor: float | None = None


# Phrases, word by word, with what they can do.
Phrases = tuple[tuple[tuple[str, ...], Meaning], ...]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Phrases by their first word, the longest first; `exact` compares letters as they are written."""

    folded: dict[str, Phrases]
    exact: dict[str, Phrases]
    name_words: frozenset[str]  # of each name its longest word, folded: a text without any names no market

    def may_name_a_market(self, text: str) -> bool:
        """Whether a market can be named in the text: cheap, and never wrongly False."""
        return not self.name_words.isdisjoint(_WORDS.findall(text.casefold()))


@cache
def packaged_lexicon() -> Lexicon:
    """The words that ship."""
    here = "analysis.claims.sentences"
    return read_lexicon([packaged_text(here, "assets.toml")], [packaged_text(here, "lexicon.toml")])


def read_lexicon(names: list[ConfigText], words: list[ConfigText]) -> Lexicon:
    """The words of all texts, later entries over earlier ones; ConfigError names file, entry and key."""
    folded: dict[tuple[str, ...], Meaning] = {}
    exact: dict[tuple[str, ...], Meaning] = {}
    for entry in load_config(LEXICON_FORM, *words).entries(CLASSES):
        forms = [form for verb in entry.verbs for form in inflections(verb)]
        for word in (*forms, *entry.words):
            phrase, _, factor = word.partition("=")
            key = _key(phrase.casefold())
            before = folded.get(key)
            classes = (
                (before.classes if before else frozenset())
                | {entry.id}
                | ({"WORD"} if entry.fills and before is None else set())
            )
            folded[key] = Meaning(classes, None, float(factor) if factor else None)
    for name in load_config(NAME_FORM, *names).entries(MARKET_NAMES):
        market = NamedMarket(name.id, name.scope)
        meaning = Meaning(frozenset({"ASSET" if market.is_ours else "OTHER"}), market)
        folded |= {_key(alias.casefold()): meaning for alias in name.aliases}
        exact |= {_key(word): meaning for word in name.exact}
    named = [key for key, meaning in (*folded.items(), *exact.items()) if meaning.market or "CRYPTO" in meaning.classes]
    telling = frozenset(
        max((part for word in key for part in _WORDS.findall(word.casefold())), key=len) for key in named
    )
    return Lexicon(_by_first(folded), _by_first(exact), telling)


def with_words(lexicon: Lexicon, words: Mapping[str, str]) -> Lexicon:
    """The lexicon with more words: for each class its phrases, comma-separated; a phrase keeps what it could do."""
    flat = {phrase: meaning for own in lexicon.folded.values() for phrase, meaning in own}
    for name, listed in words.items():
        for phrase in listed.split(","):
            key = _key(phrase.strip().casefold())
            before = flat.get(key, Meaning(frozenset()))
            flat[key] = replace(before, classes=before.classes | {name})
    return replace(lexicon, folded=_by_first(flat)) if words else lexicon


def inflections(verb: str) -> Iterator[str]:
    """The regular forms of an English verb; of a phrase the first word is inflected."""
    head, _, rest = verb.partition(" ")
    tail = f" {rest}" if rest else ""
    stem = head[:-1] if head.endswith("e") else head
    if head.endswith("y") and head[-2] not in "aeiou":
        forms = [head, f"{head[:-1]}ies", f"{head[:-1]}ied", f"{head}ing"]
    elif _DOUBLING.search(head) and head not in _SINGLE:
        forms = [head, f"{head}s", f"{head}{head[-1]}ed", f"{head}{head[-1]}ing"]
    elif head.endswith(("s", "sh", "ch", "x", "z")):
        forms = [head, f"{head}es", f"{head}ed", f"{head}ing"]
    else:
        forms = [head, f"{head}s", f"{stem}ed", f"{stem}ing"]
    return (form + tail for form in forms)


# Verbs that keep one consonant although they look like the others.
_SINGLE = {"gain", "rebound", "recover", "weaken", "open", "target", "widen", "retreat", "return", "rocket", "balloon"}
_SINGLE |= {
    "outperform",
    "maintain",
    "regain",
    "reclaim",
    "remain",
    "skyrocket",
    "await",
    "exceed",
    "lead",
    "lag behind",
}


def _key(phrase: str) -> tuple[str, ...]:
    return tuple(phrase.replace("-", " ").replace("&", " & ").replace("’", "'").split())


def _by_first(phrases: dict[tuple[str, ...], Meaning]) -> dict[str, Phrases]:
    grouped: dict[str, list[tuple[tuple[str, ...], Meaning]]] = {}
    for phrase, meaning in phrases.items():
        grouped.setdefault(phrase[0], []).append((phrase, meaning))
    return {first: tuple(sorted(found, key=lambda pair: -len(pair[0]))) for first, found in grouped.items()}
