"""Events, event-token pairs, what lay outside and moves are counted apart, and a mean weighs events, not tokens."""

from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from analysis.together.reaction_totals import count_reactions

AS_OF = datetime(2026, 6, 1, tzinfo=UTC)
RANGE = 0.05
KINDS = {"a": "outage", "b": "outage", "c": "ruling", "unmeasured": "ruling"}
# Event and token: return over 24 hours.
CARS = {("a", "TAO"): 0.2, ("a", "NEAR"): 0.1, ("a", "BTC"): 0.9, ("b", "TAO"): 0.0, ("c", "TAO"): -0.3}
MOVES = [("a", "TAO", "a"), ("a", "NEAR", "a"), ("c", "TAO", "a")]


@pytest.fixture(scope="module")
def totals() -> dict[tuple[str, str], dict[str, Any]]:
    rows, choices = [], []
    for (event_id, asset_id), car in CARS.items():
        key = {"event_id": event_id, "market_id": asset_id, "window_end_hours": 24.0, "data_as_of_utc": AS_OF}
        edges = {"lower_95": -RANGE, "upper_95": RANGE} if event_id != "c" else dict.fromkeys(("lower_95", "upper_95"))
        rows += [{**key, "statistic": "car", "estimate": car}, {**key, "statistic": "placebo_rank", **edges}]
        choices.append({"event_id": event_id, "market_id": asset_id, "asset_id": asset_id})
    results = pl.DataFrame(rows).with_columns(pl.col("data_as_of_utc").cast(pl.Datetime("us", "UTC")))
    events = pl.DataFrame({"event_id": list(KINDS), "category": list(KINDS.values())})
    moves = pl.DataFrame(MOVES, schema=["event_id", "asset_id", "move_id"], orient="row")
    frame = count_reactions("reaction", results, pl.DataFrame(choices), events, moves, ["BTC"])
    return {(row["scope"], row["subject_id"]): row for row in frame.iter_rows(named=True)}


def test_events_and_pairs_are_counted_apart_and_benchmarks_are_no_tokens(totals) -> None:
    row = totals["record", "all"]
    assert (row["n_events"], row["n_measured"], row["n_pairs"], row["n_ranged"]) == (4, 3, 4, 3)
    assert ("token", "BTC") not in totals


def test_what_lay_outside_names_its_tokens_and_needs_a_range(totals) -> None:
    row = totals["record", "all"]
    assert (row["n_outside_events"], row["n_outside_pairs"], row["outside_assets"]) == (1, 2, "NEAR,TAO")
    assert totals["category", "ruling"]["n_outside_events"] == 0


def test_one_event_on_two_tokens_weighs_as_one_event(totals) -> None:
    assert totals["category", "outage"]["mean_car"] == pytest.approx(((0.2 + 0.1) / 2 + 0.0) / 2)
    assert totals["record", "all"]["mean_car"] == pytest.approx((0.15 + 0.0 - 0.3) / 3)
    assert (totals["record", "all"]["smallest_car"], totals["record", "all"]["largest_car"]) == (
        -0.3,
        pytest.approx(0.15),
    )


def test_moves_are_counted_once_in_each_scope(totals) -> None:
    counted = {subject: row["n_moves"] for (_, subject), row in totals.items()}
    assert counted == {"all": 1, "outage": 1, "ruling": 1, "TAO": 1, "NEAR": 1}


def test_a_kind_without_measured_events_still_counts_its_events(totals) -> None:
    row = totals["category", "ruling"]
    assert (row["n_events"], row["n_measured"]) == (2, 1)


def test_the_order_in_which_results_are_stored_moves_no_bit() -> None:
    tokens = ["A", "B", "C", "D", "E"]
    key = {"event_id": "one", "window_end_hours": 24.0, "data_as_of_utc": AS_OF}
    rows = [
        {**key, "market_id": token, "statistic": statistic, "estimate": car, "lower_95": -RANGE, "upper_95": RANGE}
        for token, car in zip(tokens, (0.1, 0.2, 0.3, 1e16, -1e16), strict=True)
        for statistic in ("car", "placebo_rank")
    ]
    results = pl.DataFrame(rows).with_columns(pl.col("data_as_of_utc").cast(pl.Datetime("us", "UTC")))
    choices = pl.DataFrame({"event_id": ["one"] * 5, "market_id": tokens, "asset_id": tokens})
    events = pl.DataFrame({"event_id": ["one"], "category": ["outage"]})
    moves = pl.DataFrame(schema=dict.fromkeys(("event_id", "asset_id", "move_id"), pl.String))
    counted = [
        count_reactions("reaction", stored, choices, events, moves, []) for stored in (results, results.reverse())
    ]
    assert counted[0].equals(counted[1])
