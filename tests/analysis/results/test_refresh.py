"""Only what is not stored under the same fingerprints is computed."""

from __future__ import annotations

import polars as pl

from analysis.results.refresh import refresh, stored_fingerprints

STORED = stored_fingerprints([("same", "1"), ("same", "2"), ("changed", "3"), ("grown", "4"), ("gone", "5")])


def test_parts_are_kept_computed_or_gone() -> None:
    asked: list[str] = []
    plan = [
        ("same", frozenset({"2", "1"}), "same"),
        ("changed", frozenset({"9"}), "changed"),
        ("grown", frozenset({"4", "6"}), "grown"),
        ("new", frozenset({"7"}), "new"),
    ]
    found = refresh(plan, STORED, lambda item: asked.append(item))
    assert asked == ["changed", "grown", "new"]
    assert (set(found.kept), set(found.fresh), found.gone) == ({"same"}, {"changed", "grown", "new"}, {"gone"})
    assert not found.is_unchanged


def test_a_part_that_is_gone_is_a_change() -> None:
    same = [("same", frozenset({"1", "2"}), None)]
    stored = {"same": STORED["same"]}
    assert refresh(same, stored, print).is_unchanged
    assert not refresh(same, stored | {"gone": STORED["gone"]}, print).is_unchanged


def test_the_rows_that_stay_are_those_of_the_kept_parts() -> None:
    rows = pl.DataFrame({"spec_sha256": ["1", "2", "3", "5"]})
    found = refresh([("same", frozenset({"1", "2"}), None)], STORED, print)
    assert found.keep(rows)["spec_sha256"].to_list() == ["1", "2"]
