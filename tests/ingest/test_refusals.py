"""Refused rows of any kind of source, as raw.quarantine keeps them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl

from ingest.refusals import MAX_PAYLOAD_CHARACTERS, Refusal, refuse_document, refuse_frame, refuse_rows
from ingest.source import Source
from warehouse.tables.prices import QUARANTINE

NOW = datetime(2026, 6, 13, tzinfo=UTC)
SOURCE = Source("feed", "run", NOW)


def ids(*refusals: Refusal, source: Source = SOURCE) -> list[str]:
    return refuse_rows(refusals, "core.entry", source)["quarantine_id"].to_list()


def test_a_refused_row_carries_its_source_run_and_time() -> None:
    frame = refuse_rows([Refusal("no_title", "a row without a title", "{}", 7)], "core.entry", SOURCE)
    QUARANTINE.conform(frame)
    [row] = frame.to_dicts()
    assert (row["table_name"], row["source_id"], row["run_id"]) == ("core.entry", "feed", "run")
    assert (row["subject_id"], row["row_number"], row["seen_at_utc"]) == ("feed", 7, NOW)


def test_the_same_bad_row_has_one_id_whenever_and_wherever_in_the_file_it_comes() -> None:
    later = Source("feed", "another run", NOW + timedelta(days=1))
    assert ids(Refusal("no_title", "d", "{}", 7)) == ids(Refusal("no_title", "other words", "{}", 9), source=later)
    assert len(ids(Refusal("no_title", "d", "{}", 7), Refusal("no_title", "d", "{}", 8))) == 1


def test_source_subject_reason_and_payload_each_make_another_row() -> None:
    first = Refusal("a", "d", "{}", subject_id="s")
    others = [
        Refusal("b", "d", "{}", subject_id="s"),
        Refusal("a", "d", "[]", subject_id="s"),
        Refusal("a", "d", "{}", subject_id="t"),
    ]
    assert len(set(ids(first, *others))) == 4
    assert ids(first) != ids(first, source=Source("another feed", "run", NOW))


def test_of_documents_refused_for_one_reason_the_first_is_kept() -> None:
    pages = [refuse_document("html_page", "a web page", body) for body in (b"<html>1", b"<html>2")]
    frame = refuse_rows(pages, "core.entry", SOURCE)
    assert frame["payload_json"].to_list() == ["<html>1"]
    assert len(ids(*pages, refuse_document("empty_body", "nothing", b"<html>1"))) == 2


def test_a_long_payload_is_cut_and_bytes_that_are_no_text_are_replaced() -> None:
    frame = refuse_rows([refuse_document("x", "d", b"\xff" * 9000)], "core.entry", SOURCE)
    assert frame["payload_json"].str.len_chars().item() == MAX_PAYLOAD_CHARACTERS


def test_a_frame_and_rows_give_the_same_id() -> None:
    row = {"subject_id": "s", "reason": "a", "detail": "d", "payload_json": "{}", "row_number": 1}
    framed = refuse_frame(pl.DataFrame([row]), "core.candle", SOURCE)
    assert framed["quarantine_id"].to_list() == ids(Refusal("a", "d", "{}", 1, "s"))


def test_nothing_refused_is_an_empty_frame_of_the_contract() -> None:
    assert refuse_rows([], "core.entry", SOURCE).schema == QUARANTINE.schema
