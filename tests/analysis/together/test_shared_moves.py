"""Events whose windows overlap on one token's move share it, and it counts once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from analysis.together.shared_moves import find_shared_moves
from warehouse.tables.moves import SHARED_MOVE

AT = datetime(2026, 5, 21, 12, 0, tzinfo=UTC)
RANGE = 0.05
AS_OF = datetime(2026, 6, 1, tzinfo=UTC)


def make_event(event_id: str, hours: float, within: float = 0.0) -> dict[str, Any]:
    """An event some hours after AT, known within so many hours."""
    best = AT + timedelta(hours=hours)
    return {
        "event_id": event_id,
        "best_at_utc": best,
        "earliest_at_utc": best - timedelta(hours=within),
        "latest_at_utc": best,
    }


def find(
    events: list[dict[str, Any]], cars: dict[tuple[str, str], float | None], *, unranged: str = ""
) -> pl.DataFrame:
    """Moves of these events, given the 24-hour abnormal return of each event and token; ordinary is ±5 %."""
    rows, choices = [], []
    for (event_id, asset_id), car in cars.items():
        key = {"event_id": event_id, "market_id": f"v:{asset_id}", "window_end_hours": 24.0, "data_as_of_utc": AS_OF}
        edges = (None, None) if event_id == unranged else (-RANGE, RANGE)
        rows.append({**key, "statistic": "car", "estimate": car, "lower_95": None, "upper_95": None})
        rows.append({**key, "statistic": "placebo_rank", "estimate": None, "lower_95": edges[0], "upper_95": edges[1]})
        rows.append(
            {**key, "window_end_hours": 168.0, "statistic": "car", "estimate": 9.9}
            | dict.fromkeys(("lower_95", "upper_95"))
        )
        choices.append({"event_id": event_id, "market_id": f"v:{asset_id}", "asset_id": asset_id})
    floats = dict.fromkeys(("estimate", "lower_95", "upper_95"), pl.Float64)
    results = pl.DataFrame(rows, schema_overrides=floats)
    return find_shared_moves("reaction", results, pl.DataFrame(choices), pl.DataFrame(events), ["BTC"])


def test_two_events_in_one_day_on_one_rising_token_are_one_move_and_the_first_public_one_leads() -> None:
    events = [make_event("later", 0.55), make_event("first", 0.0)]
    moves = find(events, {("later", "TAO"): 0.2, ("first", "TAO"): 0.2, ("first", "NEAR"): 0.1})
    assert moves.select("event_id", "asset_id", "move_id", "is_lead", "n_events", "n_assets").rows() == [
        ("first", "NEAR", "first", True, 2, 2),
        ("first", "TAO", "first", True, 2, 2),
        ("later", "TAO", "first", False, 2, 2),
    ]
    assert set(moves["lead_reason"]) == {"public first, 21 May 2026 12:00 UTC, 33 min before the next of 1 other event"}
    assert (moves["move_start_utc"][0], moves["move_end_utc"][0]) == (AT, AT + timedelta(hours=24.55))
    assert SHARED_MOVE.conform(moves).height == 3


@pytest.mark.parametrize(
    ("hours", "second_car", "second_asset"),
    [(24.0, 0.2, "TAO"), (1.0, -0.2, "TAO"), (1.0, 0.2, "NEAR")],
    ids=["windows that only touch", "the opposite direction", "another token"],
)
def test_what_shares_no_stretch_of_one_move_is_two_moves(hours: float, second_car: float, second_asset: str) -> None:
    events = [make_event("a", 0), make_event("b", hours)]
    moves = find(events, {("a", "TAO"): 0.2, ("b", second_asset): second_car})
    assert dict(moves.select("event_id", "move_id").iter_rows()) == {"a": "a", "b": "b"}
    assert set(moves["lead_reason"]) == {"no other event outside its range overlaps it"}


def test_a_third_event_joins_through_another_token_but_only_while_it_overlaps_the_lead() -> None:
    cars = {("a", "TAO"): 0.2, ("b", "TAO"): 0.1, ("b", "FET"): 0.1, ("c", "FET"): 0.3}
    near = find([make_event("a", 0), make_event("b", 20), make_event("c", 23)], cars)
    assert dict(near.select("event_id", "move_id").iter_rows()) == {"a": "a", "b": "a", "c": "a"}
    assert near["n_events"].to_list() == [3] * 4
    far = find([make_event("a", 0), make_event("b", 20), make_event("c", 40)], cars)
    assert dict(far.select("event_id", "move_id").iter_rows()) == {"a": "a", "b": "a", "c": "c"}


def test_inside_the_range_unmeasured_or_without_a_range_is_no_move() -> None:
    events = [make_event(name, 0) for name in "abc"]
    cars = {("a", "TAO"): RANGE, ("b", "TAO"): None, ("c", "TAO"): 0.5}
    assert find(events, cars, unranged="c").is_empty()


def test_a_benchmark_that_moved_is_no_token() -> None:
    assert find([make_event("a", 0)], {("a", "BTC"): 0.5}).is_empty()


def test_the_order_is_proven_only_where_the_intervals_of_time_do_not_overlap() -> None:
    cars = {("a", "TAO"): 0.2, ("b", "TAO"): 0.2}
    proven = find([make_event("a", 0), make_event("b", 2, within=1)], cars)["lead_reason"][0]
    doubtful = find([make_event("a", 0), make_event("b", 2, within=3)], cars)["lead_reason"][0]
    touching = find([make_event("a", 0), make_event("b", 2, within=2)], cars)["lead_reason"][0]
    same = find([make_event("a", 0), make_event("b", 0)], cars)["lead_reason"][0]
    assert "not proven" not in proven
    assert touching.endswith("the order is not proven")
    assert doubtful.endswith("both times are intervals that overlap, so that the order is not proven")
    assert same == "public at the same instant as the next of 1 other event: no order is proven"
