"""The press page states what the stored rows state, and never that somebody lied."""

from datetime import UTC, datetime
from typing import Any

import polars as pl

from analysis.claims.press.summary import summarise_press
from dashboards.marks import bare
from dashboards.pages.press import MISSES, compose_press
from dashboards.shell.frames import Frames
from tests.builders import make_rows
from warehouse.tables.press import PRESS_SUMMARY, PRESS_VERDICT

PRINTED_AT = datetime(2026, 5, 24, 2, 34, tzinfo=UTC)


def make_frames(*verdicts: str) -> Frames:
    """One outlet's statements on BTC with these verdicts; those that are not supported are listed."""
    rows: list[dict[str, Any]] = [
        {
            "press_claim_id": f"e{number}-s1",
            "entry_id": f"e{number}",
            "outlet": "press.example",
            "said_at_utc": PRINTED_AT,
            "asset_id": "BTC",
            "kind": "level_crossed",
            "verdict": verdict,
            "measured": "BTC's highest price was $77,404.18.",
            "readings_tried": "literal, set before",
            "data_as_of_utc": PRINTED_AT,
        }
        for number, verdict in enumerate(verdicts)
    ]
    judged = make_rows(PRESS_VERDICT, *rows)
    missed = judged.filter(pl.col("verdict") == "not_supported").select("press_claim_id")
    misses = missed.with_columns(title=pl.lit("Bitcoin rallies past $82K"), url=pl.lit("https://press.example/a"))
    return Frames({PRESS_SUMMARY.name: summarise_press(judged), PRESS_VERDICT.name: judged, MISSES: misses})


def test_the_title_and_the_rows_give_the_share_reproduced_of_what_can_be_told() -> None:
    page = compose_press(make_frames(*["supported"] * 9, "not_supported", "cannot_be_told"))
    body = bare(str(page.body))
    assert "90% of 10 statements in headlines can be reproduced from the tape" in body
    assert 'data-l="Statements">11<' in body
    assert "press.example" in body


def test_what_no_reading_reproduces_is_listed_with_the_readings_and_called_no_lie() -> None:
    body = bare(str(compose_press(make_frames("supported", "not_supported")).body))
    assert '<a href="https://press.example/a"' in body
    assert "Bitcoin rallies past $82K" in body
    assert "It could not be reproduced from: literal, set before." in body
    assert not any(word in body.lower() for word in ("lied", "lie ", "false", "fake"))


def test_a_home_without_judged_headlines_says_how_to_get_them() -> None:
    page = compose_press(Frames({}))
    assert page.title == "The press against the tape"
    assert "aftershock press" in str(page.body)


def test_two_names_of_one_house_are_one_row_and_another_outlet_keeps_its_name() -> None:
    rows = [
        {
            "press_claim_id": name, "entry_id": name, "outlet": name, "said_at_utc": PRINTED_AT, "asset_id": "BTC",
            "kind": "level_crossed", "verdict": "supported", "measured": "m", "readings_tried": "literal",
            "data_as_of_utc": PRINTED_AT,
        }
        for name in ("CoinDesk", "coindesk.com", "Bankless Times")
    ]  # fmt: skip
    summary = summarise_press(make_rows(PRESS_VERDICT, *rows)).filter(pl.col("part") == "outlet")
    counted = dict(summary.select("value", "n_statements").iter_rows())
    assert counted == {"coindesk.com": 2, "Bankless Times": 1}
