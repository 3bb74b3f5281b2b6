"""Moves planted in simulated prices come back out of the claim language."""

import numpy as np
import pytest

from tests.analysis.claims.tape_builders import judged, make_candles, make_claim, make_evidence

QUIET = [100.0] * 300


def flat_then(*later: float) -> list[float]:
    return [*QUIET, *later, *([later[-1]] * (100 - len(later)))]


def rise(**keys):
    return make_claim(kind="rise_within", rise=0.30, hours=12, **keys)


def test_planted_rise_after_the_news_is_supported():
    tao = make_candles("TAO", flat_then(100, 120, 131), last_before=299)
    verdict, readings = judged(rise(), make_evidence(tao))
    assert verdict["verdict"] == "supported"
    assert verdict["measured_value"] == pytest.approx(0.31)
    assert readings["from_first_report"]["is_satisfied"]


def test_smaller_rise_is_not_supported_and_the_truth_is_told():
    tao = make_candles("TAO", flat_then(100, 110), last_before=299)
    verdict, _ = judged(rise(), make_evidence(tao))
    assert verdict["verdict"] == "not_supported"
    assert "+10.0% in the 12 h after the first public report" in verdict["closest_true_statement"]


def test_rise_before_the_news_does_not_count():
    closes = [*[100.0] * 290, *[135.0] * 110]
    verdict, _ = judged(rise(), make_evidence(make_candles("TAO", closes, last_before=299)))
    assert verdict["verdict"] == "not_supported"
    assert verdict["measured_value"] == 0.0


def test_rise_that_comes_a_day_late_is_partly_right():
    late = [100.0] * 24 + [110.0, 120.0, 131.0]
    verdict, readings = judged(rise(), make_evidence(make_candles("TAO", flat_then(*late), last_before=299)))
    assert verdict["verdict"] == "partly"
    assert not readings["from_first_report"]["is_satisfied"]
    assert readings["trough_to_peak"]["is_satisfied"]
    assert readings["first_touched"]["value"] == pytest.approx(26.5)


def test_young_claim_is_judged_on_the_hours_there_are():
    tao = make_candles("TAO", flat_then(*[100.0] * 14, 110.0, 120.0, 131.0), last_before=299).head(317)
    verdict, readings = judged(rise(), make_evidence(tao))
    assert verdict["verdict"] == "partly"
    assert readings["trough_to_peak"]["value"] == pytest.approx(0.31)


def test_claim_whose_hours_are_not_over_cannot_be_told():
    tao = make_candles("TAO", flat_then(100, 131), last_before=299).head(308)
    assert judged(rise(), make_evidence(tao))[0]["verdict"] == "cannot_be_told"


def test_fall_is_a_negative_rise():
    tao = make_candles("TAO", flat_then(90, 68), last_before=299)
    verdict, _ = judged(make_claim(kind="rise_within", rise=-0.30, hours=12), make_evidence(tao))
    assert verdict["verdict"] == "supported"


def test_low_and_high_of_one_bar_are_not_a_rise():
    tao = make_candles("TAO", flat_then(100.0), last_before=299, wick=0.2)
    claim = make_claim(kind="peak_from_trough", rise=0.6, hours=12)
    _, readings = judged(claim, make_evidence(tao))
    assert readings["trough_to_peak"]["value"] == pytest.approx(1.2 / 0.8 - 1)
    assert readings["best_close_to_close"]["value"] == pytest.approx(0.0)


def test_missing_bar_makes_the_claim_untellable():
    tao = make_candles("TAO", flat_then(100, 131), last_before=299)
    verdict, _ = judged(rise(), make_evidence(tao.slice(0, 303).vstack(tao.slice(304))))
    assert verdict["verdict"] == "cannot_be_told"
    assert "no complete candles of TAO" in verdict["missing_data"]


