"""The tables of how often one event's numbers are wrong, and the words of a p with its corrections."""

from dataclasses import replace

from dashboards.findings.readings import read_reactions
from dashboards.marks import bare
from dashboards.pages.sections import probability_words
from dashboards.pages.single_size import mix_size_table, single_size_table
from tests.dashboards.material import frame_of, make_frames
from tests.dashboards.rows import EVENT_ID
from warehouse.tables.size import SINGLE_SIZE


def make_size(scenario: str, measure: str, estimate: float) -> dict[str, object]:
    return {
        "scenario": scenario,
        "window_hours": 24.0,
        "measure": measure,
        "estimate": estimate,
        "lower_95": estimate - 0.01,
        "upper_95": estimate + 0.01,
        "n_replications": 500,
        "seed": 1,
    }


def test_regimes_and_pools_stand_in_tables_of_their_own() -> None:
    rows = frame_of(
        SINGLE_SIZE,
        [
            make_size("calm", "covers", 0.95),
            make_size("calm", "width", 1.05),
            make_size("donors alike", "rejects_synthetic_control", 0.11),
            make_size("donors alike", "finds_synthetic_did", 0.62),
        ],
    )
    regimes, pools = str(bare(single_size_table(rows))), str(bare(mix_size_table(rows)))
    assert "95% (94%–96%)" in regimes
    assert "donors alike" not in regimes
    assert "11% (10%–12%)" in pools
    assert "62% (61%–63%)" in pools
    assert "calm" not in pools
    assert not mix_size_table(rows.head(2))


def test_a_p_says_what_both_corrections_leave_of_it() -> None:
    frames = make_frames()
    horizon = read_reactions(frames)[EVENT_ID][0].horizons[24.0]
    corrected = replace(horizon, p_value=0.004, p_adjusted=0.15, p_false_discovery=0.31)
    words = "p = 0.004; over all its windows and tokens 0.15 (Holm), 0.31 (Benjamini–Yekutieli)"
    assert str(bare(probability_words(corrected))) == words
    assert str(bare(probability_words(replace(corrected, p_false_discovery=None)))) == "p = 0.004"
    assert probability_words(replace(corrected, p_value=None)) == ""
