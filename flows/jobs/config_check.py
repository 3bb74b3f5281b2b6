"""Look at a person's own TOML files before anything is done with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from analysis.claims.language import CLAIM_FORM
from analysis.claims.sentences.forms import FORM_FORM
from analysis.claims.sentences.own_forms import own_grammar
from analysis.events.decisions import DECISION_FORM, NEEDED_FOR_NEW, read_decisions
from analysis.events.vocabulary import ENTITY_FORM, LANGUAGE_FORM, TAG_FORM
from flows.alerts.rules import ALERT_FORM, load_rules
from flows.configuration import OWN_FILES, read_own, unread_files
from flows.errors import CommandError
from flows.jobs.labelled_files import load_user_vocabulary
from flows.steps.claims import load_claims
from flows.study_registry import STUDY_FORM, load_studies
from ingest.news.feeds import FEED_FORM, load_feeds
from ingest.prices.registry import ASSET_FORM, MARKET_FORM, load_registry
from warehouse.config import ConfigChange, ConfigError, ConfigText, FileForm, load_config, packaged_text

# What may stand in each file, and the package that ships what it extends; decisions extend the events themselves.
FORMS: dict[str, tuple[FileForm, str | None]] = {
    "alerts.toml": (ALERT_FORM, None),
    "assets.toml": (ASSET_FORM, "ingest.prices"),
    "claims.toml": (CLAIM_FORM, "analysis.claims"),
    "entities.toml": (ENTITY_FORM, "analysis.events"),
    "events.toml": (DECISION_FORM, None),
    "feeds.toml": (FEED_FORM, "ingest.news"),
    "forms.toml": (FORM_FORM, "analysis.claims.sentences"),
    "languages.toml": (LANGUAGE_FORM, "analysis.events"),
    "markets.toml": (MARKET_FORM, "ingest.prices"),
    "studies.toml": (STUDY_FORM, "flows"),
    "tags.toml": (TAG_FORM, "analysis.events"),
}
# Whole loads, which also see what one file says of another.
LOADS: tuple[Callable[[Path], object], ...] = (
    lambda path: load_registry(read_own(path, "assets.toml"), read_own(path, "markets.toml")),
    load_claims,
    lambda path: read_decisions(read_own(path, "events.toml")),
    lambda path: own_grammar(read_own(path, "forms.toml")),
    lambda path: load_feeds(read_own(path, "feeds.toml")),
    load_rules,
    load_studies,
    load_user_vocabulary,
)
CHANGE_SCHEMA = {"file": pl.String, "entry": pl.String, "does": pl.String, "keys": pl.String}


@dataclass(frozen=True, slots=True)
class Examination:
    """What the own files say (file, entry, does, keys), every fault in them, and files that nothing reads."""

    changes: pl.DataFrame
    faults: tuple[str, ...]
    unread: tuple[str, ...]


def examine_configuration(config_path: Path) -> Examination:
    """Read and check every file of `config/`; a fault in one does not hide those of the others."""
    faults: dict[str, None] = {}
    rows: list[tuple[str, str, str, str]] = []
    for load in LOADS:
        try:
            load(config_path)
        except (ConfigError, CommandError) as exc:
            faults |= dict.fromkeys(str(exc).splitlines())
    for name in OWN_FILES:
        try:
            rows += [_describe(name, change) for change in read_changes(name, read_own(config_path, name))]
        except (ConfigError, CommandError) as exc:
            faults |= dict.fromkeys(str(exc).splitlines())
    changes = pl.DataFrame(rows, schema=CHANGE_SCHEMA, orient="row")
    return Examination(changes, tuple(faults), tuple(unread_files(config_path)))


def require_sound(config_path: Path) -> tuple[str, ...]:
    """Sentences about files that nothing reads; CommandError with every fault when a file is wrong."""
    if not config_path.exists():
        return ()
    found = examine_configuration(config_path)
    if found.faults:
        raise CommandError("\n".join(found.faults))
    return found.unread


def read_changes(name: str, own: ConfigText | None) -> tuple[ConfigChange, ...]:
    """What an own file of that name adds and changes; ConfigError when it is wrong."""
    if own is None:
        return ()
    form, package = FORMS[name]
    packaged = packaged_text(package, name) if package is not None else None
    return load_config(form, packaged, own).changes


def _describe(name: str, change: ConfigChange) -> tuple[str, str, str, str]:
    is_whole = name != "events.toml" or set(NEEDED_FOR_NEW) <= set(change.keys) or "split_from" in change.keys
    entry = " ".join([change.table, *(str(part) for part in change.identity if part is not None)])
    return name, entry, "adds" if change.is_new and is_whole else "changes", ", ".join(change.keys)
