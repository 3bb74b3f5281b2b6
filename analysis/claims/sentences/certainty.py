"""Whether a statement was read surely: its market beside its verb, its number written as a price or a share."""

from __future__ import annotations

import re
from collections.abc import Sequence

from analysis.claims.sentences.forms import Form
from analysis.claims.sentences.sentence import PRICE_KINDS, UNSAID_WINDOW
from analysis.claims.sentences.subjects import NamedSubject
from analysis.claims.sentences.times.instants import MONTH_WORDS
from analysis.claims.sentences.tokens import Token
from analysis.claims.statement import Comparator, Kind, Statement

# A move of more than this without a window is hardly one of a day: a fraction.
_LARGEST_OF_A_DAY = 1.0
# Words between the market and these belong to them ("climbs to a 6-week high"); a bare verb may be another's.
_REACHED = (Kind.N_PERIOD_EXTREME,)
_WEAK = (Kind.DIRECTION_ONLY, Kind.ALL_TIME_EXTREME, Kind.RELATIVE)
# "Solana outpaces Hyperliquid in token volume" compares no prices.
_IN_SOMETHING = re.compile(r"\s*(?:in|on|by|as|with|for)\b", re.IGNORECASE)
_WHOLE = "MARKET"  # what a comparison without another side is with
# Words that place a price or a market only roughly, or speak of something else as often.
_VAGUE = frozenset(
    {"toward", "towards", "consolidation", "stuck", "calm", "battles", "battle", "faces", "breakout", "breakdown"}
)
_LESS = frozenset({"less", "under"})
_UNKNOWN_WORD = frozenset({"WORD"})
# Words of a window that was not understood.
_SOME_WINDOW = re.compile(
    r"\b(?:since|until|between|during|from|started|began|ago|setup|pauses|paused|stalls|fades|ends|hours|trading|midday|morning|afternoon|evening"
    r"|amid (?:a|the) \w+ year)\b",
    re.IGNORECASE,
)
_MONEY_WORDS = ("$", "dollar", "usd")


def is_read_surely(
    subject: NamedSubject,
    statement: Statement,
    form: Form,
    tokens: Sequence[Token],
    rest: str,
    *,
    n_markets: int,
    is_taken_up: bool,
) -> bool:
    """Whether nothing about the reading is a guess.

    `tokens` are those of the phrase and `rest` follows it in its clause; `n_markets` are named in the sentence.
    `is_taken_up`: its window was said in an earlier sentence.
    """
    if not form.is_sure or is_taken_up or any(token.text.lower() in _VAGUE for token in tokens):
        return False
    if subject.is_joined or subject.n_unknown or not _is_tied(subject, form, statement.kind, n_markets):
        return False
    if statement.kind is Kind.RELATIVE and statement.size is None and _IN_SOMETHING.match(rest):
        return False
    if form.form_id == "outdo" and statement.versus == (_WHOLE,):
        return False  # "tops all blockchains"
    if _is_unsaid(statement) and _SOME_WINDOW.search(rest):
        return False
    if _is_unsaid(statement) and any(token.text.lower() in MONTH_WORDS for token in tokens):
        return False  # "a 12% November price drop"
    if tokens[0].text.lower() == "price":
        return False  # "Solana price at $500 is only the start"
    if "PERCENT" in tokens[0].classes and any(token.classes == _UNKNOWN_WORD for token in tokens):
        return False  # "XRP's 91% fee crash"
    if form.asset is not None and not any(token.text.lower().startswith("crypto") for token in tokens):
        return False  # "markets fall" may be those of stocks
    if statement.comparator is Comparator.NEARLY and any(token.text.lower() in _LESS for token in tokens):
        return False  # "less than 1%" may be far less
    return _is_plain_number(subject, statement)


def _is_tied(subject: NamedSubject, form: Form, kind: Kind, n_markets: int) -> bool:
    """Whether the market is the phrase's: beside it, or the only one of a sentence that gives it a number."""
    if subject.is_inherited:
        return n_markets == 1 and kind not in _WEAK
    return form.asset is not None or subject.is_adjacent or kind in _REACHED


def _is_plain_number(subject: NamedSubject, statement: Statement) -> bool:
    if statement.kind in PRICE_KINDS:
        quoted = (statement.price_quoted or "").lower()
        return statement.price is None or any(word in quoted for word in _MONEY_WORDS)
    if statement.kind is Kind.MULTIPLE and _is_unsaid(statement):
        return False  # hardly within a day
    if statement.kind is not Kind.PERCENT_MOVE or statement.size is None:
        return True
    if any(market.scope == "group" for market in subject.markets):
        return False  # which of its members moved so far is not said
    return statement.size <= _LARGEST_OF_A_DAY or not _is_unsaid(statement)


def _is_unsaid(statement: Statement) -> bool:
    return statement.window is not None and statement.window.token == UNSAID_WINDOW
