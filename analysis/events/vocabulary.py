"""The tag rules and the entities they name, read from TOML into patterns that polars can search."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl
from pydantic import Field, model_validator

from warehouse.config import (
    ConfigText,
    Entry,
    EntryTable,
    FileForm,
    LoadedFile,
    load_config,
    nearest,
    packaged_text,
)

PLACEHOLDER = re.compile(r"\{([a-z][a-z_-]*)\}")
# Scripts that write words without spaces, or with particles after them: such a name has no border to look for.
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
# Enough of a person's text to tell two of them apart, in hexadecimal digits.
DIGEST_DIGITS = 8
# Who is a party to a happening, as opposed to who rules on it.
PARTY_KINDS = ("lab", "chipmaker", "token", "company", "provider")
# Kinds of names that hold an office where they belong to a place.
OFFICE_KINDS = ("government", "legislature", "regulator", "state", "person")


class EntityEntry(Entry):
    """One `[[entity]]`: `aliases` match in any case, `exact` as written."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    name: str = Field(min_length=1)
    kind: str = Field(pattern=r"^[a-z][a-z_-]*$")
    owner: str | None = None
    asset: str | None = None
    jurisdiction: str | None = None
    aliases: tuple[str, ...] = ()
    exact: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _check_names(self) -> EntityEntry:
        if not all((*self.aliases, *self.exact)) or not (self.aliases or self.exact):
            raise ValueError("give `aliases` (any case) or `exact` (as written), and no empty name")
        return self


class PlaceEntry(Entry):
    """One `[[place]]`: what names it as written; `offices` are of this place unless another is right before it.

    `others` hold such a name and are of no place. A `shared_name` is another place's too, and names this one where one
    of its `bodies` is right after it.
    """

    id: str = Field(pattern=r"^[A-Z]{2}(-[A-Z]{2})?$")
    name: str = Field(min_length=1)
    entity: str | None = None
    names: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    offices: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    shared_name: str | None = None
    bodies: tuple[str, ...] = ()

    @property
    def written(self) -> tuple[str, ...]:
        """Its names, and the shared one with each body as titles write both."""
        cases = {word for body in self.bodies for word in (body, re.sub(r"\b[a-z]", lambda m: m[0].upper(), body))}
        held = (f"{self.shared_name}{of} {body}" for of in ("", "'s", "’s") for body in sorted(cases))
        return (*self.names, *held)


class RuleEntry(Entry):
    """One `[[category.rule]]`: all of `all` and none of `none`."""

    id: str = Field(min_length=1)
    score: float = Field(ge=0, le=1)
    all: tuple[str, ...] = Field(min_length=1)
    none: tuple[str, ...] = ()


class _Category(Entry):
    """One `[[category]]`: a tag with its rules; `is_main` is False for tags that only ever accompany another."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    name: str = Field(min_length=1)
    definition: str = ""
    is_relevant: bool = False
    is_main: bool = True
    is_outcome: bool = False
    direction: Literal["restricts", "enables", "neutral"] = "neutral"
    examples: tuple[str, ...] = ()
    counter_examples: tuple[str, ...] = ()
    rule: tuple[RuleEntry, ...]

    @property
    def category_id(self) -> str:
        """The id under the name that tables call it by."""
        return self.id


class LanguageEntry(Entry):
    """One `[[language]]`: `marker` is found in every title that its rules look at."""

    id: str = Field(pattern=r"^[a-z]{2}$")
    name: str = Field(min_length=1)
    marker: str = Field(min_length=1)


class WordingEntry(Entry):
    """One `[[wording]]`: the rules of a category of tags.toml in one language."""

    language: str
    category: str
    examples: tuple[str, ...] = Field(min_length=1)
    counter_examples: tuple[str, ...] = Field(min_length=1)
    rule: tuple[RuleEntry, ...] = Field(min_length=1)


class NameEntry(Entry):
    """One `[[name]]`: what an entity of entities.toml is called in other languages."""

    id: str
    zh: tuple[str, ...] = ()
    ja: tuple[str, ...] = ()
    ko: tuple[str, ...] = ()
    de: tuple[str, ...] = ()
    fr: tuple[str, ...] = ()
    es: tuple[str, ...] = ()
    ru: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names in all languages."""
        return (*self.zh, *self.ja, *self.ko, *self.de, *self.fr, *self.es, *self.ru)


