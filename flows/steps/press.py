"""Read what headlines say about prices and judge it as of their publication."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

import polars as pl

from analysis.claims.press.headlines import PressRows, assets_of, judge_headlines, printed_headlines, read_headlines
from analysis.claims.press.summary import summarise_press
from analysis.claims.sentences.own_forms import own_grammar
from flows.checking.evidence import last_price_at, load_market
from flows.configuration import read_own
from flows.context import RunContext, StepReport
from flows.freshness import hash_step
from warehouse.config import ConfigText
from warehouse.store.connection import Warehouse
from warehouse.tables.contract import Table
from warehouse.tables.press import PRESS_CLAIM, PRESS_HEADLINE, PRESS_SUMMARY, PRESS_VERDICT
from warehouse.tables.units import plural

_STEP = "press"


def update_press(context: RunContext) -> StepReport:
    """Read the headlines that a run fetched and none has read; those of an imported archive are left to `read_archive`.

    A headline printed after the last stored price is judged again when prices have come.
    """
    return _Pass(context).take()


@dataclass(frozen=True, slots=True)
class ReadArchive:
    """Reads every stored headline that this reader has not read; with `is_again` those it has read, too."""

    is_again: bool = False

    def __call__(self, context: RunContext) -> StepReport:
        """The step."""
        return _Pass(context, is_archive=True, is_again=self.is_again).take()


@dataclass(frozen=True, slots=True)
class _Pass:
    context: RunContext
    is_archive: bool = False
    is_again: bool = False

    def take(self) -> StepReport:
        """Read, judge and store."""
        warehouse = self.context.warehouse
        own = read_own(self.context.settings.config_path, "forms.toml")
        reader_sha256 = fingerprint_of_reader(own)
        unread = warehouse.query(
            "press_unread",
            is_archive=self.is_archive,
            is_again=self.is_again,
            reader_sha256=reader_sha256,
            data_as_of=last_price_at(warehouse),
        )
        if not unread.height:
            return StepReport(0, "no new headline to read")
        read = read_headlines(printed_headlines(unread), own_grammar(own))
        rows = judge_headlines(read, load_market(warehouse, assets_of(read)), reader_sha256)
        return StepReport(_store(warehouse, unread["entry_id"], rows), _told(unread.height, rows))


def fingerprint_of_reader(own: ConfigText | None) -> str:
    """What stands for the reader and the judge: the step's code and words, and a person's own forms."""
    code = hash_step(_STEP)
    return code if own is None else sha256(f"{code}{own.text}".encode()).hexdigest()


def _store(warehouse: Warehouse, entry_ids: pl.Series, rows: PressRows) -> int:
    """Put the rows in the place of what was stored of these headlines; returns how many changed."""
    n_changed = warehouse.merge(PRESS_HEADLINE, rows.headlines).n_changed
    n_changed += warehouse.replace(PRESS_CLAIM, _beside(warehouse, PRESS_CLAIM, entry_ids, rows.claims))
    verdicts = _beside(warehouse, PRESS_VERDICT, entry_ids, rows.verdicts)
    n_changed += warehouse.replace(PRESS_VERDICT, verdicts)
    warehouse.replace(PRESS_SUMMARY, summarise_press(verdicts))
    return n_changed


def _beside(warehouse: Warehouse, table: Table, entry_ids: pl.Series, rows: pl.DataFrame) -> pl.DataFrame:
    kept = warehouse.frame(table).join(entry_ids.to_frame(), on="entry_id", how="anti")
    return pl.concat([kept, rows])


def _told(n_unread: int, rows: PressRows) -> str:
    sure = plural(rows.verdicts.height, "sure one")
    return f"{plural(n_unread, 'headline')} read, {plural(rows.claims.height, 'statement')} found, {sure} judged"
