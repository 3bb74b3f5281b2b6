"""Dollars behind a verb: a price that was reached, or by how much it moved; and how the number is meant."""

from __future__ import annotations

import re

from analysis.claims.sentences.forms import Form
from analysis.claims.sentences.sentence import SentenceState
from analysis.claims.sentences.tokens import Token
from analysis.claims.statement import Comparator, Kind


def is_of_another_size(state: SentenceState, first: int, last: int) -> bool:
    """Whether dollars behind a move are counted from what is not read: "slides $3K from its peak", "$20K in days"."""
    start, end = state.tokens[first].start, state.tokens[last - 1].end
    return _SWINGS.search(state.text, start, end) is not None or _FROM_A_PEAK.match(state.text, end) is not None


def is_by_an_amount(state: SentenceState, first: int, last: int, form: Form) -> bool:
    """Whether what looks like a level passed is a move: "is up over $60 since Friday", "fell over $60"."""
    start, end = state.tokens[first].start, state.tokens[last - 1].end
    if form.kind is Kind.LEVEL_CROSSED and _IN_SOME_TIME.match(state.text, end) is not None:
        return _TO_A_LEVEL.search(state.text, start, end) is None  # "lost $500 in weeks"
    if form.form_id != "move_beyond":
        return False
    if _UP_OVER.match(state.text, start, end) is not None and _COUNTED.match(state.text, end) is not None:
        return True
    return bool(state.tokens[first].classes & {"DOWN", "DOWN_BY"}) and _OVER.search(state.text, start, end) is not None


def as_amount(state: SentenceState, first: int, last: int, form: Form) -> Comparator | None:
    """How a price is meant where it may as well be by how much it moved: "lost $7", "rose over $50"."""
    tokens = state.tokens
    if form.form_id == "move_beyond" and _OVER.search(state.text, tokens[first].start, tokens[last - 1].end):
        return Comparator.MORE_THAN
    is_lost = form.form_id == "cross_down" and tokens[first].text.lower() in _LOST
    if not is_lost or any("SUPPORT" in token.classes for token in tokens[first : last + 1]):
        return None
    return comparator_before(tokens, last - 1, is_price=False) or Comparator.EXACT


_LOST = frozenset({"lost", "lose", "loses", "losing"})
_IN_SOME_TIME = re.compile(r"\s+in (?:just |only )?(?:days|hours|weeks|minutes)\b", re.IGNORECASE)
_TO_A_LEVEL = re.compile(r"\b(?:to|above|below|past|under|beyond|through)\b", re.IGNORECASE)
_UP_OVER = re.compile(r"(?:(?:is|are|was|were) )?(?:up|down) (?:well )?over\s", re.IGNORECASE)
_OVER = re.compile(r"\w (?:well )?over\s+\S+(?:\s+(?:dollars|thousand|million|us dollars))?$", re.IGNORECASE)
_COUNTED = re.compile(r"\s+(?:since|(?:in|over) (?:the )?(?:past|last|\d+ (?:hour|day|week)))\b", re.IGNORECASE)
AT_A_PRICE = re.compile(r"\b(?:at(?! least)|near)\b", re.IGNORECASE)
_SWINGS = re.compile(r"\b(?:swing(?:s|ing)?|swung)\b", re.IGNORECASE)
_FROM_A_PEAK = re.compile(r"\s+(?:from|peak|in (?:just |only )?(?:days|hours|weeks|minutes))\b", re.IGNORECASE)


def comparator_before(tokens: list[Token], at: int, is_price: bool) -> Comparator | None:
    for k in range(at - 1, max(at - 4, -1), -1):
        classes = tokens[k].classes
        if "LEAST" in classes:
            return Comparator.AT_LEAST
        if "UP_TO" in classes:
            return Comparator.UP_TO
        if is_price and classes & {"ABOVE", "BELOW", "MORE"}:
            return Comparator.MORE_THAN
        if is_price and classes & {"NEAR", "ABOUT"}:
            return Comparator.ABOUT
        if "NEARLY" in classes:
            return Comparator.NEARLY
        if classes & {"NEAR", "ABOUT"}:
            return Comparator.ABOUT
        if "MORE" in classes:
            return Comparator.MORE_THAN
        if not classes & {"LIGHT", "TO", "AT", "POSS"}:
            return None
    return None


def comparator_behind(state: SentenceState, end: int, *, is_price: bool) -> Comparator | None:
    """How a number that ends there is meant by what follows it, or the time behind it: "23% on Friday, if not more"."""
    places = [end, *(window.end for window in state.windows if end <= window.start <= end + 1)]
    found = next((match for place in places if (match := _MEANT.match(state.text, place))), None)
    if found is None or (is_price and found.lastgroup == "up_to"):
        return None
    return Comparator(str(found.lastgroup))


_MEANT = re.compile(
    r",? (?:(?P<at_least>(?:or|if not) (?:even )?(?:more|higher|better|further|worse)\b"
    r"|and (?:counting|then some|change)\b|at (?:the )?(?:very )?least\b(?! [$\d]))"
    r"|(?P<about>or (?:so|thereabouts)\b|give or take\b)|(?P<up_to>or less\b|at (?:(?:one|some) point|(?:its|the|their)"
    r" (?:peak|high|low|height))(?=\s*(?:[.,;:!?)]|$|(?:on|in|during)\b))))",
    re.IGNORECASE,
)
