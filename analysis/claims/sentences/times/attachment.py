"""Which of the windows that a sentence names goes with which of its phrases, and what it is counted from."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta

from analysis.claims.judging.windows import place_token
from analysis.claims.sentences.forms import Form
from analysis.claims.sentences.numbers import NUMBER_WORDS
from analysis.claims.sentences.sentence import MOVE_KINDS, PRICE_KINDS, UNSAID_WINDOW, SentenceState
from analysis.claims.sentences.times.calendar import DAY_OF_EVENT, written_instant
from analysis.claims.sentences.times.windows import TimePhrase
from analysis.claims.sentences.tokens import Token
from analysis.claims.statement import Kind


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
        return _placed(_of_a_move(own, tokens[last - 1].end, state, form), state)
    unsaid = TimePhrase(start, start, UNSAID_WINDOW) if form.kind in MOVE_KINDS else None
    if any(token.text.lower() == "now" for token in tokens[low:last]):
        return unsaid  # "touched $292 on June 15; now it trades near $230"
    before = [window for window in windows if window.start < start and window.end <= tokens[first].start]
    heads = [window for window in before if _is_head(window, state, is_inherited)]
    if heads and form.kind is not Kind.ALL_TIME_EXTREME and not (is_price and heads[-1].is_today):
        return _placed(heads[-1], state)
    if form.kind in MOVE_KINDS and before and _is_beside(state, first, before[-1]):
        return _placed(before[-1], state)
    apposed = [window for window in windows if _is_behind_apposition(window, tokens, last)]
    if apposed and form.kind in MOVE_KINDS:
        return _placed(apposed[0], state)
    if (
        (form.kind is Kind.RELATIVE or form.form_id == "signed_percent")
        and len(windows) == 1
        and not _is_inside(windows[0], tokens)
    ):
        return _placed(windows[0], state)
    taken_up = state.paragraph.window
    if taken_up is not None and (taken_up.is_day if is_price else not _is_instant(taken_up)):
        return _placed(taken_up, state)
    return unsaid


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


def _of_a_move(own: list[TimePhrase], end: int, state: SentenceState, form: Form) -> TimePhrase:
    """The nearest window as the phrase means it: a level reached "by 15:00 UTC" in the day up to then, a move "in
    three days" that ended on a day; no day for a move that only ended by it, or is counted from it.
    """
    window = own[0]
    if form.kind is Kind.LEVEL_CROSSED and _is_instant(window) and _BY.match(state.text, window.start):
        return replace(window, token=f"PT24H/{window.token.removeprefix('at:')}")
    days = [other for other in own if other.is_day and not other.is_today]
    window = days[0] if days and window.is_today else window  # "intraday on June 13"
    lengths = [other for other in own if _LENGTH.fullmatch(other.token) and not (other.is_forward or other.is_backward)]
    if form.kind not in MOVE_KINDS:
        return days[0] if form.kind is Kind.LEVEL_CROSSED and days and window in lengths else window
    if days and lengths and window in (days[0], lengths[0]) and not _are_parted(days[0], lengths[0], end, state):
        _, stop = place_token(days[0].token, state.said_at)
        is_shorter = lengths[0].token.startswith("PT") and not lengths[0].token.endswith("24H")
        token = DAY_OF_EVENT if stop is None or is_shorter else f"{lengths[0].token}/{written_instant(stop)}"
        return replace(lengths[0], token=token)
    is_ended = window.is_day and _BY.match(state.text, window.start) is not None
    is_only_named = window.is_day and _COUNTED_FROM.search(state.text, state.sentence.start, window.start) is not None
    return replace(window, token=DAY_OF_EVENT, is_day=False) if is_ended or is_only_named else window


def _are_parted(day: TimePhrase, length: TimePhrase, end: int, state: SentenceState) -> bool:
    """Whether words behind the phrase stand between a day and a length of time: "on 13 June was erased in a week"."""
    first, last = sorted((day, length), key=lambda window: window.start)
    return bool(state.text[max(first.end, min(end, last.start)) : last.start].strip(" ,"))


_LENGTH = re.compile(r"P(?:\d+[DWMY]|T\d+[HM])")
_BY = re.compile(r"(?:by|through) ", re.IGNORECASE)
_COUNTED_FROM = re.compile(
    r"\b(?:as of|up to|ahead of|around|until|till|through|toward|from|than|compared (?:with|to)|versus|vs\.?|above"
    r"|below) (?:(?:the|its|their) )?(?:(?:\w+ )?(?:close|level|price|open|value) )?$",
    re.IGNORECASE,
)


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


_BESIDE = frozenset({"while", "whereas", "with", ",", "but", ":"})


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
_HYPHENATED = re.compile(r"\w[-‑][A-Za-z]")


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
    beside = [token for token in own if not window.start <= token.start < window.end]
    if not any(token.market is not None or token.quantity is not None for token in beside):
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
