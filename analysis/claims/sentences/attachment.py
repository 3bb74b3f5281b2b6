"""Which of the windows that a sentence names goes with which of its phrases."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta

from analysis.claims.sentences.forms import Form
from analysis.claims.sentences.sentence import MOVE_KINDS, PRICE_KINDS, UNSAID_WINDOW, SentenceState
from analysis.claims.sentences.tokens import Token
from analysis.claims.sentences.windows import TimePhrase
from analysis.claims.statement import Kind


def window_of(state: SentenceState, first: int, last: int, form: Form, *, is_inherited: bool) -> TimePhrase | None:
    """The token of the window that goes with the phrase: in its clause, at the head of the sentence, or taken up."""
    tokens = state.tokens
    is_price = form.kind in PRICE_KINDS
    low, high = first, last
    while low > 0 and "BREAK" not in tokens[low - 1].classes and not _is_new_verb(state, low - 1):
        low -= 1
    while high < len(tokens) and ("BREAK" not in tokens[high].classes or _is_listed(tokens, high)):
        high += 1
    start = tokens[low].start
    end = tokens[high].start if high < len(tokens) else state.sentence.end
    windows = [window for window in state.windows if not (form.kind in MOVE_KINDS and _is_instant(window))]
    own = [window for window in windows if start <= window.start < end and not _is_inside(window, tokens)]
    own.sort(key=lambda window: abs(window.start - tokens[first].start))
    if own:
        return _placed(own[0], state)
    before = [window for window in windows if window.start < start and window.end <= tokens[first].start]
    heads = [window for window in before if _is_head(window, state, is_inherited)]
    if heads and form.kind is not Kind.ALL_TIME_EXTREME and not (is_price and heads[-1].is_today):
        return _placed(heads[-1], state)
    if form.kind is Kind.RELATIVE and len(windows) == 1 and not _is_inside(windows[0], tokens):
        return _placed(windows[0], state)
    taken_up = state.paragraph.window
    if taken_up is not None and (taken_up.is_day if is_price else not _is_instant(taken_up)):
        return _placed(taken_up, state)
    return TimePhrase(start, start, UNSAID_WINDOW) if form.kind in MOVE_KINDS else None


def _is_instant(window: TimePhrase) -> bool:
    """Whether it has no length, so that nothing moves in it."""
    return window.token.startswith("at:")


_HYPHENATED = re.compile(r"\w[-‑]\w")


def _is_listed(tokens: list[Token], comma: int) -> bool:
    """Whether a comma only parts two markets of a list."""
    return 0 < comma < len(tokens) - 1 and tokens[comma - 1].market is not None and tokens[comma + 1].market is not None


def _is_inside(window: TimePhrase, tokens: list[Token]) -> bool:
    """Whether the words belong to an extreme ("its highest price since November") and name no window of a move."""
    marks = {"PERIOD_HIGH", "PERIOD_LOW", "SINCE_HIGH", "SINCE_LOW", "FIRST_SINCE"}
    return any(token.classes & marks and token.start <= window.start < token.end for token in tokens)


def _is_head(window: TimePhrase, state: SentenceState, is_inherited: bool) -> bool:
    """Whether a window goes on to later clauses: it stands in a clause of its own ("Since Monday, …"), or in the
    first clause and the later one takes up its subject ("rose 30% within 12 hours, reaching …").
    """
    clause = next((c for c in state.sentence.clauses if c.start <= window.start < c.end), None)
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
