"""Every form of statements reads its examples and leaves its counter-examples alone."""

from datetime import UTC, datetime

import pytest

from analysis.claims.sentences.forms import FORM_FORM, SENTENCE_FORMS
from analysis.claims.sentences.reader import read_text
from warehouse.config import load_config, packaged_text

SAID_AT = datetime(2026, 5, 14, 18, tzinfo=UTC)
ENTRIES = load_config(FORM_FORM, packaged_text("analysis.claims.sentences", "forms.toml")).entries(SENTENCE_FORMS)


@pytest.mark.parametrize(("form_id", "example"), [(entry.id, text) for entry in ENTRIES for text in entry.examples])
def test_a_form_reads_its_example(form_id: str, example: str) -> None:
    text, _, expected = example.partition(" -> ")
    read = read_text(text, SAID_AT)
    if expected.startswith("not judged: "):
        assert expected.removeprefix("not judged: ") in {item.reason for item in read.unjudged}
        assert not read.statements
        return
    asset, kind, direction, *number = expected.split()
    found = [item.statement for item in read.statements if item.form_id == form_id and item.statement.asset == asset]
    assert [(str(one.kind), str(one.direction)) for one in found] == [(kind, direction)]
    stated = found[0].size if found[0].size is not None else found[0].price
    assert stated == (None if number == ["none"] else pytest.approx(float(number[0])))


@pytest.mark.parametrize(
    ("form_id", "text"), [(entry.id, text) for entry in ENTRIES for text in entry.counter_examples]
)
def test_a_form_leaves_its_counter_example_alone(form_id: str, text: str) -> None:
    assert form_id not in {item.form_id for item in read_text(text, SAID_AT).statements}
