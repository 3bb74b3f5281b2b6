"""For how long a price is said to have stood beyond a level."""

from __future__ import annotations

import re

from analysis.claims.judging.windows import SINCE_EVENT
from analysis.claims.sentences.forms import Form
from analysis.claims.sentences.sentence import SentenceState
from analysis.claims.sentences.tokens import Token
from analysis.claims.statement import Held, Kind


def held_of(state: SentenceState, first: int, last: int, form: Form, window: str | None) -> Held | None:
    """For how long a price is said to have stood beyond a level; None where it is said to have stayed there."""
    tokens = state.tokens
    if form.kind is not Kind.LEVEL_HELD or form.is_negated or form.direction == "none":
        return None
    if any("HOLD" in token.classes for token in tokens[first:last]):
        return None
    begun = first
    while first - begun < _VERB_REACH and begun and not _ends_a_verb(tokens[begun - 1]):
        begun -= 1
    words, behind = state.text[tokens[begun].start : tokens[last - 1].end], _behind(state, last)
    is_present, is_past = _IS.search(words) is not None, _WAS.search(words) is not None
    is_counted = window is not None and window.startswith("since") and window != SINCE_EVENT
    if _ALL_TIME.search(words) or _ALL_TIME.search(behind):
        return Held.THROUGHOUT
    if _SOME_TIME.search(words) or _SOME_TIME.search(behind):
        return Held.AT_SOME_TIME
    if _ONCE.search(words) and is_past:
        return Held.AT_SOME_TIME
    if tokens[first].text.lower() in CLOSED:
        return Held.AT_THE_END
    if is_counted or _HAS_BEEN.search(words):
        return None
    return Held.AT_THE_END if is_present else Held.UNSAID if is_past else None


CLOSED = frozenset({"close", "closes", "closed", "closing", "finish", "finishes", "finished", "settles", "settled"})


def _behind(state: SentenceState, last: int) -> str:
    """The words behind a phrase that can still tell how long: up to the next clause, market, number or "and"."""
    tokens, start = state.tokens, state.tokens[last - 1].end
    for token in tokens[last:]:
        is_next = token.market is not None or token.quantity is not None or bool(token.classes & {"AND", "BREAK"})
        if is_next and not state.text[start : token.end].lower().endswith("for a while"):
            return state.text[start : token.start]
    return state.text[start : state.sentence.end]


def _ends_a_verb(token: Token) -> bool:
    return token.market is not None or token.quantity is not None or "BREAK" in token.classes


# So many words before a place belong to its verb: "was at one point trading above".
_VERB_REACH = 4
_IS = re.compile(
    r"\b(?:is|are|trades|sits|stands|changes hands|now|clos(?:es|ed)|finish(?:es|ed)|end(?:s|ed)|settle[sd])\b",
    re.IGNORECASE,
)
_WAS = re.compile(r"\b(?:was|were|traded|sat|stood|changed hands)\b", re.IGNORECASE)
_HAS_BEEN = re.compile(r"\b(?:has|have|had)\b", re.IGNORECASE)
_ONCE = re.compile(r"\b(?:already|once(?! again| more))\b", re.IGNORECASE)
_ALL_TIME = re.compile(
    r"\b(?:all (?:day|night|week|weekend|month|morning|afternoon|evening|session|along)|throughout|continuously"
    r"|constantly|(?:the |its )(?:whole|entire|full) (?:time|day|night|week|weekend|month|session|period)|at all times"
    r"|around the clock|every (?:hour|minute)|without (?:a |any )?(?:break|pause|interruption)|uninterrupted(?:ly)?)\b",
    re.IGNORECASE,
)
_SOME_TIME = re.compile(
    r"\b(?:at (?:one|some|a certain) (?:point|time|stage|moment)|at times|briefly|momentarily|temporarily"
    r"|for a (?:moment|time|while|short (?:time|while))|for (?:a few|some) (?:minutes|hours)|intermittently)\b",
    re.IGNORECASE,
)
