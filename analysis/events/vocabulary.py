"""The tag rules and the entities they name, read from TOML into patterns that polars can search."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

ENTITY_KEYS = {"id", "name", "kind", "owner", "asset", "jurisdiction", "aliases", "exact", "hosts"}
CATEGORY_KEYS = {
    "id",
    "name",
    "definition",
    "is_relevant",
    "is_main",
    "is_outcome",
    "direction",
    "examples",
    "counter_examples",
    "rule",
}
RULE_KEYS = {"id", "score", "all", "none"}
PLACEHOLDER = re.compile(r"\{([a-z][a-z_-]*)\}")


class VocabularyError(ValueError):
    """A rule or entity file cannot be read; the message names file, entry and key."""


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
class Rule:
    """One reason for a tag: all of `required`, none of `excluded`."""

    rule_id: str
    category_id: str
    score: float
    required: tuple[str, ...]
    excluded: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Category:
    """One tag with its definition; `is_main` is False for tags that only ever accompany another."""

    category_id: str
    name: str
    definition: str
    is_relevant: bool
    is_main: bool
    is_outcome: bool
    direction: str
    examples: tuple[str, ...]
    counter_examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Categories in order of precedence, their rules, the entities, and the version that tag rows carry."""

    version: str
    categories: tuple[Category, ...]
    rules: tuple[Rule, ...]
    entities: tuple[Entity, ...]

    def category(self, category_id: str) -> Category:
        """The category with this id; KeyError when there is none."""
        return {category.category_id: category for category in self.categories}[category_id]

    def entity(self, entity_id: str) -> Entity:
        """The entity with this id; KeyError when there is none."""
        return {entity.entity_id: entity for entity in self.entities}[entity_id]


def load_vocabulary(user_tags: str | None = None, user_entities: str | None = None) -> Vocabulary:
    """The packaged vocabulary, extended or overridden by id with the user's TOML; VocabularyError when malformed."""
    tags = _read("tags.toml", _packaged("tags.toml"), {"version", "groups", "category"})
    entities = _read("entities.toml", _packaged("entities.toml"), {"version", "entity"})
    version = f"{tags['version']}/{entities['version']}"
    if user_entities is not None:
        extra = _read("config/entities.toml", user_entities, {"version", "entity"})
        entities["entity"] = _override(entities["entity"], extra.get("entity", []))
        version += "+user"
    if user_tags is not None:
        extra = _read("config/tags.toml", user_tags, {"version", "groups", "category"})
        tags["groups"] = {**tags["groups"], **extra.get("groups", {})}
        tags["category"] = _override(tags["category"], extra.get("category", []))
        version += "+user"
    parsed_entities = tuple(_entity(entry) for entry in entities["entity"])
    expand = _expander(parsed_entities, tags["groups"])
    return Vocabulary(
        version,
        tuple(_category(entry) for entry in tags["category"]),
        tuple(rule for entry in tags["category"] for rule in _rules(entry, expand)),
        parsed_entities,
    )


def _packaged(name: str) -> str:
    return files("analysis.events").joinpath(name).read_text(encoding="utf-8")


def _read(source: str, text: str, allowed: set[str]) -> dict[str, Any]:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        raise VocabularyError(f"{source} is not valid TOML: {exc}") from exc
    _refuse_unknown(source, "top level", data, allowed)
    return data


def _refuse_unknown(source: str, entry: str, data: Mapping[str, Any], allowed: set[str]) -> None:
    unknown = sorted(set(data) - allowed)
    if unknown:
        raise VocabularyError(f"{source}, {entry}: unknown key(s) {unknown}; expected {sorted(allowed)}")


def _override(base: list[dict[str, Any]], extra: list[dict[str, Any]]) -> list[dict[str, Any]]:
    merged = {entry["id"]: entry for entry in base}
    for entry in extra:
        if "id" not in entry:
            raise VocabularyError(f"user entry {entry} has no id")
        merged[entry["id"]] = {**merged.get(entry["id"], {}), **entry}
    return list(merged.values())


def _entity(entry: dict[str, Any]) -> Entity:
    _refuse_unknown("entities.toml", f"entity {entry.get('id')}", entry, ENTITY_KEYS)
    words = [_whole_word(alias) for alias in entry.get("aliases", [])]
    exact = [f"(?-i:{_whole_word(alias)})" for alias in entry.get("exact", [])]
    if not words and not exact:
        raise VocabularyError(f"entities.toml, entity {entry.get('id')}: needs aliases or exact")
    return Entity(
        entry["id"],
        entry["name"],
        entry["kind"],
        "|".join(words + exact),
        entry.get("owner"),
        entry.get("asset"),
        entry.get("jurisdiction"),
        tuple(entry.get("hosts", ())),
    )


def _whole_word(alias: str) -> str:
    escaped = re.escape(alias).replace(r"\ ", r"[ -]").replace("'", "'?")
    start = r"\b" if alias[0].isalnum() else ""
    end = r"\b" if alias[-1].isalnum() else ""
    return start + escaped + end


def _expander(entities: tuple[Entity, ...], groups: dict[str, str]) -> Any:
    names: dict[str, str] = {}
    for entity in entities:
        names[entity.entity_id] = entity.pattern
        names[entity.kind] = f"{names[entity.kind]}|{entity.pattern}" if entity.kind in names else entity.pattern
    names.update(groups)

    def expand(pattern: str, depth: int = 0) -> str:
        def replace(match: re.Match[str]) -> str:
            name = match.group(1)
            if name not in names or depth > len(groups):
                raise VocabularyError(f"tags.toml: {{{name}}} is no group, entity kind or entity id")
            return f"(?:{expand(names[name], depth + 1)})"

        return PLACEHOLDER.sub(replace, pattern)

    return expand


def _category(entry: dict[str, Any]) -> Category:
    _refuse_unknown("tags.toml", f"category {entry.get('id')}", entry, CATEGORY_KEYS)
    return Category(
        entry["id"],
        entry.get("name", entry["id"]),
        entry.get("definition", ""),
        bool(entry.get("is_relevant", False)),
        bool(entry.get("is_main", True)),
        bool(entry.get("is_outcome", False)),
        entry.get("direction", "neutral"),
        tuple(entry.get("examples", ())),
        tuple(entry.get("counter_examples", ())),
    )


def _rules(entry: dict[str, Any], expand: Any) -> list[Rule]:
    found = []
    for rule in entry.get("rule", []):
        _refuse_unknown("tags.toml", f"rule {entry['id']}.{rule.get('id')}", rule, RULE_KEYS)
        found.append(
            Rule(
                f"{entry['id']}.{rule['id']}",
                entry["id"],
                float(rule["score"]),
                tuple(f"(?i){expand(pattern)}" for pattern in rule["all"]),
                tuple(f"(?i){expand(pattern)}" for pattern in rule.get("none", [])),
            )
        )
    return found
