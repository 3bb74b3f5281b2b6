"""Texts checked on the published file, of which only the prices that they speak of are loaded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from analysis.claims.check.answer import CheckedText, as_document, judge_text, move_places, named_assets, with_beside
from analysis.claims.check.markup import PlainText, is_markup, read_markup
from analysis.claims.check.scoring import score_answers
from analysis.claims.judging.market import MarketEvidence
from analysis.claims.sentences.forms import Grammar
from analysis.claims.sentences.own_forms import own_grammar
from analysis.claims.sentences.reader import read_text
from analysis.claims.sentences.sentence import ReadText
from analysis.claims.sentences.times.references import LedgerEvent
from flows.checking.evidence import last_run, load_market
from flows.configuration import read_own
from flows.errors import CommandError
from flows.settings import load_settings
from warehouse.store.connection import Reader, open_reader


@dataclass(frozen=True, slots=True)
class _ReadSource:
    """A text or page, its words, and what they say."""

    source: str
    plain: PlainText | None  # of a page
    said_at: datetime
    read: ReadText

    @property
    def words(self) -> str:
        """The text that was read."""
        return self.source if self.plain is None else self.plain.text


class Checker:
    """Checks texts against a published file, by default that of this home."""

    def __init__(self, published_path: Path | None = None) -> None:
        self._published_path = published_path

    def check(self, source: str, said_at: datetime) -> CheckedText:
        """The answer to a text or an HTML page; places are characters of `source`."""
        [answer] = self.check_all([(source, said_at)])
        return answer

    def check_all(self, sources: Iterable[tuple[str, datetime]]) -> list[CheckedText]:
        """The answers to texts, each with when it was said; only the prices that they speak of are loaded."""
        with open_reader(self._published_path or load_settings().published_path) as reader:
            events = _load_events(reader)
            grammar = own_grammar(read_own(load_settings().config_path, "forms.toml"))
            read = [_read(source, said_at, events, grammar) for source, said_at in sources]
            market = load_market(reader, frozenset[str]().union(*(named_assets(item.read) for item in read)))
            run_id = last_run(reader)
        return [replace(_judge(item, market), run_id=run_id) for item in read]

    def answer_lines(self, rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """One document for each row of id, text and said_at_utc, in their order."""
        given = list(rows)
        answers = self.check_all((row["text"], stated_time(row)) for row in given)
        for row, answer in zip(given, answers, strict=True):
            yield as_document(answer, {"id": row["id"]})

    def score(self, gold: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The measures of a pass over gold rows."""
        answers = {row["id"]: row for row in self.answer_lines(gold)}
        return score_answers(gold, answers).rows()


def _load_events(reader: Reader) -> tuple[LedgerEvent, ...]:
    rows = reader.query("factcheck_events")
    return tuple(
        LedgerEvent(row["event_id"], row["best_at_utc"], row["words"], row["is_ledger"], row["told"])
        for row in rows.iter_rows(named=True)
    )


def _read(source: str, said_at: datetime, events: tuple[LedgerEvent, ...], grammar: Grammar) -> _ReadSource:
    plain = read_markup(source) if is_markup(source) else None
    words = source if plain is None else plain.text
    return _ReadSource(source, plain, said_at, read_text(words, said_at, grammar, events))


def _judge(item: _ReadSource, market: MarketEvidence) -> CheckedText:
    answer = with_beside(judge_text(item.words, item.read, item.said_at, market), market)
    if item.plain is None:
        return answer
    return move_places(answer, item.source, [item.plain.place(offset) for offset in range(len(item.words) + 1)])


def stated_time(row: Mapping[str, Any]) -> datetime:
    """When a line was said: `said_at_utc`, or `published_utc` of a gold file; a day alone is its end. CommandError."""
    stated = row.get("said_at_utc") or row.get("published_utc")
    try:
        instant = datetime.fromisoformat(str(stated))
    except ValueError as exc:
        raise CommandError(
            f"line {row['id']!r}: said_at_utc {stated!r} is no UTC time such as 2026-06-16T12:00:00Z", 2
        ) from exc
    if len(str(stated)) == len("2026-06-16"):
        return instant.replace(hour=23, minute=59, tzinfo=UTC)
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
