"""A text read into statements about markets, and into what it says that no tape can judge."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from analysis.claims.sentences.attachment import (
    anchored,
    as_of_phrases,
    dated_extreme,
    is_from_nothing,
    is_out_of_reach,
    reference_of,
    said_as_of,
    stated_phrase,
    token_after,
    window_of,
)
from analysis.claims.sentences.certainty import is_read_surely
from analysis.claims.sentences.forms import Form, Grammar, packaged_grammar
from analysis.claims.sentences.instants import NAMED_TIME, TIME_OF_DAY
from analysis.claims.sentences.lexicon import NamedMarket
from analysis.claims.sentences.meaning import numbers_listed, statement_of, with_number
from analysis.claims.sentences.prices.amounts import is_by_an_amount
from analysis.claims.sentences.qualifiers import (
    apposed,
    is_of_one_venue,
    left_over,
    may_be_left,
    quote_start,
    unread_qualifier,
)
from analysis.claims.sentences.references import LedgerEvent
from analysis.claims.sentences.sentence import (
    AN_ADVERT,
    MARK_CLASSES,
    MODALITY_REASONS,
    MOVE_KINDS,
    PERCENT_KINDS,
    PRICE_KINDS,
    UNSAID_WINDOW,
    ParagraphState,
    ReadStatement,
    ReadText,
    SentenceState,
    Unjudged,
)
from analysis.claims.sentences.subjects import NamedSubject, find_subject, is_about_quantity, subject_before
from analysis.claims.sentences.tables import find_tables, read_cells
from analysis.claims.sentences.tokens import Token, tokenise
from analysis.claims.sentences.windows import TimePhrase, find_windows, place_relative
from analysis.claims.statement import Kind
from analysis.events.wording.clauses import Sentence, split_sentences
from analysis.events.wording.modality import Modality, SpokenSpan, find_modalities, modality_of

# A window that begins so few characters after a phrase is part of it.
_NEXT_WORD = 2
# A text of so many sentences is an article, whose passages are marked too.
_LEAST_SENTENCES = 3
# How far before a verb its denial stands, in tokens.
_DENIAL_REACH = 6


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
            if state.tokens[k].classes & _MOVERS and "EVEN" not in state.tokens[k].classes:
                state.used.add((k, "verb"))
    return True


_MOVERS = frozenset({"UP", "DOWN", "FLAT", "DOUBLE", "HOVER", "STALL"})


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
        yield from ((k, "verb") for k in range(first, last) if tokens[k].classes & _MOVERS)
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
    listed = numbers_listed(tokens, first, last, form)
    in_turn = listed if 1 < len(listed) == len(subject.markets) else []
    reason = _reason(state, subject, first, last, start, end, form)
    if reason is not None:
        state.unjudged.append(Unjudged(start, end, reason))
        return
    window = window_of(state, first, last, form, is_inherited=subject.is_inherited)
    reference = reference_of(state, first, last, subject, window)
    event = reference.event if reference is not None else None
    is_open = window is None or window.token == UNSAID_WINDOW
    if (
        (is_open and reference is not None and is_out_of_reach(reference, state, form))
        or is_from_nothing(state, window, event)
        or _leaves_a_time(state, window)
    ):
        state.unjudged.append(Unjudged(start, end, "unclear"))
        return
    state.paragraph.event = event or state.paragraph.event
    token = window.token if window is not None else None
    if reference is not None and is_open:
        token = token_after(reference, form) or token
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
        statement = statement_of(state, first, last, form, market.market, token)
        if statement is None:
            state.unjudged.append(Unjudged(start, end, "unclear"))
            continue
        statement = with_number(statement, state, in_turn[number]) if in_turn else statement
        is_sure = not is_of_one_venue(tokens, first, last) and is_read_surely(
            subject, statement, form, told, rest, n_markets=n_markets, is_taken_up=_is_guessed(state, first, window)
        )
        statement = anchored(state, said_as_of(state, statement), window, event)
        statement = dated_extreme(statement, window, state)
        state.found.append(ReadStatement(statement, start, end, is_sure, form.form_id, state.number))


def _reason(
    state: SentenceState, subject: NamedSubject, first: int, last: int, start: int, end: int, form: Form
) -> str | None:
    """Why the words are not judged; None when they are a statement about the past of one of our markets."""
    is_ours = any(market.is_ours for market in subject.markets)
    modality = modality_of(state.spoken, start, end, AN_ADVERT if is_ours else frozenset())
    if form.modality is not None and modality in (Modality.PAST, Modality.PREDICTION):
        return form.modality
    if modality is Modality.PREDICTION and not _reports(state, first, last, form):
        return "forecast"
    if modality is Modality.FORECAST and form.form_id == "from_price_to_price" and _is_told(state.tokens, first):
        modality = Modality.PAST  # "by June 15" says when it was there
    if modality not in (Modality.PAST, Modality.PREDICTION, Modality.CAUSAL):
        return MODALITY_REASONS[modality]
    if subject.is_quantity or is_about_quantity(state.tokens, last):
        return "other_quantity"
    if subject.is_holder:
        return "other_market"
    if not subject.markets or _has_other_subject(state.tokens, first):
        return "unclear"
    if not is_ours or _is_one_of_a_group(subject, state.text):
        return "other_market"
    if _is_denied(state.tokens, first) and not form.is_negated:
        return "unclear"
    if form.kind is Kind.DIRECTION_ONLY and last < len(state.tokens) and state.tokens[last].text == "because":
        return "causal"
    listed = numbers_listed(state.tokens, first, last, form) if form.kind in PERCENT_KINDS else []
    if len(listed) != len(subject.markets) and _are_together(state.tokens, listed):
        return "unclear"
    return unread_qualifier(state, subject, first, last, start, form)


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


def _are_together(tokens: list[Token], listed: list[int]) -> bool:
    """Whether an "and" joins numbers of which it is not said whose each is: "TAO rose 23% and 11%"."""
    return len(listed) > 1 and any("AND" in token.classes for token in tokens[listed[0] : listed[-1]])


def _leaves_a_time(state: SentenceState, window: TimePhrase | None) -> bool:
    """Whether the sentence names a time that is no part of a window: it would be judged on another one."""
    named = NAMED_TIME.finditer(state.text, state.sentence.start, state.sentence.end)
    if any(not any(own.start < shown.end() and shown.start() < own.end for own in state.windows) for shown in named):
        return True
    used = [phrase for phrase in (window, stated_phrase(state, window)) if phrase is not None]
    used += as_of_phrases(state)
    times = TIME_OF_DAY.finditer(state.text, state.sentence.start, state.sentence.end)
    return any(not any(phrase.start <= shown.start() < phrase.end for phrase in used) for shown in times)


def _has_other_subject(tokens: list[Token], first: int) -> bool:
    """Whether an unknown noun stands right before the verb, which then is not the market's: "Crypto hacks drop"."""
    if first == 0 or not tokens[first].classes & _VERBS:
        return False
    before = tokens[first - 1]
    return before.classes - {"VENUE"} == _UNKNOWN_WORD and not before.text.lower().endswith(("ly", "ed"))


