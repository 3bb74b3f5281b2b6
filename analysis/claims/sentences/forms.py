"""The forms of statements, read from TOML into patterns over the classes of words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

from pydantic import Field

from analysis.claims.sentences.lexicon import Lexicon, packaged_lexicon, with_words
from analysis.claims.sentences.tokens import Alphabet
from analysis.claims.statement import Comparator, Kind
from warehouse.config import ConfigText, Entry, EntryTable, FileForm, LoadedFile, load_config, packaged_text

_NAME = re.compile(r"[A-Z][A-Z_]+")
# Classes that the tokeniser gives without the lexicon.
_BUILT_IN = {
    "ASSET",
    "OTHER",
    "WORD",
    "POSS",
    "BREAK",
    "COMMA",
    "PERCENT",
    "SIGNED",
    "PRICE",
    "AMOUNT",
    "RANGE",
    "MONEY",
}
_BUILT_IN |= {"TIMES", "NUMBER", "PERIOD_HIGH", "PERIOD_LOW", "SINCE_HIGH", "SINCE_LOW", "FIRST_SINCE"}


class _FormEntry(Entry):
    """One `[[form]]` of forms.toml."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    kind: Kind = Field(strict=False)
    direction: Literal[
        "up", "down", "none", "move", "place", "extreme", "compare", "factor", "reach", "before", "sign", "against"
    ]
    pattern: str = Field(min_length=1)
    comparator: Comparator | None = Field(default=None, strict=False)
    modality: str | None = None
    asset: str | None = None
    negated: bool = False
    adjacent: bool = False
    sure: bool = True  # false for a form that often speaks of something else
    examples: tuple[str, ...] = Field(min_length=1)
    counter_examples: tuple[str, ...] = Field(min_length=1)


SENTENCE_FORMS = EntryTable("form", _FormEntry)
FORM_FORM = FileForm((SENTENCE_FORMS,), maps=("macros", "words"), texts=("version",))


@dataclass(frozen=True, slots=True)
class Form:
    """One way to say something about a price; of each set of `needs` a sentence has a letter, or it cannot match."""

    form_id: str
    kind: Kind
    direction: str
    pattern: re.Pattern[str]
    needs: tuple[frozenset[str], ...]
    comparator: Comparator | None
    modality: str | None
    is_negated: bool
    is_adjacent: bool
    asset: str | None  # of a form that names its market itself
    is_sure: bool

    def may_match(self, letters: set[str]) -> bool:
        """Whether a sentence with these letters may match: cheap, and never wrongly False."""
        return not any(need.isdisjoint(letters) for need in self.needs)


@dataclass(frozen=True, slots=True)
class Grammar:
    """Everything that reading needs: words, letters, and forms in their order."""

    lexicon: Lexicon
    alphabet: Alphabet
    forms: tuple[Form, ...]


@cache
def packaged_grammar() -> Grammar:
    """The grammar that ships."""
    return read_grammar(packaged_lexicon(), packaged_forms())


def packaged_forms() -> ConfigText:
    """The forms that ship."""
    return packaged_text("analysis.claims.sentences", "forms.toml")


def read_grammar(lexicon: Lexicon, *texts: ConfigText | None) -> Grammar:
    """The forms of all texts over these words and theirs; a new form of the last of several is tried before all others.

    ConfigError names the form whose pattern names no class, whose kind or whose comparator there is not.
    """
    loaded = load_config(FORM_FORM, *texts)
    macros = loaded.texts("macros")
    lexicon = with_words(lexicon, loaded.texts("words"))
    known = _BUILT_IN | {
        name for phrases in lexicon.folded.values() for _, meaning in phrases for name in meaning.classes
    }
    alphabet = Alphabet.of(known)
    is_own = sum(text is not None for text in texts) > 1
    own = {change.identity[0] for change in loaded.changes if change.is_new and change.identity} if is_own else set()
    entries = sorted(loaded.entries(SENTENCE_FORMS), key=lambda entry: entry.id not in own)
    return Grammar(lexicon, alphabet, tuple(_form(entry, loaded, macros, alphabet) for entry in entries))


def _form(entry: _FormEntry, loaded: LoadedFile, macros: dict[str, str], alphabet: Alphabet) -> Form:
    try:
        pattern = re.compile(_translate(entry.pattern, macros, alphabet))
    except (re.error, KeyError) as exc:
        raise loaded.error(SENTENCE_FORMS, (entry.id,), "pattern", f"not a pattern over known words: {exc}") from exc
    return Form(
        entry.id,
        entry.kind,
        entry.direction,
        pattern,
        _needs(entry.pattern, macros, alphabet),
        entry.comparator,
        entry.modality,
        entry.negated,
        entry.adjacent,
        entry.asset,
        entry.sure,
    )


# At the top level of a pattern: a group with its quantifier, or a class that may be absent, is no need.
_OPTIONAL = re.compile(r"[A-Z_]+(?:\{0,\d\}|\?|\*)")
_GROUP = re.compile(r"\([^()]*\)")


def _needs(pattern: str, macros: dict[str, str], alphabet: Alphabet) -> tuple[frozenset[str], ...]:
    """For each class outside of groups that has to be there, the letters one of which then stands in the sentence."""
    while (bare := _GROUP.sub(" ", pattern)) != pattern:
        pattern = bare
    if "|" in pattern:
        return ()
    needs = []
    for name in _NAME.findall(_OPTIONAL.sub(" ", pattern)):
        named = _NAME.findall(macros.get(name, name))
        if not any(one in macros for one in named):
            needs.append(frozenset(alphabet.letters[one] for one in named))
    return tuple(needs)


def _translate(pattern: str, macros: dict[str, str], alphabet: Alphabet) -> str:
    """The pattern over letters: each class is one token that has its letter."""
    for _ in range(len(macros)):
        pattern = _NAME.sub(lambda name: macros.get(name.group(), name.group()), pattern)
    lettered = _NAME.sub(lambda name: f"(?:<[^>]*{alphabet.letters[name.group()]}[^>]*>)", pattern)
    return lettered.replace(" ", "")
