"""Bring the correlation tables up to date with the stored prices, events and headlines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

import polars as pl

from analysis.events.relevance import CORRELATED_AROUND
from analysis.events.vocabulary import Vocabulary
from analysis.tape.series import AlignedSeries
from analysis.threads import Call, ShareCalls, call_here
from analysis.together.around.aftermath import digest_aftermath, measure_aftermath, name_rows
from analysis.together.around.episodes import digest_episodes, measure_episodes
from analysis.together.attention.attention import (
    ENTITY_TAGS,
    FIRST_TITLES,
    Coverage,
    count_coverage,
    digest_coverage,
    measure_attention,
)
from analysis.together.attention.reactions import digest_subjects, hourly_markets, measure_forecasts, measure_responses
from analysis.together.leads.order import measure_order
from analysis.together.moving.moving import COARSE_STEPS_PER_WINDOW, measure_dynamic, measure_moving
from analysis.together.moving.observations import measure_observations
from analysis.together.moving.pairs import ReturnPanel, bitcoin_pairs, build_return_panel, other_pairs
from analysis.together.moving.regimes import measure_regimes
from analysis.together.moving.spans import measure_spans
from analysis.together.network import measure_network
from flows.cluster.sharing import EVENTS_WORTH_A_PROCESS, share_calls
from flows.context import RunContext, StepReport
from flows.freshness import Rows, has_nothing_new, read_account, remember_inputs, write_account
from flows.jobs.labelled_files import load_user_vocabulary
from flows.tape import StoredTape
from warehouse.store.connection import Reader, Warehouse
from warehouse.tables.attention import ATTENTION, ATTENTION_FORECAST, ATTENTION_RESPONSE
from warehouse.tables.contract import Table
from warehouse.tables.correlation import (
    CORRELATION_CLUSTER,
    CORRELATION_CONTAGION,
    CORRELATION_EPISODE,
    CORRELATION_NETWORK,
    CORRELATION_PAIR,
    CORRELATION_REGIME,
    CORRELATION_ROLLING,
    LEAD_LAG,
    LEAD_LAG_PATH,
)
from warehouse.tables.news import ENTRY, EVENT, STORY, STORY_ENTRY, TAG
from warehouse.tables.prices import ASSET, MARKET, OBSERVATION

_TIMEFRAMES = ("1h", "4h", "1d")
_PAIRS_OF_A_CALL = 4
# Parts of which single subjects or events keep their rows, under which names their fingerprints are on account.
_RESPONSES, _EPISODES, _STRETCHES = "correlations:subjects", "correlations:episodes", "correlations:stretches"
_AFTERMATHS = "correlations:aftermaths"
_COUNTED = (
    Rows(
        ENTRY,
        (
            "entry_id",
            "outlet",
            "outlet_kind",
            "published_at_utc",
            "published_earliest_at_utc",
            "first_seen_at_utc",
            "time_basis",
            "title_version",
        ),
        FIRST_TITLES,
    ),
    Rows(STORY_ENTRY, ("entry_id", "story_id"), "true"),
    Rows(STORY, ("story_id", "category", "is_relevant"), "true"),
    Rows(TAG, ("entry_id", "tag_id", "kind"), ENTITY_TAGS),
)


Measured = list[tuple[str, Table, pl.DataFrame]]


class Material:
    """What the parts of the step share, each read or aligned when the first part asks for it."""

    def __init__(
        self,
        reader: Reader,
        vocabulary: Vocabulary,
        tape: StoredTape | None = None,
        share: ShareCalls = call_here,
        *,
        has_account: bool = False,
    ) -> None:
        self.reader, self.share = reader, share
        self._tape = tape or StoredTape(reader)
        self.vocabulary = vocabulary
        self._has_account = has_account
        # By account, the fingerprint of all that have rows once the part that is measured is written.
        self.digests: dict[str, dict[str, str]] = {}
        # Rows of periods before stand as they are stored.
        self.attention_since: datetime | None = None

    def keep(self, account: str, digests: dict[str, str]) -> list[str]:
        """Which of `digests` are as they are on account, whose stored rows stand; all go on account."""
        self.digests[account] = digests
        known = read_account(self.reader, account) if self._has_account else {}
        return [name for name, digest in digests.items() if known.get(name) == digest]

    @cached_property
    def panels(self) -> list[ReturnPanel]:
        """Aligned returns, one panel a bar length."""
        return load_panels(self.reader, self._tape)

    @cached_property
    def with_bitcoin(self) -> list[AlignedSeries]:
        """Every market beside Bitcoin."""
        return [pair for panel in self.panels for pair in bitcoin_pairs(panel)]


def update_correlations(context: RunContext) -> StepReport:
    """Recompute the parts whose inputs have changed; equal tables are not rewritten."""
    warehouse = context.warehouse
    vocabulary = load_user_vocabulary(context.settings.config_path)
    material = Material(warehouse, vocabulary, context.tape, share_calls(context), has_account=True)
    written: dict[str, int] = {}
    for part, measure in PARTS.items():
        if not has_nothing_new(context, part):
            measured = measure(material)
            # A pass that stops between rows and account finds none, and measures everything again.
            for account in material.digests:
                write_account(warehouse, account, {})
            written |= {name: _write(material, warehouse, table, frame) for name, table, frame in measured}
            for account, digests in material.digests.items():
                write_account(warehouse, account, digests)
            material.digests.clear()
            remember_inputs(context, part)
    context.let_go()  # of what was read anew where claims had been judged before
    changed = ", ".join(f"{count} {name}" for name, count in written.items() if count)
    return StepReport(sum(written.values()), f"rows changed: {changed}" if changed else "nothing new")


def _write(material: Material, warehouse: Warehouse, table: Table, frame: pl.DataFrame) -> int:
    """Make the table hold exactly `frame`; returns the rows that differ.

    Of attention, of which a story changes one row in hundreds, the part that was measured, in no order.
    """
    if table is not ATTENTION:
        return warehouse.replace(table, frame)
    if material.attention_since is None:
        return warehouse.replace_part(table, frame, "true")
    return warehouse.replace_part(table, frame, "start_utc >= $since", since=material.attention_since)


def measure_correlations(reader: Reader, vocabulary: Vocabulary) -> Measured:
    """Every correlation table as it follows from the stored prices, events and headlines, with a name for people.

    Responses are those to the stored attention.
    """
    material = Material(reader, vocabulary)
    return [row for measure in PARTS.values() for row in measure(material)]


def measure_price_part(material: Material) -> Measured:
    """What follows from prices alone."""
    panels, with_bitcoin = material.panels, material.with_bitcoin
    with_others = [pair for panel in panels for pair in other_pairs(panel)]
    whole: list[Call] = [
        (measure_order, (panels,)),
        (measure_observations, (material.reader.frame(OBSERVATION), load_roles(material.reader))),
        (measure_network, (panels,)),
    ]
    wholes, spans, regimes, rolling = _share_lists(
        material,
        whole,
        _by_pairs(measure_spans, [*with_bitcoin, *with_others]),
        _by_pairs(measure_regimes, with_bitcoin),
        [
            *_by_pairs(measure_moving, with_bitcoin),
            *_by_pairs(measure_moving, with_others, COARSE_STEPS_PER_WINDOW),
            (measure_dynamic, (with_bitcoin,)),
        ],
    )
    (lead_lag, lead_lag_path), observed, (network, clusters) = wholes
    return [
        ("rolling windows", CORRELATION_ROLLING, _stack(CORRELATION_ROLLING, rolling)),
        ("whole spans", CORRELATION_PAIR, _stack(CORRELATION_PAIR, spans)),
        ("regimes", CORRELATION_REGIME, _stack(CORRELATION_REGIME, regimes)),
        ("leads", LEAD_LAG, pl.concat([lead_lag, observed])),
        ("lags", LEAD_LAG_PATH, lead_lag_path),
        ("network edges", CORRELATION_NETWORK, network),
        ("network members", CORRELATION_CLUSTER, clusters),
    ]


def measure_event_part(material: Material) -> Measured:
    """What prices did together before and after events; events whose bars are as they were keep their rows."""
    events = material.reader.frame(EVENT, where=CORRELATED_AROUND)
    is_kept = pl.col("event_id").is_in(material.keep(_EPISODES, digest_episodes(material.with_bitcoin, events)))
    kept = material.reader.frame(CORRELATION_EPISODE).filter(is_kept)
    changed = events.filter(~is_kept)
    calls: list[Call] = [(measure_episodes, (material.with_bitcoin, changed))]
    if changed.height >= EVENTS_WORTH_A_PROCESS:
        calls = _by_pairs(measure_episodes, material.with_bitcoin, changed)
    episodes = _stack(CORRELATION_EPISODE, material.share(calls))
    standing = material.keep(_AFTERMATHS, digest_aftermath(material.with_bitcoin, events))
    calm = material.reader.frame(CORRELATION_CONTAGION).filter(name_rows().is_in(standing))
    return [
        ("before and after events", CORRELATION_EPISODE, pl.concat([episodes, kept.select(episodes.columns)])),
        ("aftermaths", CORRELATION_CONTAGION, measure_aftermath(material.with_bitcoin, events, calm)),
    ]


def _by_pairs(measure: Callable[..., pl.DataFrame], pairs: Sequence[AlignedSeries], *given: object) -> list[Call]:
    """Calls that measure a few pairs each: the rows of each pair are its own."""
    starts = range(0, len(pairs), _PAIRS_OF_A_CALL)
    return [(measure, (pairs[start : start + _PAIRS_OF_A_CALL], *given)) for start in starts]


def _share_lists(material: Material, *lists: Sequence[Call]) -> list[list[Any]]:
    """What the calls of each list give, in their order."""
    found = iter(material.share([call for calls in lists for call in calls]))
    return [[next(found) for _ in calls] for calls in lists]


def _stack(table: Table, frames: Iterable[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat([table.empty(), *frames])


def measure_attention_part(material: Material) -> Measured:
    """How much was written; shares are learnt from the past alone, so that periods before the first change stand."""
    coverage = read_coverage(material.reader, material.vocabulary)
    if kept := material.keep(_STRETCHES, digest_coverage(coverage)):
        material.attention_since = datetime.fromisoformat(max(kept))
    return [("attention", ATTENTION, measure_attention(coverage, material.attention_since))]


def measure_response_part(material: Material) -> Measured:
    """What prices did after attention rose, as it is stored; subjects whose attention is as it was keep their rows."""
    reader, markets = material.reader, hourly_markets(material.with_bitcoin)
    attention = reader.frame(ATTENTION, order_by=", ".join(ATTENTION.key))
    is_kept = pl.col("subject_id").is_in(material.keep(_RESPONSES, digest_subjects(markets, attention)))
    changed = attention.filter(~is_kept)
    responses, forecasts = (reader.frame(table).filter(is_kept) for table in (ATTENTION_RESPONSE, ATTENTION_FORECAST))
    return [
        ("responses", ATTENTION_RESPONSE, measure_responses(markets, changed, responses)),
        ("forecasts", ATTENTION_FORECAST, measure_forecasts(markets, changed, forecasts)),
    ]


# The parts by the name under which their inputs are on account; responses come after the attention they rest on.
PARTS: dict[str, Callable[[Material], Measured]] = {
    "correlations:prices": measure_price_part,
    "correlations:events": measure_event_part,
    "correlations:attention": measure_attention_part,
    "correlations:responses": measure_response_part,
}


def compare_with_stored(reader: Reader, vocabulary: Vocabulary) -> pl.DataFrame:
    """Each correlation table recomputed and set against the stored one, bit by bit: table, n_rows, n_differing."""
    rows = []
    for _, table, frame in measure_correlations(reader, vocabulary):
        stored, again = reader.frame(table).sort(table.key), frame.sort(table.key)
        differing = abs(stored.height - again.height)
        if not differing:
            is_same = [stored[name].eq_missing(again[name]) for name in table.column_names]
            differing = stored.height - int(pl.DataFrame(is_same).select(pl.all_horizontal(pl.all())).to_series().sum())
        rows.append((table.name, stored.height, differing))
    return pl.DataFrame(rows, schema=["table", "n_rows", "n_differing"], orient="row")


def read_coverage(reader: Reader, vocabulary: Vocabulary) -> Coverage:
    """The stored headlines, stories and tags as they are counted."""
    places = {entity.entity_id: entity.jurisdiction for entity in vocabulary.entities if entity.jurisdiction}
    entries, links, stories, tags = (reader.frame(rows.narrowed, rows.where) for rows in _COUNTED)
    return count_coverage(entries, links, stories, tags, places)


def load_roles(reader: Reader) -> dict[str, str]:
    """The role of every registered asset."""
    return dict(reader.frame(ASSET).select("asset_id", "role").iter_rows())


def load_panels(reader: Reader, tape: StoredTape) -> list[ReturnPanel]:
    """Aligned returns of every stored timeframe that has candles."""
    markets = reader.frame(MARKET).select("market_id", "asset_id", "exchange")
    grids = {timeframe: tape.whole_grid(timeframe) for timeframe in _TIMEFRAMES}
    roles = load_roles(reader)
    return [build_return_panel(grid, name, markets, roles) for name, grid in grids.items() if grid is not None]
