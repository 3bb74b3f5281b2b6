"""What a phrase is counted from: the event that its words refer to, the time as of which it was true."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

from analysis.claims.judging.windows import SINCE_EVENT, place_token, resolve_window
from analysis.claims.sentences.forms import Form
from analysis.claims.sentences.sentence import MOVE_KINDS, PRICE_KINDS, UNSAID_WINDOW, SentenceState
from analysis.claims.sentences.subjects import NamedSubject
from analysis.claims.sentences.times.calendar import DAY_OF_EVENT, NO_SUCH_DAY
from analysis.claims.sentences.times.instants import NAMED_TIME, TIME_OF_DAY
from analysis.claims.sentences.times.references import LedgerEvent, Reference, find_references
from analysis.claims.sentences.times.windows import TimePhrase
from analysis.claims.statement import Kind, StatedWindow, Statement
from warehouse.tables.bars import DAY
from warehouse.tables.units import iso_instant


def as_of_phrases(state: SentenceState) -> list[TimePhrase]:
    """The words for when the sentence was true: "as of 14:30 UTC"."""
    return [named for named in state.windows if state.text[named.start : named.end].lower().startswith("as of ")]


def reference_of(
    state: SentenceState, first: int, last: int, subject: NamedSubject, window: TimePhrase | None
) -> Reference | None:
    """What the phrase is said to come before or after: of a length of time what follows it, else what its clause names.

    A reference at the head of the sentence belongs to all of its phrases, one behind a phrase to those of its market.
    """
    text, sentence = state.text, state.sentence
    markets = [token.start for token in state.tokens if token.market is not None]
    named = find_references(text, sentence.start, sentence.end, state.said_at, state.events, markets)
    if window is not None and (window.is_forward or window.is_backward):
        behind = [item for item in named if window.end <= item.at <= window.end + _LONGEST_OPENER]
        if behind or window.is_backward:
            return behind[0] if behind else None
    begin, end = state.tokens[first].start, state.tokens[last - 1].end
    after = [item for item in named if item.at > end and _reaches_back(state, end, item, subject)]
    leads = [
        item.at > begin
        or (
            (not markets or (item.at < markets[0] and not _tells_another(state, item)) or _heads_a_clause(state, item))
            and ";" not in text[item.at : begin]
        )
        for item in named
    ]
    before = [
        item for item, is_lead in zip(named, leads, strict=True) if item.at <= end and (is_lead or subject.is_inherited)
    ]
    return after[0] if after else before[-1] if before else None


def _tells_another(state: SentenceState, reference: Reference) -> bool:
    """Whether a clause before the reference says what came after it: "A lab sparks fury after its exit, TAO fell"."""
    ahead = [token for token in state.tokens if token.end <= reference.at - len(reference.opener)]
    return sum(not token.classes.isdisjoint(_SAYING) for token in ahead) > _MOST_LEADING_WORDS


# Unknown words with which a sentence may begin before what it is counted from: "Just hours after".
_MOST_LEADING_WORDS = 1
_SAYING = frozenset({"WORD", "HOLDER", "QUANTITY"})


def _heads_a_clause(state: SentenceState, reference: Reference) -> bool:
    """Whether a mark that parts whole clauses stands right before it: "…; before it, TAO fell"."""
    before = state.text[state.sentence.start : reference.at - len(reference.opener)].rstrip()
    return before.endswith(_HARD_BREAKS)


# "leading up to", and what stands between a length of time and it.
_LONGEST_OPENER = 20


def _reaches_back(state: SentenceState, end: int, reference: Reference, subject: NamedSubject) -> bool:
    """Whether a reference belongs to a phrase that ends before it: no clause between begins with another market ("TAO
    rose, while BTC fell after …"), no colon parts them, and of a thing that is not known no other clause at all.
    """
    opens, n_breaks = False, 0
    for token in state.tokens:
        if not end <= token.start < reference.at:
            continue
        if "BREAK" in token.classes:
            opens, n_breaks = True, n_breaks + 1
            if token.text in _HARD_BREAKS or (reference.is_unknown and n_breaks > 1):
                return False
        elif opens and token.market is not None:
            return token.market in subject.markets
        elif not token.classes & _BEFORE_A_SUBJECT:
            opens = False
    return True


_HARD_BREAKS = (":", ";", "—", "|", "?", "!")
_BEFORE_A_SUBJECT = frozenset({"LIGHT", "AND", "POSS", "PRICE_WORD"})


def is_out_of_reach(reference: Reference, state: SentenceState, form: Form) -> bool:
    """Whether no stretch is meant that can be told: some time before a thing, or since one that is not known; an
    extreme some time after an event. What is to come ("slips ahead of the decision") leaves a headline as it is.
    """
    if reference.is_of_a_length:
        return True  # "within half a day of the restriction": a length that was not read
    if reference.is_unknown:
        is_to_come = reference.opener == "ahead of" and not _is_told_as_past(state)
        return not is_to_come
    is_extreme = form.kind in (Kind.N_PERIOD_EXTREME, Kind.ALL_TIME_EXTREME)
    is_long_ago = reference.event is not None and reference.event.at_utc <= state.said_at - DAY
    return reference.is_before or (is_extreme and reference.is_after and is_long_ago)


def _is_told_as_past(state: SentenceState) -> bool:
    return _PAST_VERB.search(state.text, state.sentence.start, state.sentence.end) is not None


_PAST_VERB = re.compile(
    r"\b(?:was|were|had|rose|fell|sank|slid|lost|gained|climbed|jumped|surged|dropped|rallied|dipped|traded|stood|held"
    r"|slipped|moved|tumbled|plunged|added|shed)\b",
    re.IGNORECASE,
)


def token_after(reference: Reference, form: Form) -> str | None:
    """The window of what is said without one and came after an event: since then; of an event of long ago a move of its
    first day, a level of its first week. None for another.
    """
    event = reference.event
    if event is None or not reference.is_after or form.kind not in (*MOVE_KINDS, *PRICE_KINDS):
        return None
    if not reference.is_old:
        return SINCE_EVENT
    return f"{iso_instant(event.at_utc)}/P{1 if form.kind in MOVE_KINDS else 7}D"


def is_from_nothing(state: SentenceState, window: TimePhrase | None, event: LedgerEvent | None) -> bool:
    """Whether the window is counted from something whose time is not known: "the day the ban was reported"."""
    if window is None or event is not None or counted_from(state, window) is not None:
        return window is not None and window.token in _UNPLACED
    is_after = window.is_forward and state.paragraph.event is None
    is_after = is_after and _FROM_A_THING.match(state.text, window.end) is not None
    return window.token in _UNPLACED or window.is_backward or is_after


_UNPLACED = (DAY_OF_EVENT, NO_SUCH_DAY)


# "Within 12 hours of the summit"; "of the day" and "of the rally" are no happenings.
_FROM_A_THING = re.compile(
    r"\s*(?:(?:after|following|that followed|thereafter|afterwards)\b"
    r"|of (?:(?:the|its|this|that)|(?-i:[A-Z])\S*[’']s) (?!(?:\w+ )?(?:day|week|month|quarter|year|session|rally|sell"
    r"|move|slide|drop|fall|gain)))",
    re.IGNORECASE,
)


def anchored(
    state: SentenceState, statement: Statement, window: TimePhrase | None, event: LedgerEvent | None
) -> Statement:
    """The statement with what it refers to; a window counted from there begins there."""
    happened = counted_from(state, window)
    if event is None and window is not None and window.is_forward:
        event = state.paragraph.event
    if happened is None and event is not None:
        statement = replace(statement, event_id=event.event_id, event_utc=event.at_utc)
    elif happened is not None:
        statement = replace(statement, event_utc=happened)
    own = statement.window
    if (
        own is None
        or window is None
        or not (window.is_forward or window.is_backward)
        or statement.event_utc is None
        or own.token != window.token
    ):
        return statement
    place = place_token if window.is_backward else _from_event
    return replace(statement, window=StatedWindow(own.token, *place(window.token, statement.event_utc)))


def _from_event(token: str, event_utc: datetime) -> tuple[datetime, datetime | None]:
    """A length of time counted from what happened."""
    start, end = place_token(token, event_utc)
    return event_utc, None if start is None or end is None else event_utc + (end - start)


def said_as_of(state: SentenceState, statement: Statement) -> Statement:
    """The statement as of the time that its sentence gives."""
    stated = [
        datetime.fromisoformat(named.token.removeprefix("at:")).replace(tzinfo=UTC) for named in as_of_phrases(state)
    ]
    return replace(statement, said_at=min([state.said_at, *stated]))


def counted_from(state: SentenceState, window: TimePhrase | None) -> datetime | None:
    """When the thing happened that a length of time is counted from."""
    named = stated_phrase(state, window)
    return None if named is None else datetime.fromisoformat(named.token.removeprefix("at:")).replace(tzinfo=UTC)


def stated_phrase(state: SentenceState, window: TimePhrase | None) -> TimePhrase | None:
    """The words for that time: "in the hour after the post at 20:50 UTC"."""
    if window is None or not window.is_forward:
        return None
    for named in state.windows:
        clause = state.clause_at(named.start)
        if named.token.startswith("at:") and clause is not None and clause.opener in ("after", "following"):
            return named
    return None


def dated_extreme(statement: Statement, window: TimePhrase | None, state: SentenceState) -> Statement:
    """An extreme set inside a window ("within 12 hours … a high"), its own or the one of before, has the end of it."""
    if statement.kind is not Kind.N_PERIOD_EXTREME or statement.said_at is None:
        return statement
    before = state.found[-1].statement if state.found else None
    if before is not None and before.asset == statement.asset and before.window is not None:
        end = resolve_window(before).to_utc
    elif window is None or window.token == UNSAID_WINDOW:
        return statement
    elif window.is_forward and statement.event_utc is not None:
        _, end = _from_event(window.token, statement.event_utc)
    else:
        _, end = place_token(window.token, statement.said_at, statement.event_utc)
    return statement if end is None else replace(statement, as_of=min(end, statement.said_at))


def leaves_a_time(state: SentenceState, window: TimePhrase | None) -> bool:
    """Whether the sentence names a time that is no part of a window: it would be judged on another one."""
    named = NAMED_TIME.finditer(state.text, state.sentence.start, state.sentence.end)
    if any(not any(own.start < shown.end() and shown.start() < own.end for own in state.windows) for shown in named):
        return True
    used = [phrase for phrase in (window, stated_phrase(state, window)) if phrase is not None]
    used += as_of_phrases(state)
    times = TIME_OF_DAY.finditer(state.text, state.sentence.start, state.sentence.end)
    return any(not any(phrase.start <= shown.start() < phrase.end for phrase in used) for shown in times)
