"""A person's own forms of sentences, each held to its examples and counter-examples as they are loaded."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from functools import cache

from analysis.claims.sentences.forms import (
    FORM_FORM,
    SENTENCE_FORMS,
    Grammar,
    packaged_forms,
    packaged_grammar,
    read_grammar,
)
from analysis.claims.sentences.lexicon import packaged_lexicon
from analysis.claims.sentences.reader import read_text
from warehouse.config import ConfigError, ConfigText, load_config

# When examples are said: a Thursday, so that weekdays and months in them name one day.
EXAMPLES_SAID_AT = datetime(2026, 5, 14, 18, tzinfo=UTC)
# An example says "text -> ASSET kind direction number", or "text -> not judged: reason".
_ARROW, _NOT_JUDGED = " -> ", "not judged: "
_LEAST_PARTS, _MOST_PARTS = 3, 4
_SAME = 1e-6


@cache
def own_grammar(own: ConfigText | None) -> Grammar:
    """The grammar that ships with a person's own forms before it.

    ConfigError names file, form and example where a form does not read its example, or reads its counter-example.
    """
    if own is None:
        return packaged_grammar()
    grammar = read_grammar(packaged_lexicon(), packaged_forms(), own)
    loaded = load_config(FORM_FORM, packaged_forms(), own)
    changed = {change.identity[0] for change in loaded.changes if change.table == SENTENCE_FORMS.name}
    faults = [
        str(loaded.error(SENTENCE_FORMS, (entry.id,), key, fault))
        for entry in loaded.entries(SENTENCE_FORMS)
        if entry.id in changed
        for key, fault in (
            *(("examples", example_fault(grammar, entry.id, text)) for text in entry.examples),
            *(("counter_examples", counter_fault(grammar, entry.id, text)) for text in entry.counter_examples),
        )
        if fault is not None
    ]
    if faults:
        raise ConfigError("\n".join(faults))
    return grammar


def example_fault(grammar: Grammar, form_id: str, example: str) -> str | None:
    """What is wrong with an example of a form; None when the form reads it as it says."""
    text, _, expected = example.partition(_ARROW)
    read = read_text(text, EXAMPLES_SAID_AT, grammar)
    if expected.startswith(_NOT_JUDGED):
        reason = expected.removeprefix(_NOT_JUDGED)
        if reason in {item.reason for item in read.unjudged} and not read.statements:
            return None
        return f"{text!r} should not be judged: {reason}"
    parts = expected.split()
    if not _LEAST_PARTS <= len(parts) <= _MOST_PARTS:
        return f'{example!r}: write it as "text -> ASSET kind direction number", such as "TAO rose 5% -> TAO ..."'
    asset, *said = parts[:_LEAST_PARTS]
    found = [item.statement for item in read.statements if item.form_id == form_id and item.statement.asset == asset]
    if [[str(one.kind), str(one.direction)] for one in found] != [said]:
        others = [f"{item.statement.asset} {item.statement.kind} by {item.form_id}" for item in read.statements]
        return f"{text!r} is not read by this form as {expected}; read: {', '.join(others) or 'nothing'}"
    stated = found[0].size if found[0].size is not None else found[0].price
    number = parts[_MOST_PARTS - 1] if len(parts) == _MOST_PARTS else "none"
    is_same = (
        stated is None
        if number == "none"
        else stated is not None and math.isclose(stated, _number(number), rel_tol=_SAME)
    )
    return None if is_same else f"{text!r} is read with the number {stated}, not {number}"


def counter_fault(grammar: Grammar, form_id: str, text: str) -> str | None:
    """What is wrong with a counter-example of a form; None when the form leaves it alone."""
    read = read_text(text, EXAMPLES_SAID_AT, grammar)
    return f"{text!r} is read by this form" if form_id in {item.form_id for item in read.statements} else None


def _number(written: str) -> float:
    try:
        return float(written)
    except ValueError:
        return math.nan
