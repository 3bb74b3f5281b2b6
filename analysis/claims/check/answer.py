"""The answer to a text: every statement with its verdict and proof, and what is not judged, with the reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import polars as pl

from analysis.claims.judging.beside import BEHIND_SCHEMA, Beside, look_beside
from analysis.claims.judging.judge import judge_statement
from analysis.claims.judging.market import MarketEvidence
from analysis.claims.judging.offers import find_window
from analysis.claims.judging.rarity import Rarity
from analysis.claims.judging.windows import WindowError, is_window_open, resolve_window
from analysis.claims.judging.written import last_price, left_open, settle_dollars
from analysis.claims.sentences.sentence import ReadStatement, ReadText, Unjudged
from analysis.claims.statement import Judgement, StatedWindow, Statement, StatementVerdict, TriedReading
from warehouse.tables.units import iso_instant

# A price that is said of now and lies farther off is another quantity, another coin's, or of another year.
_LARGEST_RATIO = 2.0


@dataclass(frozen=True, slots=True)
class JudgedStatement:
    """A statement as read, the window it was judged in, and the judgement."""

    statement_id: str
    group_id: str
    read: ReadStatement
    window: StatedWindow
    judgement: Judgement
    beside: Beside = field(default_factory=Beside)
    offer: str | None = None  # the window in which all parts of its group are true, as an offer


@dataclass(frozen=True, slots=True)
class CheckedText:
    """What a text says and whether it is so, in the order of the words; places are characters of `text`."""

    text: str
    said_at: datetime
    data_as_of: datetime | None
    statements: tuple[JudgedStatement, ...]
    unjudged: tuple[Unjudged, ...]
    run_id: str | None = None  # the run that wrote the data


def named_assets(read: ReadText) -> frozenset[str]:
    """The assets and groups whose prices the statements of a text are judged by."""
    statements = [item.statement for item in read.statements]
    return frozenset(name for item in statements for name in (item.asset, *item.versus))


def judge_text(text: str, read: ReadText, said_at: datetime, market: MarketEvidence) -> CheckedText:
    """The answer to a text that was read as of `said_at`; `market` holds at least its `named_assets`."""
    groups: dict[tuple[int, str], str] = {}
    judged = []
    for number, found in enumerate(read.statements, start=1):
        item = replace(found, statement=settle_dollars(found.statement, market))
        key = (item.group, item.statement.asset)
        group_id = groups.setdefault(key, f"g{len(groups) + 1}")
        try:
            window = resolve_window(item.statement)
        except WindowError:
            window = item.statement.window or StatedWindow("")
        judgement = judge_statement(item.statement, market)
        is_settled = item.statement.kind is found.statement.kind and left_open(item.statement, market) is None
        is_sure = item.is_sure and is_settled and is_plausible(item.statement, market)
        judged.append(JudgedStatement(f"s{number}", group_id, replace(item, is_sure=is_sure), window, judgement))
    judged = [replace(item, offer=offer) for item, offer in zip(judged, _offers(judged, market), strict=True)]
    return CheckedText(text, said_at, market.data_as_of, tuple(judged), read.unjudged)


def is_plausible(statement: Statement, market: MarketEvidence) -> bool:
    """Whether a price that is said can be one of now: within a factor of two of the last one, where that is known."""
    if statement.price is None or not is_window_open(statement):
        return True
    last = last_price(statement, market)
    return last is None or 1 / _LARGEST_RATIO <= statement.price / last <= _LARGEST_RATIO


def with_beside(answer: CheckedText, market: MarketEvidence) -> CheckedText:
    """The answer with what stands beside each verdict: bars, other markets, how rare the move is."""
    statements = tuple(
        replace(item, beside=look_beside(item.read.statement, item.judgement, market)) for item in answer.statements
    )
    return replace(answer, statements=statements)


def answer_bars(answer: CheckedText) -> pl.DataFrame:
    """The bars behind every statement: its id, then BEHIND_SCHEMA."""
    parts = [
        item.beside.bars.select(pl.lit(item.statement_id).alias("statement_id"), *BEHIND_SCHEMA)
        for item in answer.statements
    ]
    return pl.concat(parts) if parts else pl.DataFrame(schema={"statement_id": pl.String, **BEHIND_SCHEMA})


def _offers(judged: list[JudgedStatement], market: MarketEvidence) -> list[str | None]:
    """For each statement the window that makes all parts of its group true, where an event is named and not all are."""
    groups: dict[str, list[JudgedStatement]] = {}
    for item in judged:
        groups.setdefault(item.group_id, []).append(item)
    found: dict[str, str | None] = {}
    for group_id, own in groups.items():
        parts = [item.read.statement for item in own]
        around = next((part.event_utc for part in parts if part.event_utc is not None), None)
        is_open = any(item.judgement.verdict is not StatementVerdict.SUPPORTED for item in own)
        offer = find_window(parts, market, around) if around is not None and is_open and len(parts) > 1 else None
        found[group_id] = offer.sentence if offer is not None else None
    return [found[item.group_id] for item in judged]


def as_document(answer: CheckedText, extra: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The answer as JSON: the keys are stable, times are UTC, a null stands for what was not said."""
    return {
        **(extra or {}),
        "said_at_utc": _utc(answer.said_at),
        "data_as_of_utc": _utc(answer.data_as_of),
        "run_id": answer.run_id,
        "statements": [_statement(answer.text, item) for item in answer.statements],
        "not_judged": [
            {"start": item.start, "end": item.end, "text": answer.text[item.start : item.end], "reason": item.reason}
            for item in answer.unjudged
        ],
    }