def test_unknown_event_makes_the_claim_untellable():
    claim = make_claim(kind="rise_within", rise=0.3, hours=12, event="2020-01-01-nothing")
    verdict, _ = judged(claim, make_evidence(make_candles("TAO", QUIET, last_before=200)))
    assert verdict["verdict"] == "cannot_be_told"
    assert "2020-01-01-nothing is not in the event table" in verdict["missing_data"]


@pytest.mark.parametrize(("planted", "expected"), [(0.12, "supported"), (0.0, "not_supported")])
def test_planted_reaction_stands_out_of_noise(planted, expected):
    noise = np.random.default_rng(7).normal(0, 0.003, 400)
    noise[302] += planted
    tao = make_candles("TAO", list(100 * np.exp(np.cumsum(noise))), last_before=299)
    verdict, _ = judged(make_claim(kind="reacted_to", hours=24, direction="up"), make_evidence(tao))
    assert verdict["verdict"] == expected
    assert verdict["n_placebo"] == 276


def test_false_alarms_stay_at_the_nominal_rate():
    claim = make_claim(kind="reacted_to", hours=4)
    generator, alarms = np.random.default_rng(11), 0
    for _ in range(150):
        closes = 100 * np.exp(np.cumsum(generator.normal(0, 0.004, 420)))
        verdict, _ = judged(claim, make_evidence(make_candles("TAO", list(closes), last_before=400)))
        alarms += verdict["verdict"] == "supported"
    assert 1 <= alarms <= 18  # 7.5 expected at 5 %; four standard deviations either way


def test_outperformance_is_measured_against_each():
    tao = make_candles("TAO", flat_then(110), last_before=299)
    btc = make_candles("BTC", flat_then(104), last_before=299)
    eth = make_candles("ETH", flat_then(112), last_before=299)
    claim = make_claim(kind="outperformed_over", versus=["BTC", "ETH"], hours=24)
    verdict, readings = judged(claim, make_evidence(tao, btc, eth))
    assert verdict["verdict"] == "partly"
    assert readings["versus_BTC"]["value"] == pytest.approx(0.06)
    assert readings["versus_ETH"]["value"] == pytest.approx(-0.02)
    assert readings["earlier_stretches"]["value"] == 0.0
    assert "0 of 276 earlier stretches, of which about 11 do not overlap" in readings["earlier_stretches"]["detail"]


def test_assets_with_unequal_bars_are_compared_on_the_coarser_ones():
    tao = make_candles("TAO", flat_then(120), last_before=299)
    tao_slow = make_candles("TAO", [*[100.0] * 75, *[115.0] * 25], last_before=74, hours=4)
    fet = make_candles("FET", [*[100.0] * 75, *[105.0] * 25], last_before=74, hours=4)
    claim = make_claim(kind="lead_sustained", peer="FET", hours=48)
    verdict, readings = judged(claim, make_evidence(tao, tao_slow, fet))
    assert readings["lead_after_48_h"]["value"] == pytest.approx(0.10)
    assert verdict["verdict"] == "supported"


def test_lead_that_mostly_melts_is_partly_right():
    tao = make_candles("TAO", [*QUIET, *[120.0] * 30, *[103.0] * 70], last_before=299)
    fet = make_candles("FET", flat_then(100), last_before=299)
    verdict, readings = judged(make_claim(kind="lead_sustained", peer="FET", hours=72), make_evidence(tao, fet))
    assert verdict["verdict"] == "partly"
    assert readings["share_kept"]["value"] == pytest.approx(0.15)


def test_rally_of_the_others_refutes_a_move_of_its_own():
    btc = make_candles("BTC", flat_then(105), last_before=299)
    eth = make_candles("ETH", flat_then(108), last_before=299)
    claim = make_claim(kind="not_during_broad_rally", versus=["BTC", "ETH"], hours=24)
    verdict, _ = judged(claim, make_evidence(btc, eth))
    assert verdict["verdict"] == "not_supported"
    assert verdict["measured_value"] == pytest.approx(0.065)
