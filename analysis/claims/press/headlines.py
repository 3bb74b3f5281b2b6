"""Headlines read for statements about markets, and their sure statements judged as of publication."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import datetime

import polars as pl

from analysis.claims.check.answer import judge_text, named_assets
from analysis.claims.judging.market import MarketEvidence
from analysis.claims.judging.question import DOLLARS
from analysis.claims.sentences.forms import Grammar, packaged_grammar
from analysis.claims.sentences.reader import read_text
from analysis.claims.sentences.sentence import ReadStatement, ReadText
from analysis.claims.statement import Judgement, StatementVerdict, TriedReading
from warehouse.tables.contract import Table
from warehouse.tables.press import PRESS_CLAIM, PRESS_HEADLINE, PRESS_VERDICT

# Readings that fit but only say the same on another venue.
_ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True)
class PrintedHeadline:
    """One stored headline and when it was published, UTC."""

    entry_id: str
    outlet: str
    title: str
    url: str | None
    said_at_utc: datetime


@dataclass(frozen=True, slots=True)
class ReadHeadline:
    """A headline that names a market, and what it says."""

    headline: PrintedHeadline
    read: ReadText


@dataclass(frozen=True, slots=True)
class PressRows:
    """Rows of core.press_headline, core.press_claim and out.press_verdict."""

    headlines: pl.DataFrame
    claims: pl.DataFrame
    verdicts: pl.DataFrame


def printed_headlines(frame: pl.DataFrame) -> Iterator[PrintedHeadline]:
    """The headlines of a frame with the columns of `PrintedHeadline`, in its order."""
    names = [field.name for field in fields(PrintedHeadline)]
    return (PrintedHeadline(*row) for row in frame.select(names).iter_rows())


def read_headlines(headlines: Iterable[PrintedHeadline], grammar: Grammar | None = None) -> list[ReadHeadline]:
    """What the headlines say; those that name no market are left out."""
    grammar = packaged_grammar() if grammar is None else grammar
    named = (item for item in headlines if grammar.lexicon.may_name_a_market(item.title))
    return [ReadHeadline(item, read_text(item.title, item.said_at_utc, grammar)) for item in named]


def assets_of(read: Iterable[ReadHeadline]) -> frozenset[str]:
    """The assets and groups that the headlines speak of."""
    return frozenset[str]().union(*(named_assets(item.read) for item in read))


def judge_headlines(read: Iterable[ReadHeadline], market: MarketEvidence, reader_sha256: str) -> PressRows:
    """The rows of headlines that were read; statements that are not sure have no verdict."""
    headlines, claims, verdicts = [], [], []
    for item in read:
        head = item.headline
        headlines.append(
            {
                "entry_id": head.entry_id,
                "said_at_utc": head.said_at_utc,
                "n_statements": len(item.read.statements),
                "n_unjudged": len(item.read.unjudged),
                "reader_sha256": reader_sha256,
                "data_as_of_utc": market.data_as_of,
            }
        )
        if not item.read.statements:
            continue
        answer = judge_text(head.title, item.read, head.said_at_utc, market)
        for judged in answer.statements:
            claim = _claim(head, judged.read, f"{head.entry_id}-{judged.statement_id}")
            claims.append(claim)
            if judged.read.is_sure:
                verdicts.append(_verdict(claim, judged.read, judged.judgement, market.data_as_of))
    return PressRows(_frame(PRESS_HEADLINE, headlines), _frame(PRESS_CLAIM, claims), _frame(PRESS_VERDICT, verdicts))


def _frame(table: Table, rows: list[dict[str, object]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=table.schema)


def _claim(head: PrintedHeadline, read: ReadStatement, press_claim_id: str) -> dict[str, object]:
    said = read.statement
    return {
        "press_claim_id": press_claim_id,
        "entry_id": head.entry_id,
        "outlet": head.outlet,
        "said_at_utc": head.said_at_utc,
        "title": head.title,
        "url": head.url,
        "quote": head.title[read.start : read.end],
        "is_sure": read.is_sure,
        "form_id": read.form_id,
        "kind": str(said.kind),
        "asset_id": said.asset,
        "direction": str(said.direction),
        "size": said.size,
        "price_quote": said.price,
        "comparator": None if said.comparator is None else str(said.comparator),
        "window_token": None if said.window is None else said.window.token,
    }


def _verdict(
    claim: dict[str, object], read: ReadStatement, judgement: Judgement, data_as_of: datetime | None
) -> dict[str, object]:
    literal = judgement.readings[0] if judgement.readings else None
    is_true = judgement.verdict in (StatementVerdict.SUPPORTED, StatementVerdict.ANOTHER_READING)
    fitting = next((item.name for item in judgement.readings if item.fits), None)
    tried = dict.fromkeys(item.name.replace("_", " ") for item in judgement.readings if item.name != _ELSEWHERE)
    return {
        **{name: claim[name] for name in ("press_claim_id", "entry_id", "outlet", "said_at_utc", "asset_id", "kind")},
        "verdict": str(judgement.verdict),
        "measured": judgement.measured,
        "closest_true_statement": judgement.closest_true,
        "reading": fitting if is_true else None,
        "readings_tried": ", ".join(tried),
        "literal_value": None if literal is None else literal.value,
        "unit": None if literal is None else literal.unit,
        "gap_share": _gap(read.statement.price, literal),
        "market_id": None if literal is None else literal.market_id,
        "is_near_miss": judgement.is_near_miss,
        "reason": judgement.reason,
        "data_as_of_utc": data_as_of,
    }


def _gap(price: float | None, literal: TriedReading | None) -> float | None:
    """How far the price found lies from the price said, a share of the price said; None without both."""
    if not price or literal is None or literal.value is None or literal.unit != DOLLARS:
        return None
    return abs(literal.value - price) / price