def move_places(answer: CheckedText, source: str, places: Iterator[int] | Sequence[int]) -> CheckedText:
    """The same answer with its places in `source`: `places` has that of each character of the text, and of its end."""
    at = list(places)
    statements = tuple(
        replace(item, read=replace(item.read, start=at[item.read.start], end=at[item.read.end]))
        for item in answer.statements
    )
    unjudged = tuple(replace(item, start=at[item.start], end=at[item.end]) for item in answer.unjudged)
    return replace(answer, text=source, statements=statements, unjudged=unjudged)


def _statement(text: str, item: JudgedStatement) -> dict[str, Any]:
    said = item.read.statement
    return {
        "id": item.statement_id,
        "group_id": item.group_id,
        "start": item.read.start,
        "end": item.read.end,
        "text": text[item.read.start : item.read.end],
        "certainty": "sure" if item.read.is_sure else "unsure",
        "kind": str(said.kind),
        "asset": said.asset,
        "direction": str(said.direction),
        "size": said.size,
        "size_high": said.size_high,
        "price": said.price,
        "price_high": said.price_high,
        "peak": said.peak,
        "amount": said.amount,
        "as_amount": str(said.as_amount) if said.as_amount is not None else None,
        "written": said.price_quoted or said.size_quoted,
        "held": str(said.held) if said.held is not None else None,
        "tolerance": said.tolerance,
        "is_negated": said.is_negated,
        "is_range_bound": said.is_range_bound,
        "as_of_utc": _utc(said.as_of),
        "versus": list(said.versus) or None,
        "comparator": str(said.comparator) if said.comparator is not None else None,
        "window": {
            "token": said.window.token if said.window is not None else None,
            "from_utc": _utc(item.window.from_utc),
            "to_utc": _utc(item.window.to_utc),
        },
        "event_id": said.event_id,
        "event_utc": _utc(said.event_utc),
        "verdict": str(item.judgement.verdict),
        "measured": item.judgement.measured,
        "closest_true": item.judgement.closest_true,
        "readings": [_reading(reading) for reading in item.judgement.readings],
        "venues": [_reading(reading) for reading in item.beside.venues],
        "elsewhere": item.beside.elsewhere,
        "timeframe": item.beside.bar_name,
        "comparable": _comparable(item.beside.rarity),
        "reason": item.judgement.reason,
        "offer": item.offer,
    }


def _comparable(rarity: Rarity | None) -> dict[str, Any] | None:
    if rarity is None:
        return None
    return {"n_as_large": rarity.n_as_large, "n_stretches": rarity.n_stretches, "words": rarity.words}


def _reading(reading: TriedReading) -> dict[str, Any]:
    return {
        "name": reading.name,
        "from_utc": _utc(reading.from_utc),
        "to_utc": _utc(reading.to_utc),
        "value": reading.value,
        "unit": reading.unit,
        "fits": reading.fits,
        "market_id": reading.market_id,
        "detail": reading.detail,
    }


def _utc(instant: datetime | None) -> str | None:
    return None if instant is None else iso_instant(instant)
