"""A text read into statements about markets, and into what it says that no tape can judge."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from analysis.claims.sentences.certainty import is_read_surely
from analysis.claims.sentences.forms import Form, Grammar, packaged_grammar
from analysis.claims.sentences.lexicon import NamedMarket
from analysis.claims.sentences.meaning import numbers_listed, statement_of, with_number
from analysis.claims.sentences.prices.amounts import is_by_an_amount
from analysis.claims.sentences.sentence import (
    MARK_CLASSES,
    MODALITY_REASONS,
    MOVE_KINDS,
    MOVERS,
    PERCENT_KINDS,
    PRICE_KINDS,
    UNSAID_WINDOW,
    ParagraphState,
    ReadStatement,
    ReadText,
    SentenceState,
    Unjudged,
)
from analysis.claims.sentences.subjects import NamedSubject, find_subject, subject_before
from analysis.claims.sentences.tables import find_tables, read_cells
from analysis.claims.sentences.times.anchors import (
    anchored,
    dated_extreme,
    is_from_nothing,
    is_out_of_reach,
    leaves_a_time,
    reference_of,
    said_as_of,
    token_after,
)
from analysis.claims.sentences.times.attachment import window_of
from analysis.claims.sentences.times.calendar import NO_SUCH_DAY
from analysis.claims.sentences.times.references import LedgerEvent
from analysis.claims.sentences.times.windows import TimePhrase, find_windows, place_relative
from analysis.claims.sentences.tokens import Token, tokenise
from analysis.claims.sentences.unread.leftovers import apposed, left_over, may_be_left
from analysis.claims.sentences.unread.qualifiers import is_of_one_venue, quote_start
from analysis.claims.sentences.unread.reasons import reason_of
from analysis.claims.statement import Kind
from analysis.events.wording.clauses import Sentence, split_sentences
from analysis.events.wording.modality import SpokenSpan, find_modalities

# A window that begins so few characters after a phrase is part of it.
_NEXT_WORD = 2
# A text of so many sentences is an article, whose passages are marked too.
_LEAST_SENTENCES = 3


def read_text(
    text: str, said_at: datetime, grammar: Grammar | None = None, events: Sequence[LedgerEvent] = ()
) -> ReadText:
    """Every statement about a market in the text, in the order of the words.

    `said_at` (UTC) places its weekdays; `events` are those that its words may refer to.
    """
    grammar = packaged_grammar() if grammar is None else grammar
    if not grammar.lexicon.may_name_a_market(text):
        return ReadText((), ())
    tables = find_tables(text)
    statements = [
        found
        for number, table in enumerate(tables)
        for found in read_cells(text, table, said_at, grammar.lexicon, -1 - number)
    ]
    sentences = [sentence for sentence in split_sentences(text) if not _is_in(sentence, tables)]
    tokens = [tokenise(text, sentence.clauses, grammar.lexicon) for sentence in sentences]
    hits = [_hits(own, grammar) for own in tokens]
    if not any(hits) and not any(map(may_be_left, tokens)):
        return ReadText(tuple(statements), ())
    spoken = find_modalities(text, sentences)
    unjudged: list[Unjudged] = []
    paragraph = ParagraphState()
    for number, sentence in enumerate(sentences):
        if sentence.paragraph != paragraph.number:
            paragraph = ParagraphState(sentence.paragraph, event=paragraph.event)
        windows = find_windows(text, sentence.start, sentence.end, said_at)
        windows = place_relative(windows, paragraph.window, said_at)
        state = SentenceState(text, sentence, tokens[number], windows, spoken, said_at, number, paragraph, events)
        _read_sentence(state, hits[number])
        statements += state.found
        unjudged += state.unjudged
    if len(sentences) >= _LEAST_SENTENCES:
        unjudged += _passages(spoken, statements, unjudged)
    statements.sort(key=lambda read: (read.start, read.end))
    return ReadText(tuple(statements), tuple(sorted(unjudged, key=lambda item: item.start)))


def _passages(spoken: list[SpokenSpan], statements: list[ReadStatement], unjudged: list[Unjudged]) -> list[Unjudged]:
    """The passages of an article that forecast, explain, judge or advertise without a number of their own."""
    taken = [(item.start, item.end) for item in statements] + [(item.start, item.end) for item in unjudged]
    found = []
    for span in sorted(spoken, key=lambda item: item.start):
        reason = MODALITY_REASONS.get(span.modality)
        if reason is None or any(start < span.end and span.start < end for start, end in taken):
            continue
        taken.append((span.start, span.end))
        found.append(Unjudged(span.start, span.end, reason))
    return found


def _is_in(sentence: Sentence, tables: list[list[tuple[int, int]]]) -> bool:
    return any(table[0][0] <= sentence.start < table[-1][1] for table in tables)


_Hit = tuple[int, int, Form]  # first token, the one after the last, and the form that found them


def _hits(tokens: list[Token], grammar: Grammar) -> list[_Hit]:
    """What the forms find, in the order of the forms."""
    coded = grammar.alphabet.write(tokens)
    letters = set(coded)
    forms = [form for form in grammar.forms if form.may_match(letters)]
    found = [(hit.start(), hit.end(), form) for form in forms for hit in form.pattern.finditer(coded)]
    if not found:
        return []
    places = {mark.start(): number for number, mark in enumerate(_TOKEN.finditer(coded))}
    places[len(coded)] = len(tokens)
    return [(places[start], places[end], form) for start, end, form in found]


_TOKEN = re.compile("<")


def _read_sentence(state: SentenceState, hits: list[_Hit]) -> None:
    taken = [(*hit, order) for order, hit in enumerate(hits) if _takes(state, *hit)]
    for first, last, form, _ in sorted(taken, key=lambda hit: (hit[0], hit[3])):
        _read_hit(state, first, last, form)
    state.unjudged += left_over(state)
    named = [token.market for token in state.tokens if token.market is not None]
    if named and not state.found:
        state.paragraph.subject = NamedSubject((named[0],), None)
    if state.windows:
        state.paragraph.window = state.windows[-1]


def _takes(state: SentenceState, first: int, last: int, form: Form) -> bool:
    """Whether the form may have its words: a number is read once, and no verb that a number explains is read again."""
    keys = set(_keys(state.tokens, first, last, form))
    if form.kind in PERCENT_KINDS:
        keys |= {(k, "percent") for k in numbers_listed(state.tokens, first, last, form)}
    if not keys or keys & state.used or is_by_an_amount(state, first, last, form):
        return False
    state.used |= keys
    if form.kind is not Kind.N_PERIOD_EXTREME and form.kind is not Kind.ALL_TIME_EXTREME:
        for k in range(first, last):
            if state.tokens[k].classes & MOVERS and "EVEN" not in state.tokens[k].classes:
                state.used.add((k, "verb"))
    return True


def _keys(tokens: list[Token], first: int, last: int, form: Form) -> Iterator[tuple[int, str]]:
    if form.kind in PERCENT_KINDS:
        yield from ((k, "percent") for k in range(first, last) if "PERCENT" in tokens[k].classes)
        if form.kind is Kind.DRAWDOWN:  # the peak and its price are what it counts from
            yield from ((k, "price") for k in range(first, last) if "PRICE" in tokens[k].classes)
            yield from ((k, str(Kind.ALL_TIME_EXTREME)) for k in range(first, last) if "TOP" in tokens[k].classes)
    elif form.kind in PRICE_KINDS and form.form_id != "hold_support":
        yield from ((k, "price") for k in range(first, last) if tokens[k].classes & {"PRICE", "RANGE"})
    elif form.form_id == "away_from_extreme":
        kinds = (Kind.N_PERIOD_EXTREME, Kind.ALL_TIME_EXTREME)
        yield from ((k, str(kind)) for kind in kinds for k in range(first, last) if tokens[k].classes & MARK_CLASSES)
        yield from ((k, "verb") for k in range(first, last) if tokens[k].classes & MOVERS)
    elif form.kind is Kind.DIRECTION_ONLY:
        yield from ((k, "price") for k in range(first, last) if "AMOUNT" in tokens[k].classes)
        yield from ((k, "verb") for k in range(first, last) if tokens[k].classes & {"UP", "DOWN", "FLAT", "GAIN_ALONE"})
    elif form.kind is Kind.RELATIVE:
        yield from ((k, "relative") for k in range(first, last) if tokens[k].classes & _RELATIVE)
    else:
        yield from ((k, str(form.kind)) for k in range(first, last) if tokens[k].classes & MARK_CLASSES)


_RELATIVE = frozenset({"OUTDO", "UNDERDO", "LEAD", "OUTPERFORM", "DEFY"})


def _read_hit(state: SentenceState, first: int, last: int, form: Form) -> None:
    tokens = state.tokens
    before = subject_before(tokens, first, state.paragraph.subject)
    if form.asset is not None:
        subject = NamedSubject((NamedMarket(form.asset, "group"),), None, is_adjacent=True)
    else:
        subject = find_subject(tokens, first, last, before, inside=form.kind is not Kind.RELATIVE)
    if form.is_adjacent and not subject.is_adjacent:
        state.unjudged += _second_verb(tokens, first, last) if subject.markets else []
        return
    if form.kind is Kind.RELATIVE and state.text[tokens[first].start - 1 : tokens[first].start] in ("-", "‑"):
        return  # "bitcoin-led weakness" compares nothing
    start = tokens[first].start if subject.start is None else min(subject.start, tokens[first].start)
    end = tokens[last - 1].end
    if subject.markets and form.asset is None:
        state.paragraph.subject = subject
    reason = reason_of(state, subject, first, last, start, end, form)
    time = _time_of(state, subject, first, last, form) if reason is None else reason
    if isinstance(time, str):
        state.unjudged.append(Unjudged(start, end, time))
    else:
        _tell(state, subject, first, last, form, start, time)


class _Time(NamedTuple):
    """When a phrase is said to have been: the words for it, its token, the event it is counted from."""

    window: TimePhrase | None
    token: str | None
    event: LedgerEvent | None


def _time_of(state: SentenceState, subject: NamedSubject, first: int, last: int, form: Form) -> _Time | str:
    """The time of the phrase, or why it is not known."""
    window = window_of(state, first, last, form, is_inherited=subject.is_inherited)
    reference = reference_of(state, first, last, subject, window)
    event = reference.event if reference is not None else None
    is_open = window is None or window.token == UNSAID_WINDOW
    if window is not None and window.token == NO_SUCH_DAY:
        return "no_such_date"
    if (
        (is_open and reference is not None and is_out_of_reach(reference, state, form))
        or is_from_nothing(state, window, event)
        or leaves_a_time(state, window)
    ):
        return "unclear"
    state.paragraph.event = event or state.paragraph.event
    token = window.token if window is not None else None
    if reference is not None and is_open:
        token = token_after(reference, form) or token
    return _Time(window, token, event)


def _tell(
    state: SentenceState, subject: NamedSubject, first: int, last: int, form: Form, start: int, time: _Time
) -> None:
    """What the phrase states of each market of its subject."""
    tokens, window = state.tokens, time.window
    listed = numbers_listed(tokens, first, last, form)
    in_turn = listed if 1 < len(listed) == len(subject.markets) else []
    end = tokens[last - 1].end
    rest = state.text[end : state.clause_end(end - 1)] if state.clause_at(end - 1) is not None else ""
    n_markets = len({token.market.market for token in tokens if token.market is not None})
    if window is not None and end <= window.start <= end + _NEXT_WORD and window.end <= state.sentence.end:
        end = window.end
    state.unjudged += apposed(state, end) if form.kind in MOVE_KINDS else []
    start = quote_start(tokens, first, last, start, form)
    told = tokens[first : max([last - 1, *in_turn]) + 1]
    end = max(end, told[-1].end)
    for number, market in enumerate(subject.markets):
        if not market.is_ours:
            state.unjudged.append(Unjudged(start, end, "other_market"))
            continue
        statement = statement_of(state, first, last, form, market.market, time.token)
        if statement is None:
            state.unjudged.append(Unjudged(start, end, "unclear"))
            continue
        statement = with_number(statement, state, in_turn[number]) if in_turn else statement
        is_sure = not is_of_one_venue(tokens, first, last) and is_read_surely(
            subject, statement, form, told, rest, n_markets=n_markets, is_taken_up=_is_guessed(state, first, window)
        )
        statement = anchored(state, said_as_of(state, statement), window, time.event)
        statement = dated_extreme(statement, window, state)
        state.found.append(ReadStatement(statement, start, end, is_sure, form.form_id, state.number))


def _second_verb(tokens: list[Token], first: int, last: int) -> list[Unjudged]:
    """A verb behind an "and" that is told of the same market and not read: "rallied and fell the next day"."""
    is_second = first > 0 and "AND" in tokens[first - 1].classes and tokens[first].text.lower() in _TOLD
    return [Unjudged(tokens[first].start, tokens[last - 1].end, "unclear")] if is_second else []


# Verbs that tell what a market did, and are no nouns.
_TOLD = frozenset({"rose", "fell", "sank", "slid", "dropped", "gained", "climbed", "jumped", "rallied", "slipped"})


def _is_guessed(state: SentenceState, first: int, window: TimePhrase | None) -> bool:
    """Whether another window may be meant: it was said in an earlier sentence or before a "then", or none was said and
    one that goes with another phrase is.
    """
    if window is None:
        return False
    if window.start < state.sentence.start:
        return True
    if window.token == UNSAID_WINDOW:
        return any(named.is_day or named.token[0] == "P" or "/" in named.token for named in state.windows)
    is_before = window.end <= state.tokens[first].start
    return is_before and first > 0 and state.tokens[first - 1].text.lower() in _AFTERWARDS


_AFTERWARDS = frozenset({"then", "later", "before", "afterwards"})
