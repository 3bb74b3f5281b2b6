"""Whether a step would find anything that it has not already worked on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import polars as pl

from analysis.events.relevance import CORRELATED_AROUND
from analysis.results.source import hash_everything_behind, read_sources
from flows.context import RunContext
from ingest.bundle.loader import load_ledger
from warehouse.processes import without_collections
from warehouse.store.connection import Reader, Warehouse
from warehouse.tables import attention, changes, choice, news, ops, own, prices, resilience, studies
from warehouse.tables.catalog import load_tables
from warehouse.tables.contract import Table

_CANDLES = (prices.CANDLE, prices.MARKET, prices.ASSET)
_SHARED = (news.EVENT, studies.STUDY_RESULT, choice.MARKET_CHOICE)
_STUDY = (*_CANDLES, prices.OBSERVATION, prices.BENCHMARK, news.EVENT)
_OWN = (own.STUDY_BAR, own.STUDY_EVENT)


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a table, and of these the columns, that a step can see: what else changes in it is no input."""

    table: Table
    columns: tuple[str, ...]  # the key among them
    where: str

    @property
    def name(self) -> str:
        """Name of the input: a condition that was another is another input."""
        return f"{self.table.name} where {self.where}"

    @property
    def narrowed(self) -> Table:
        """The table with no other columns."""
        return replace(self.table, columns=tuple(item for item in self.table.columns if item.name in self.columns))


Input = Table | Rows
_CORRELATED = Rows(news.EVENT, ("event_id", "category", "best_at_utc", "time_precision"), CORRELATED_AROUND)
# Studies add markets that stand for observed prices, after events have been dated by the candles of the others.
_WITH_CANDLES = Rows(prices.MARKET, ("market_id", "asset_id"), "kind <> 'observed'")
# Markets answer to attention in hours that have bars.
_HEARD = Rows(
    attention.ATTENTION,
    ("frequency", "kind", "subject_id", "start_utc", "n_headlines", "expected_headlines", "is_outcome"),
    "frequency = 'hourly' and start_utc <= (select max(open_time_utc) from core.candle where timeframe = '1h')",
)

# Verdicts read the events that claims name, and what was measured of those.
_CLAIMED = "event_id in (select event_id from core.claim)"
_CLAIMED_ROWS = tuple(
    Rows(table, tuple(table.column_names), where)
    for table, where in (
        (news.EVENT, _CLAIMED),
        (studies.STUDY_RESULT, _CLAIMED),
        (choice.MARKET_CHOICE, f"event_id = '' or {_CLAIMED}"),
    )
)

# Attempts at sources are told once an hour: each pass has some, and a copy of the whole file is dear.
_ATTEMPTS = Rows(
    news.FETCH,
    ("source_id", "attempted_at_utc"),
    "attempted_at_utc < (select date_trunc('hour', max(attempted_at_utc)) from ops.fetch)",
)
_ASKED = Rows(ops.ASKED_SERIES, ("market_id", "timeframe", "asked_from_utc", "outcome", "detail"), "true")
_SELDOM_TOLD: dict[str, Input] = {item.table.name: item for item in (_ATTEMPTS, _ASKED)}

# The tables that each step reads besides those it alone writes. A step that is not named here asks the outside world.
INPUTS: dict[str, tuple[Input, ...]] = {
    "events": (news.ENTRY, news.INCIDENT, news.REGISTER_DOCUMENT, prices.CANDLE, _WITH_CANDLES),
    "studies": (*_STUDY, *_OWN),
    "groups": (*_STUDY, *_OWN),
    "activity": _STUDY,
    "models": _STUDY,
    "resilience": (*_CANDLES, news.EVENT),
    "claims": (
        *_CANDLES,
        prices.FUNDING,
        prices.OBSERVATION,
        news.INCIDENT,
        resilience.DOSE_RESPONSE,
        *_CLAIMED_ROWS,
    ),
    "correlations": (*_CANDLES, prices.OBSERVATION, news.EVENT, news.ENTRY, news.STORY, news.STORY_ENTRY, news.TAG),
    # Parts of the correlation step: what follows from prices, from events on them, from headlines, and from both.
    "correlations:prices": (*_CANDLES, prices.OBSERVATION),
    "correlations:events": (*_CANDLES, _CORRELATED),
    "correlations:attention": (news.ENTRY, news.STORY, news.STORY_ENTRY, news.TAG),
    "correlations:responses": (*_CANDLES, _HEARD),
    "moves": (*_CANDLES, *_SHARED),
    "moves:latest": _CANDLES,
    "moves:unexplained": (*_CANDLES, news.EVENT),
    "moves:shared": (prices.ASSET, *_SHARED),
    "moves:days": (prices.CANDLE, *_SHARED),
}
_STEPS_PACKAGE = "flows.steps"  # one module a step, named as the step; the checks are in that of the publication
LEDGER_STEP = "events"  # works on the shipped ledger as far as it was known at the run's instant
CHECK_STEP, PUBLISH_STEP = "checks", "publish"
_OF_ACCOUNT = "step = $step"
_FILE = "file"  # the published one, as it was put there
NOTHING_NEW = "inputs are as they were"


@without_collections()
def has_nothing_new(context: RunContext, step: str) -> bool:
    """Whether everything the step rests on is as it was when it last came to its end without a problem."""
    if step not in inputs_of():
        return False
    stored = read_account(context.warehouse, step)
    return bool(stored) and all(digest and stored.get(name) == digest for name, digest in _inputs(context, step))


