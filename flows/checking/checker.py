"""A text checked on the published file: the market and the ledger are read once, then any number of texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from analysis.claims.check.answer import CheckedText, as_document, check_text, move_places
from analysis.claims.check.markup import is_markup, read_markup
from analysis.claims.check.scoring import score_answers
from analysis.claims.judging.market import MarketEvidence
from analysis.claims.sentences.references import LedgerEvent
from flows.errors import CommandError
from flows.settings import load_settings
from flows.tape import load_market
from warehouse.store.connection import open_reader


class Checker:
    """Checks texts against the published file of this home."""

    @cached_property
    def _evidence(self) -> tuple[MarketEvidence, tuple[LedgerEvent, ...]]:
        with open_reader(load_settings().published_path) as reader:
            market = load_market(reader)
            rows = reader.query("factcheck_events")
        events = tuple(
            LedgerEvent(row["event_id"], row["best_at_utc"], row["words"], row["is_ledger"])
            for row in rows.iter_rows(named=True)
        )
        return market, events

    def check(self, source: str, said_at: datetime) -> CheckedText:
        """The answer to a text or an HTML page; places are characters of `source`."""
        market, events = self._evidence
        if not is_markup(source):
            return check_text(source, said_at, market, events)
        plain = read_markup(source)
        answer = check_text(plain.text, said_at, market, events)
        return move_places(answer, source, [plain.place(offset) for offset in range(len(plain.text) + 1)])

    def answer_lines(self, rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """One document for each row of id, text and said_at_utc, in their order."""
        for row in rows:
            yield as_document(self.check(row["text"], _said_at(row)), {"id": row["id"]})

    def score(self, gold: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The measures of a pass over gold rows."""
        answers = {row["id"]: row for row in self.answer_lines(gold)}
        return score_answers(gold, answers).rows()


def _said_at(row: dict[str, Any]) -> datetime:
    """When a line was said: `said_at_utc`, or `published_utc` of a gold file."""
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