ENTITIES = EntryTable("entity", EntityEntry)
_CATEGORIES = EntryTable("category", _Category)
_PLACES = EntryTable("place", PlaceEntry)
ENTITY_FORM = FileForm((ENTITIES, _PLACES), texts=("version",))
_LANGUAGES = EntryTable("language", LanguageEntry)
_WORDINGS = EntryTable("wording", WordingEntry, identity=("language", "category"))
_NAMES = EntryTable("name", NameEntry)
LANGUAGE_FORM = FileForm((_LANGUAGES, _WORDINGS, _NAMES), maps=("groups",), texts=("version",))
TAG_FORM = FileForm((_CATEGORIES,), maps=("groups",), texts=("version",))


@dataclass(frozen=True, slots=True)
class Entity:
    """Somebody or something that headlines name; `owner_id` is the organisation behind a model."""

    entity_id: str
    name: str
    kind: str
    pattern: str
    owner_id: str | None
    asset_id: str | None
    jurisdiction: str | None
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlaceName:
    """One name, as written, of a place or of one of its bodies; without a place it is somebody's that holds one."""

    text: str
    place_id: str | None
    is_office: bool = False
    is_people: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """One reason for a tag: all of `required`, none of `excluded`, in a title that has `marker` (empty: in any)."""

    rule_id: str
    category_id: str
    score: float
    required: tuple[str, ...]
    excluded: tuple[str, ...]
    marker: str = ""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Categories in order of precedence, their rules, the entities, and the version that tag rows carry."""

    version: str
    categories: tuple[_Category, ...]
    rules: tuple[Rule, ...]
    entities: tuple[Entity, ...]
    wordings: tuple[WordingEntry, ...] = ()
    place_names: tuple[PlaceName, ...] = ()
    place_entities: frozenset[str] = frozenset()

    @property
    def digest(self) -> str:
        """A digest of all categories, rules, entities and places: they change it, releases the version."""
        told = (self.categories, self.rules, self.entities, self.place_names)
        return hashlib.sha256(repr(told).encode()).hexdigest()

    def category(self, category_id: str) -> _Category:
        """The category with this id; KeyError when there is none."""
        return {category.category_id: category for category in self.categories}[category_id]

    def entity(self, entity_id: str) -> Entity:
        """The entity with this id; KeyError when there is none."""
        return {entity.entity_id: entity for entity in self.entities}[entity_id]


def load_vocabulary(
    own_tags: ConfigText | None = None,
    own_entities: ConfigText | None = None,
    own_languages: ConfigText | None = None,
) -> Vocabulary:
    """The packaged vocabulary, extended or overridden by id with a person's own; ConfigError names what is wrong.

    Rules are a list: an own category that names rules replaces all of the packaged one's. Its version changes with the
    own texts. The rules of other languages follow those of tags.toml.
    """
    tags = load_config(TAG_FORM, packaged_text("analysis.events", "tags.toml"), own_tags)
    names = load_config(ENTITY_FORM, packaged_text("analysis.events", "entities.toml"), own_entities)
    others = load_config(LANGUAGE_FORM, packaged_text("analysis.events", "languages.toml"), own_languages)
    _refuse_unknown_owners(names)
    _refuse_unknown_references(others, tags, names)
    foreign = {entry.id: entry.names for entry in others.entries(_NAMES)}
    entities = tuple(_entity(entry, foreign.get(entry.id, ())) for entry in names.entries(ENTITIES))
    expand = _expander(entities, tags.texts("groups") | others.texts("groups"))
    rules = tuple(rule for entry in tags.entries(_CATEGORIES) for rule in _category_rules(entry, expand, tags))
    if own_tags is not None:
        _refuse_unreadable_patterns(rules, tags, _CATEGORIES)
    worded = _wording_rules(others, expand)
    if own_languages is not None:
        _refuse_unreadable_patterns(worded, others, _WORDINGS)
    loaded = ((tags, own_tags), (names, own_entities), (others, own_languages))
    version = "/".join(f"{file.text('version')}{_digest(own)}" for file, own in loaded)
    return Vocabulary(
        version,
        tags.entries(_CATEGORIES),
        rules + worded,
        entities,
        others.entries(_WORDINGS),
        _place_names(names),
        frozenset(entry.entity for entry in names.entries(_PLACES) if entry.entity is not None),
    )


def _digest(own: ConfigText | None) -> str:
    return "" if own is None else f"+user-{hashlib.sha256(own.text.encode()).hexdigest()[:DIGEST_DIGITS]}"


def _place_names(names: LoadedFile) -> tuple[PlaceName, ...]:
    """What names a place, the longest first: its own entry, its entity, and the bodies and officials that belong to it.

    Where the name of anybody else holds a place's, as that of a paper or a bank, it names no place.
    """
    found: dict[str, PlaceName] = {}
    places = names.entries(_PLACES)
    of_entity = {place.entity: place.id for place in places if place.entity is not None}
    for place in places:
        for text in (*place.written, *place.people, *place.offices):
            found[text] = PlaceName(text, place.id, text in place.offices, text in place.people)
        found |= {text: PlaceName(text, None) for text in place.others}
    for entity in names.entries(ENTITIES):
        written = [name for name in (*entity.aliases, *entity.exact) if name[0].isupper()]
        home = of_entity.get(entity.id, entity.jurisdiction) if entity.kind in OFFICE_KINDS else None
        is_office = entity.id not in of_entity and entity.kind != "person"
        for text in written:
            if home is not None:
                found.setdefault(text, PlaceName(text, home, is_office))
            elif any(place in text and re.search(rf"\b{re.escape(place)}\b", text) for place in found):
                found[text] = PlaceName(text, None)
    return tuple(sorted(found.values(), key=lambda name: (-len(name.text), name.text)))


def _refuse_unknown_owners(names: LoadedFile) -> None:
    known = [entry.id for entry in names.entries(ENTITIES)]
    for place in names.entries(_PLACES):
        if place.entity is not None and place.entity not in known:
            raise names.error(_PLACES, (place.id,), "entity", _unknown("entity", place.entity, known))
    for entry in names.entries(ENTITIES):
        if entry.owner is not None and entry.owner not in known:
            raise names.error(ENTITIES, (entry.id,), "owner", _unknown("entity", entry.owner, known))


def _refuse_unknown_references(others: LoadedFile, tags: LoadedFile, names: LoadedFile) -> None:
    """ConfigError where languages.toml speaks of a category, entity or language that no file has."""
    categories = [entry.id for entry in tags.entries(_CATEGORIES)]
    entities = [entry.id for entry in names.entries(ENTITIES)]
    languages = [entry.id for entry in others.entries(_LANGUAGES)]
    for entry in others.entries(_NAMES):
        if entry.id not in entities:
            raise others.error(_NAMES, (entry.id,), "id", _unknown("entity", entry.id, entities))
    for wording in others.entries(_WORDINGS):
        identity = (wording.language, wording.category)
        if wording.language not in languages:
            raise others.error(_WORDINGS, identity, "language", _unknown("language", wording.language, languages))
        if wording.category not in categories:
            raise others.error(_WORDINGS, identity, "category", _unknown("category", wording.category, categories))


def _unknown(kind: str, word: str, known: list[str]) -> str:
    meant = nearest(word, known)
    return f"no {kind} {word!r}; {f'did you mean {meant!r}?' if meant else 'add it'}"


def _refuse_unreadable_patterns(rules: tuple[Rule, ...], file: LoadedFile, table: EntryTable[Any]) -> None:
    """Only of what a person changed: reading all patterns once more costs a third of a second."""
    nothing = pl.Series([""])
    is_any = any(change.table == "groups" for change in file.changes)
    changed = {change.identity[-1]: change.identity for change in file.changes if change.identity}
    for rule in rules:
        if not is_any and rule.category_id not in changed:
            continue
        for pattern in (*rule.required, *rule.excluded):
            try:
                nothing.str.contains(pattern)
            except pl.exceptions.ComputeError as exc:
                reason = next((line for line in str(exc).splitlines() if line.startswith("error:")), str(exc))
                said = f"{rule.rule_id} has a pattern that cannot be read: {reason.removeprefix('error: ')}"
                identity = changed.get(rule.category_id, (rule.category_id,))
                raise file.error(table, identity, "rule", said) from exc


def _entity(entry: EntityEntry, foreign: tuple[str, ...]) -> Entity:
    words = [_whole_word(alias) for alias in (*entry.aliases, *foreign)]
    exact = [f"(?-i:{_whole_word(alias)})" for alias in entry.exact]
    pattern = "|".join(words + exact)
    return Entity(entry.id, entry.name, entry.kind, pattern, entry.owner, entry.asset, entry.jurisdiction, entry.hosts)


def _whole_word(alias: str) -> str:
    escaped = re.escape(alias).replace(r"\ ", r"[ -]").replace("'", "'?")
    start = r"\b" if alias[0].isalnum() and not _UNSPACED.match(alias[0]) else ""
    end = r"\b" if alias[-1].isalnum() and not _UNSPACED.match(alias[-1]) else ""
    return start + escaped + end


def _expander(entities: tuple[Entity, ...], groups: dict[str, str]) -> Callable[[str], str]:
    """What puts groups and names in place of `{name}`; KeyError with the name that stands for nothing."""
    names: dict[str, str] = {}
    for entity in entities:
        names[entity.entity_id] = entity.pattern
        names[entity.kind] = f"{names[entity.kind]}|{entity.pattern}" if entity.kind in names else entity.pattern
    names.update(groups)

    def expand(pattern: str, depth: int = 0) -> str:
        def replace(match: re.Match[str]) -> str:
            name = match.group(1)
            if depth > len(groups):
                raise KeyError(name)
            return f"(?:{expand(names[name], depth + 1)})"

        return PLACEHOLDER.sub(replace, pattern)

    return expand


def _category_rules(entry: _Category, expand: Callable[[str], str], tags: LoadedFile) -> list[Rule]:
    try:
        return [_rule(entry.id, rule, "", expand) for rule in entry.rule]
    except KeyError as exc:
        raise tags.error(_CATEGORIES, (entry.id,), "rule", _stands_for_nothing(exc)) from exc


def _wording_rules(others: LoadedFile, expand: Callable[[str], str]) -> tuple[Rule, ...]:
    """The rules of other languages, each of which also wants the marker of its language."""
    markers = {entry.id: entry.marker for entry in others.entries(_LANGUAGES)}
    rules: list[Rule] = []
    for entry in others.entries(_WORDINGS):
        try:
            rules += [_rule(entry.category, rule, f"(?i){markers[entry.language]}", expand) for rule in entry.rule]
        except KeyError as exc:
            identity = (entry.language, entry.category)
            raise others.error(_WORDINGS, identity, "rule", _stands_for_nothing(exc)) from exc
    return tuple(rules)


def _rule(category_id: str, rule: RuleEntry, marker: str, expand: Callable[[str], str]) -> Rule:
    required = tuple(f"(?i){expand(pattern)}" for pattern in rule.all)
    excluded = tuple(f"(?i){expand(pattern)}" for pattern in rule.none)
    return Rule(f"{category_id}.{rule.id}", category_id, rule.score, required, excluded, marker)


def _stands_for_nothing(missing: KeyError) -> str:
    return f"{{{missing.args[0]}}} is no group, entity kind or entity id, or stands for itself"