@without_collections()
def remember_inputs(context: RunContext, step: str) -> None:
    """Note what the step has worked on; a step with problems is not noted, so that it names them again."""
    if step not in inputs_of():
        return
    rows = [(step, name, digest) for name, digest in _inputs(context, step)]
    context.warehouse.merge(ops.STEP_INPUT, pl.DataFrame(rows, schema=ops.STEP_INPUT.schema, orient="row"))


def differing_tables(context: RunContext, tables: Iterable[Table]) -> list[Table]:
    """The tables whose rows may be others than those of the published file; all where that is not the one on account.

    A table that the account does not name differs.
    """
    stored = read_account(context.warehouse, PUBLISH_STEP)
    if stored.get(_FILE) != _describe_file(context.settings.published_path):
        return list(tables)
    return [table for table in tables if stored.get(table.name) != context.warehouse.digest(table)]


def read_account(reader: Reader, name: str) -> dict[str, str]:
    """Digests by part of what a step keeps on account under `name`; none where it never came to an end."""
    return dict(reader.frame(ops.STEP_INPUT, where=_OF_ACCOUNT, step=name).select("input", "digest").iter_rows())


def write_account(warehouse: Warehouse, name: str, digests: Mapping[str, str]) -> None:
    """Make the digests by part those on account under `name`."""
    rows = pl.DataFrame([(name, *item) for item in digests.items()], schema=ops.STEP_INPUT.schema, orient="row")
    warehouse.replace_part(ops.STEP_INPUT, rows, _OF_ACCOUNT, step=name)


def digest_events(reader: Reader, parts: Iterable[tuple[Table, str]], **parameters: object) -> dict[str, str]:
    """By event, a digest of its stored rows of some tables, of those for which the condition beside each holds."""
    found: dict[str, list[str]] = {}
    for table, where in parts:
        for event_id, digest in reader.digest_parts(table, ("event_id",), where, **parameters)["event_id"].items():
            found.setdefault(event_id, []).append(f"{table.name} {digest}")
    return {event_id: "; ".join(digests) for event_id, digests in found.items()}


def note_standing(digests: Mapping[str, str], rows: Mapping[str, str]) -> dict[str, str]:
    """What goes on account of each event: the digests of what it rests on and of its stored rows, if it has any."""
    return {event_id: f"{digest}; {rows.get(event_id, '')}" for event_id, digest in digests.items()}


def find_standing(reader: Reader, account: str, digests: Mapping[str, str], rows: Mapping[str, str]) -> frozenset[str]:
    """The events whose stored rows are those that followed from what they rest on, which is as it was."""
    known = read_account(reader, account) if digests else {}
    return frozenset(event for event, noted in note_standing(digests, rows).items() if known.get(event) == noted)


@cache
def inputs_of() -> dict[str, tuple[Input, ...]]:
    """Every step that works on stored rows alone, and the tables it reads besides its own."""
    account = {ops.RUN.name, ops.STEP.name, ops.STEP_INPUT.name, ops.NOTIFICATION.name}
    everything = tuple(_SELDOM_TOLD.get(name, table) for name, table in load_tables().items() if name not in account)
    checked = tuple(table for table in everything if table not in (ops.CHECK_RESULT, changes.CHANGED))
    return {**INPUTS, CHECK_STEP: checked, PUBLISH_STEP: everything}


def _inputs(context: RunContext, step: str) -> Iterator[tuple[str, str]]:
    """Name and digest of each input, the cheapest first."""
    yield "code", hash_step(step)
    yield "config", hash_folder(context.settings.config_path)
    if step == LEDGER_STEP:
        yield "ledger", _hash_ledger(context)
    if step == PUBLISH_STEP:
        yield _FILE, _describe_file(context.settings.published_path)
    for item in inputs_of()[step]:
        if isinstance(item, Rows):
            yield item.name, context.warehouse.digest_rows(item.narrowed, item.where)
        else:
            yield item.name, context.warehouse.digest(item)


def hash_folder(folder: Path) -> str:
    """A hash over names and bytes of all files below a folder, which may be absent."""
    digest = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(f"{file.relative_to(folder)}\0".encode() + file.read_bytes())
    return digest.hexdigest()


def hash_step(step: str) -> str:
    """A hash over the code and the packaged data that decide what a step, or a part of one, does.

    Publishing tells why rows differ, whoever wrote them: it rests on the code of every step.
    """
    if step != PUBLISH_STEP:
        return hash_everything_behind((_module_of(step),))
    return hash_everything_behind(
        tuple(name for name in read_sources().modules if name.startswith(f"{_STEPS_PACKAGE}."))
    )


def _module_of(step: str) -> str:
    whole = step.partition(":")[0]
    return f"{_STEPS_PACKAGE}.{PUBLISH_STEP if whole == CHECK_STEP else whole}"


def _hash_ledger(context: RunContext) -> str:
    digest = hashlib.sha256()
    for frame in load_ledger(context.now):
        digest.update(frame.hash_rows(seed=17).to_numpy().tobytes())
    return digest.hexdigest()


def _describe_file(path: Path) -> str:
    """Size and time of a file as it is now: another file in its place is another text; an absent one is none."""
    if not path.is_file():
        return ""
    stat = path.stat()
    return f"{stat.st_size} {stat.st_mtime_ns}"
