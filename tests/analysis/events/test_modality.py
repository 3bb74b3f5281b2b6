"""The recogniser of forecasts, questions, conditions and adverts."""

import pytest

from analysis.events.wording.modality import CUE_FORM, CUES, Modality, find_modalities, headline_modality, modality_of
from warehouse.config import load_config, packaged_text

ENTRIES = load_config(CUE_FORM, packaged_text("analysis.events.wording", "modality.toml")).entries(CUES)


@pytest.mark.parametrize(("cue_id", "text"), [(entry.id, text) for entry in ENTRIES for text in entry.examples])
def test_a_cue_is_found_in_its_examples(cue_id: str, text: str) -> None:
    assert cue_id in {finding.cue_id for finding in find_modalities(text)}


@pytest.mark.parametrize(("cue_id", "text"), [(entry.id, text) for entry in ENTRIES for text in entry.counter_examples])
def test_a_cue_is_silent_on_its_counter_examples(cue_id: str, text: str) -> None:
    assert cue_id not in {finding.cue_id for finding in find_modalities(text)}


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("TAO drops 15% after the ban", Modality.PAST),
        ("Why did TAO drop 15%?", Modality.PAST),
        ("Will TAO drop 15%?", Modality.QUESTION),
        ("TAO could drop 15%", Modality.FORECAST),
        ("Rate cut odds jump to 70%", Modality.ODDS),
        ("TAO needs to reclaim $300", Modality.CONDITIONAL),
        ("Best crypto presale to buy now", Modality.ADVERT),
    ],
)
def test_a_headline_is_what_its_main_clause_is(title: str, expected: Modality) -> None:
    assert headline_modality(title) is expected


def test_a_question_does_not_reach_the_clause_that_names_its_circumstances() -> None:
    text = "Can bulls return while BTC tests $80K?"
    findings = find_modalities(text)
    assert modality_of(findings, 0, len("Can bulls return")) is Modality.QUESTION
    assert modality_of(findings, text.index("BTC"), text.index("?")) is Modality.PAST


def test_a_condition_speaks_for_its_own_clause_only() -> None:
    text = "TAO fell 4%, unless you count the weekend"
    findings = find_modalities(text)
    assert modality_of(findings, 0, len("TAO fell 4%")) is Modality.PAST
    assert modality_of(findings, text.index("you"), len(text)) is Modality.CONDITIONAL


@pytest.mark.parametrize(
    ("text", "words", "modality"),
    [
        ("Will TAO fall to $200 before reclaiming $300?", "reclaiming $300", Modality.QUESTION),
        ("TAO could fall to $200 before reclaiming $300", "reclaiming $300", Modality.FORECAST),
        ("TAO rose 10% before falling to $250", "falling to $250", Modality.PAST),
        ("TAO could fall after reclaiming $300", "reclaiming $300", Modality.PAST),
        ("TAO could fall before the Fed met, as Bitcoin lost 4%", "Bitcoin lost 4%", Modality.PAST),
        ("If TAO falls below $200, a 20% drop follows", "a 20% drop follows", Modality.CONDITIONAL),
        ("If TAO rose in June, it fell 20% in July", "it fell 20%", Modality.PAST),
        ("TAO climbed 30% on 13 June ahead of a likely rate cut", "climbed 30%", Modality.PAST),
        ("TAO eyes $300 ahead of the cut", "TAO eyes $300", Modality.FORECAST),
        ("TAO fell 20% on crash fears on 13 June", "TAO fell 20%", Modality.PAST),
        ("TAO's 35% crash signal returns", "TAO's 35% crash", Modality.FORECAST),
        ("TAO fell 4%, even if nobody saw it, and Bitcoin rose", "TAO fell 4%", Modality.PAST),
    ],
)
def test_what_hangs_on_something_yet_to_come_has_not_happened(text: str, words: str, modality: Modality) -> None:
    at = text.index(words)
    assert modality_of(find_modalities(text), at, at + len(words)) is modality


@pytest.mark.parametrize(
    ("text", "modality"),
    [
        ("When Ethereum crashes, few are ready", Modality.CONDITIONAL),
        ("They will cry when the price slips from $1,200 to $1,000", Modality.CONDITIONAL),
        ("When Bitcoin fell below $60,000, TAO rose", Modality.PAST),
    ],
)
def test_when_speaks_of_any_time_unless_one_is_told(text: str, modality: Modality) -> None:
    at = text.index("crashes") if "crashes" in text else text.index("$1,000" if "$1,000" in text else "$60,000")
    assert modality_of(find_modalities(text), at, at + 6) is modality
