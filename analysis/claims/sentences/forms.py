"""The forms of statements, read from TOML into patterns over the classes of words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

from pydantic import Field

from analysis.claims.sentences.lexicon import Lexicon, packaged_lexicon
from analysis.claims.sentences.tokens import Alphabet
from analysis.claims.statement import Comparator, Kind
from warehouse.config import ConfigText, Entry, EntryTable, FileForm, load_config, packaged_text

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
    kind: str
    direction: Literal[
        "up", "down", "none", "move", "place", "extreme", "compare", "factor", "reach", "before", "sign", "against"
    ]
    pattern: str = Field(min_length=1)
    comparator: str | None = None
    modality: str | None = None
    asset: str | None = None
    negated: bool = False
    adjacent: bool = False
    sure: bool = True  # false for a form that often speaks of something else
    examples: tuple[str, ...] = Field(min_length=1)
    counter_examples: tuple[str, ...] = Field(min_length=1)


SENTENCE_FORMS = EntryTable("form", _FormEntry)
FORM_FORM = FileForm((SENTENCE_FORMS,), maps=("macros",), texts=("version",))


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
    return read_grammar(packaged_lexicon(), packaged_text("analysis.claims.sentences", "forms.toml"))


def read_grammar(lexicon: Lexicon, *texts: ConfigText | None) -> Grammar:
    """The forms of all texts over these words; ConfigError names the form whose pattern names no class."""
    loaded = load_config(FORM_FORM, *texts)
    macros = loaded.texts("macros")
    known = _BUILT_IN | {
        name for phrases in lexicon.folded.values() for _, meaning in phrases for name in meaning.classes
    }
    alphabet = Alphabet.of(known)
    forms = []
    for entry in loaded.entries(SENTENCE_FORMS):
        try:
            pattern = re.compile(_translate(entry.pattern, macros, alphabet))
        except (re.error, KeyError) as exc:
            raise loaded.error(
                SENTENCE_FORMS, (entry.id,), "pattern", f"not a pattern over known words: {exc}"
            ) from exc
        comparator = Comparator(entry.comparator) if entry.comparator else None
        forms.append(
            Form(
                entry.id,
                Kind(entry.kind),
                entry.direction,
                pattern,
                _needs(entry.pattern, macros, alphabet),
                comparator,
                entry.modality,
                entry.negated,
                entry.adjacent,
                entry.asset,
                entry.sure,
            )
        )
    return Grammar(lexicon, alphabet, tuple(forms))


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
