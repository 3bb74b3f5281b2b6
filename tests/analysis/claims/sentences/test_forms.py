"""Every form of statements reads its examples and leaves its counter-examples alone, a person's own as well."""

import pytest

from analysis.claims.sentences.forms import FORM_FORM, SENTENCE_FORMS, packaged_forms, packaged_grammar
from analysis.claims.sentences.own_forms import EXAMPLES_SAID_AT, counter_fault, example_fault, own_grammar
from analysis.claims.sentences.reader import read_text
from warehouse.config import ConfigError, ConfigText, load_config

ENTRIES = load_config(FORM_FORM, packaged_forms()).entries(SENTENCE_FORMS)


@pytest.mark.parametrize(("form_id", "example"), [(entry.id, text) for entry in ENTRIES for text in entry.examples])
def test_a_form_reads_its_example(form_id: str, example: str) -> None:
    assert example_fault(packaged_grammar(), form_id, example) is None


@pytest.mark.parametrize(
    ("form_id", "text"), [(entry.id, text) for entry in ENTRIES for text in entry.counter_examples]
)
def test_a_form_leaves_its_counter_example_alone(form_id: str, text: str) -> None:
    assert counter_fault(packaged_grammar(), form_id, text) is None


OWN = """
[words]
LEVITATE = "levitated, floated up by"

[[form]]
id = "levitated"
kind = "percent_move"
direction = "up"
pattern = 'LEVITATE FILL{0,2} PERCENT'
examples = ["TAO levitated 20% -> TAO percent_move up 0.2"]
counter_examples = ["TAO fell 20%"]
"""


def test_an_own_form_with_words_of_its_own_is_read_and_leaves_the_others_as_they_are() -> None:
    text = "TAO floated up by 20%, and BTC fell 5%"
    before = [item.form_id for item in read_text(text, EXAMPLES_SAID_AT).statements]
    read = read_text(text, EXAMPLES_SAID_AT, own_grammar(ConfigText("forms.toml", OWN)))
    assert "levitated" not in before
    assert [(item.statement.asset, item.statement.size, item.form_id) for item in read.statements] == [
        ("TAO", 0.2, "levitated"), ("BTC", 0.05, "move_by_percent"),
    ]  # fmt: skip


def test_an_own_form_is_tried_before_those_that_ship() -> None:
    own = OWN.replace("LEVITATE FILL", "UP FILL").replace("levitated 20% ->", "rose 20% ->")
    [found] = read_text("TAO rose 20%", EXAMPLES_SAID_AT, own_grammar(ConfigText("forms.toml", own))).statements
    assert found.form_id == "levitated"


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        (
            "up 0.2",
            "down 0.2",
            "form 'levitated': examples: 'TAO levitated 20%' is not read by this form as TAO",
        ),
        ("up 0.2", "up 0.3", "read with the number 0.2, not 0.3"),
        ("TAO fell 20%", "ETH levitated 5%", "counter_examples: 'ETH levitated 5%' is read by this form"),
        ("-> TAO percent_move up 0.2", "is up", "write it as"),
        ("LEVITATE FILL", "LEVITAT FILL", "not a pattern over known words"),
        ('kind = "percent_move"', 'kind = "percentage"', "kind"),
    ],
)
def test_an_own_form_that_does_not_keep_its_word_names_file_form_and_example(
    right: str, wrong: str, message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        own_grammar(ConfigText("forms.toml", OWN.replace(right, wrong, 1)))
    assert message in str(caught.value)
    assert str(caught.value).startswith("forms.toml line ")