_VERBS = frozenset({"UP", "DOWN", "UP_BY", "DOWN_BY", "REACH", "CROSS_UP", "CROSS_DOWN", "DOUBLE", "RECLAIM"})
_UNKNOWN_WORD = frozenset({"WORD"})


def _is_one_of_a_group(subject: NamedSubject, text: str) -> bool:
    """Whether a group's word in the singular only introduces a coin that is not known: "Altcoin Audiera explodes"."""
    if subject.start is None or not subject.n_unknown or subject.markets[0].scope != "group":
        return False
    return re.match(r"(?:\w+ )?(?:altcoin|coin|token)\b", text[subject.start :], re.IGNORECASE) is not None


def _is_denied(tokens: list[Token], first: int) -> bool:
    """Whether the move is denied ("did not fall") or only dealt in ("buys the Bitcoin dip")."""
    is_past_name, is_driven = False, "DRIVE" in tokens[first].classes  # "panic selling sends Bitcoin below $60K"
    for k in range(first - 1, max(first - _DENIAL_REACH, -1), -1):
        if "BREAK" in tokens[k].classes:
            return False
        is_past_name |= "ASSET" in tokens[k].classes
        is_not = "NOT" in tokens[k].classes and (
            not is_past_name or tokens[k].text.endswith("n't")
        )  # "isn't ETH rising"
        if is_not or ("BUY" in tokens[k].classes and not is_driven):
            return True
    return False


def _is_told(tokens: list[Token], first: int) -> bool:
    """Whether a verb of the past stands right before a phrase."""
    before = tokens[first - 1] if first else None
    return before is not None and bool(before.classes & _MOVERS) and not before.text.lower().endswith(("s", "ing"))


def _reports(state: SentenceState, first: int, last: int, form: Form) -> bool:
    """Under a "price prediction" title: a clause opened by as, amid, despite … reports, and so does a finite verb."""
    at = state.tokens[first].start
    clause = state.clause_at(at)
    if clause is not None and clause.opener in ("as", "amid", "despite", "while", "after", "following"):
        return True
    if clause is not None and state.text[clause.start : clause.end].strip().lower().startswith(("why", "how")):
        return True
    return state.tokens[first].text.lower().endswith(("s", "ed")) and form.kind is not Kind.RANGE
