"""Which of the windows that a sentence names goes with which of its phrases, and what it is counted from."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from analysis.claims.judging.windows import SINCE_EVENT, place_token, resolve_window
from analysis.claims.sentences.forms import Form
from analysis.claims.sentences.numbers import NUMBER_WORDS
from analysis.claims.sentences.references import LedgerEvent, Reference, find_references
from analysis.claims.sentences.sentence import MOVE_KINDS, PRICE_KINDS, UNSAID_WINDOW, SentenceState
from analysis.claims.sentences.subjects import NamedSubject
from analysis.claims.sentences.tokens import Token
from analysis.claims.sentences.windows import DAY_OF_EVENT, TimePhrase, written_instant
from analysis.claims.statement import Kind, StatedWindow, Statement
from warehouse.tables.bars import DAY
from warehouse.tables.units import iso_instant


def window_of(state: SentenceState, first: int, last: int, form: Form, *, is_inherited: bool) -> TimePhrase | None:
    """The token of the window that goes with the phrase: in its clause, at the head of the sentence, or taken up."""
    tokens = state.tokens
    is_price = form.kind in PRICE_KINDS
    low, high = first, last
    while low > 0 and not _is_new_verb(state, low - 1):
        if "BREAK" in tokens[low - 1].classes and not _is_listed(tokens, low - 1):
            break
        low -= 1
    while high < len(tokens) and ("BREAK" not in tokens[high].classes or _is_listed(tokens, high)):
        high += 1
    start = tokens[low].start
    end = tokens[high].start if high < len(tokens) else state.sentence.end
    windows = [
        window
        for window in state.windows
        if not (form.kind in MOVE_KINDS and _is_instant(window)) and not _is_of_a_name(window, state)
    ]
    if form.kind is Kind.DRAWDOWN:  # "the record it set nine days ago"
        windows = [window for window in windows if not _PEAK_SET.search(state.text, start, window.start)]
    own = [window for window in windows if start <= window.start < end and not _is_inside(window, tokens)]
    own.sort(key=lambda window: _distance(window, tokens[first].start, tokens[last - 1].end))
    if form.form_id == "from_price_to_price" and (both := _between_days(own, tokens[last - 1].start, state)):
        return both
    if own:
        return _placed(_up_to(own[0], state, form), state)
    before = [window for window in windows if window.start < start and window.end <= tokens[first].start]
    heads = [window for window in before if _is_head(window, state, is_inherited)]
    if heads and form.kind is not Kind.ALL_TIME_EXTREME and not (is_price and heads[-1].is_today):
        return _placed(heads[-1], state)
    if form.kind in MOVE_KINDS and before and _is_beside(state, first, before[-1]):
        return _placed(before[-1], state)
    apposed = [window for window in windows if _is_behind_apposition(window, tokens, last)]
    if apposed and form.kind in MOVE_KINDS:
        return _placed(apposed[0], state)
    if form.kind is Kind.RELATIVE and len(windows) == 1 and not _is_inside(windows[0], tokens):
        return _placed(windows[0], state)
    taken_up = state.paragraph.window
    if taken_up is not None and (taken_up.is_day if is_price else not _is_instant(taken_up)):
        return _placed(taken_up, state)
    return TimePhrase(start, start, UNSAID_WINDOW) if form.kind in MOVE_KINDS else None


def _distance(window: TimePhrase, start: int, end: int) -> tuple[int, bool]:
    """How far a window lies from the phrase between two characters; of two as near the one behind it is its own."""
    return max(window.start - end, start - window.end, 0), window.start < start


def _between_days(own: list[TimePhrase], second_price: int, state: SentenceState) -> TimePhrase | None:
    """From the day of the first price to that of the second: "from $212 on June 13 to $283 by June 15"."""
    days = sorted((window for window in own if window.is_day), key=lambda window: window.start)
    if len(days) != 2 or not days[0].start < second_price < days[1].start:
        return None
    (start, _), (_, end) = (place_token(day.token, state.said_at) for day in days)
    if start is None or end is None or start >= end:
        return None
    return replace(days[1], token=f"{written_instant(start)}/{written_instant(end)}", is_day=False)


def _up_to(window: TimePhrase, state: SentenceState, form: Form) -> TimePhrase:
    """The window, or of a level that was reached "by 15:00 UTC" the day up to then."""
    is_by = state.text[window.start : window.end].lower().startswith("by ")
    if form.kind is not Kind.LEVEL_CROSSED or not is_by or not _is_instant(window):
        return window
    return replace(window, token=f"PT24H/{window.token.removeprefix('at:')}")


def _is_beside(state: SentenceState, first: int, window: TimePhrase) -> bool:
    """Whether a move is told beside another one whose window it shares: "rose on 13 June, with FET falling 10%"."""
    clause = state.clause_at(state.tokens[first].start)
    is_shared = any(
        item.statement.window is not None and item.statement.window.token == window.token for item in state.found
    )
    is_beside = is_shared and clause is not None and clause.opener in _BESIDE
    return (
        is_beside
        and not _is_inside(window, state.tokens)
        and not _HYPHENATED.search(state.text, window.start, window.end)
    )


_BESIDE = frozenset({"while", "whereas", "with", ","})


def _is_of_a_name(window: TimePhrase, state: SentenceState) -> bool:
    """Whether a day only names what happened on it: "after Friday's restriction"."""
    is_owner = window.is_day and _OWNS.match(state.text, window.end) is not None
    return is_owner and _BEHIND_AN_OPENER.search(state.text, state.sentence.start, window.start) is not None


_OWNS = re.compile(r"[’']s\b")
_BEHIND_AN_OPENER = re.compile(
    r"\b(?:after|following|since|before|prior to|ahead of|up to|of)\s+(?:the |last )?$", re.IGNORECASE
)


def _is_instant(window: TimePhrase) -> bool:
    """Whether it has no length, so that nothing moves in it."""
    return window.token.startswith("at:")


_PEAK_SET = re.compile(r"\b(?:set|reached|hit|made|touched)\s*$", re.IGNORECASE)
_HYPHENATED = re.compile(r"\w[-‑]\w")


def _is_listed(tokens: list[Token], comma: int) -> bool:
    """Whether a comma only parts two markets of a list, or "respectively" from it."""
    if not 0 < comma < len(tokens) - 1:
        return False
    beside = (tokens[comma - 1], tokens[comma + 1])
    return all(one.market is not None for one in beside) or any(one.text.lower() == "respectively" for one in beside)


def _is_inside(window: TimePhrase, tokens: list[Token]) -> bool:
    """Whether the words belong to an extreme ("its highest price since November") and name no window of a move."""
    marks = {"PERIOD_HIGH", "PERIOD_LOW", "SINCE_HIGH", "SINCE_LOW", "FIRST_SINCE"}
    return any(token.classes & marks and token.start <= window.start < token.end for token in tokens)


def _is_head(window: TimePhrase, state: SentenceState, is_inherited: bool) -> bool:
    """Whether a window goes on to later clauses: it stands in a clause of its own ("Since Monday, …"), or in the
    first clause and the later one takes up its subject ("rose 30% within 12 hours, reaching …").
    """
    clause = state.clause_at(window.start)
    if clause is None or _is_inside(window, state.tokens):
        return False
    if _HYPHENATED.search(state.text, window.start, window.end):
        return False  # "Bitcoin reverses a 3-day slide, climbs past $76K"
    if _is_instant(window) and clause.opener in ("after", "following"):
        return False  # the time of what happened, not of the move
    own = [token for token in state.tokens if clause.start <= token.start < clause.end]
    if not any(token.market is not None or token.quantity is not None for token in own):
        return True
    return is_inherited and clause.start == state.sentence.start


def _is_behind_apposition(window: TimePhrase, tokens: list[Token], last: int) -> bool:
    """Whether a phrase and a window are parted by a comparison or a list: "…, more than BTC, in", "…, FET 2%, in"."""
    between = [token for token in tokens[last:] if token.start < window.start]
    is_apposed = bool(between) and _parts(between[0]) and window.start >= tokens[last - 1].end
    return is_apposed and all(
        token.market is not None or token.classes & _APPOSED or _parts(token) or token.text.lower() in _COMPARING
        for token in between
    )


def _parts(token: Token) -> bool:
    """Whether a mark parts the items of a list: "TAO (+5%), FET (+3%)"."""
    return bool(token.classes & {"COMMA", "AND"}) or token.text == "("


_APPOSED = frozenset(
    {"COMMA", "AND", "PERCENT", "LIGHT", "MORE", "OUTDO", "OUTPERFORM", "UNDERDO", "UP", "DOWN", "TO", "PRICE"}
)
_COMPARING = {"than", "less", "fewer", "better", "worse", "as", "much", "far", "twice", "half", "times", *NUMBER_WORDS}


def _is_new_verb(state: SentenceState, at: int) -> bool:
    """Whether an "and" opens a second verb phrase, to which no window of the first belongs."""
    tokens, start = state.tokens, state.tokens[at].start
    is_in_window = any(window.start <= start < window.end for window in state.windows)  # "between 12 and 13 June"
    return "AND" in tokens[at].classes and at + 1 < len(tokens) and tokens[at + 1].market is None and not is_in_window


def _placed(named: TimePhrase, state: SentenceState) -> TimePhrase:
    return replace(named, token=_calendar_token(named.token, state))


def _calendar_token(phrase: str, state: SentenceState) -> str:
    if phrase not in ("on_the_day", "the_month"):
        return phrase
    days = [window.token for window in state.windows if window.is_day]
    if not days and state.paragraph.window is not None and state.paragraph.window.is_day:
        days = [state.paragraph.window.token]
    if phrase == "the_month":
        dated = [day for day in days if day.startswith("day:")]
        return f"month:{dated[-1][4:11]}" if dated else "month_to_date"
    if days:
        return days[-1]
    return _day_before(state.said_at) if state.said_at.hour < _EARLY_HOURS else "today"


# "On the day", written in the first hours of a day, is said of the day before.
_EARLY_HOURS = 6


def _day_before(said_at: datetime) -> str:
    return f"day:{(said_at.date() - timedelta(days=1)).isoformat()}"


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
        or ((not markets or item.at < markets[0] or _heads_a_clause(state, item)) and ";" not in text[item.at : begin])
        for item in named
    ]
    before = [
        item for item, is_lead in zip(named, leads, strict=True) if item.at <= end and (is_lead or subject.is_inherited)
    ]
    return after[0] if after else before[-1] if before else None


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
        return window is not None and window.token == DAY_OF_EVENT
    is_after = window.is_forward and state.paragraph.event is None
    is_after = is_after and _FROM_A_THING.match(state.text, window.end) is not None
    return window.token == DAY_OF_EVENT or window.is_backward or is_after


# "Within 12 hours of the summit"; "of the day" and "of the rally" are no happenings.
_FROM_A_THING = re.compile(
    r"\s*(?:(?:after|following|that followed|thereafter|afterwards)\b"
    r"|of (?:the|its|this|that) (?!(?:\w+ )?(?:day|week|month|quarter|year|session|rally|sell|move"
    r"|slide|drop|fall|gain)))",
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
