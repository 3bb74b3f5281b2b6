"""What a sentence says and no form reads: numbers, markets beside a verb, and what stands in commas behind a move."""

from __future__ import annotations

import re

from analysis.claims.sentences.sentence import AN_ADVERT, MARK_CLASSES, MODALITY_REASONS, SentenceState, Unjudged
from analysis.claims.sentences.tokens import Token
from analysis.claims.sentences.unread.qualifiers import MOVED, NUMBERS, is_side, names_another, stretches
from analysis.events.wording.modality import modality_of


def may_be_left(tokens: list[Token]) -> bool:
    """Whether a sentence names one of our markets and says something that has to be told, read or not."""
    is_ours = any(token.market is not None and token.market.is_ours for token in tokens)
    return is_ours and any(token.classes & _TELLING for token in tokens)


def left_over(state: SentenceState) -> list[Unjudged]:
    """What a sentence that names one of our markets says and no form reads: numbers, and markets beside a verb.

    Where nothing else of the sentence is told, its moves, extremes and comparisons count too.
    """
    taken_up = any(market.is_ours for market in state.paragraph.subject.markets)
    is_taken_up = taken_up and any("PRONOUN" in token.classes for token in state.tokens)
    if not (is_taken_up or may_be_left(state.tokens)):
        return []
    read = [(item.start, item.end) for item in state.found] + [(item.start, item.end) for item in state.unjudged]
    known = [*read, *((window.start, window.end) for window in state.windows)]
    telling = NUMBERS if read else _TELLING
    found: list[Unjudged] = []
    for clause in stretches(state.tokens):
        own = [token for token in clause if not any(low <= token.start < high for low, high in known)]
        told = [token for token in own if token.classes & telling or _is_told(state, own, token)]
        if told:
            named = [token for token in own if is_side(token) and token.start < told[-1].start]
            start = min(token.start for token in (*named[-1:], *told))
            found.append(Unjudged(start, _end_of(state, own, told[-1]).end, _reason_of(state, own, told, start)))
    return found


def _is_told(state: SentenceState, tokens: list[Token], token: Token) -> bool:
    """Whether something is told of a market that nothing was read of: "FET fell", "BTC did not", "but not BTC", "twice
    that of FET"; or of the one that was: "its largest gain of the year".
    """
    if _end_of(state, tokens, token) is not token:
        return True
    at = tokens.index(token)
    if "REPEATED" in token.classes and state.found:
        return True  # "its third straight decline"
    return bool(token.classes & MOVED) and any(map(is_side, tokens[max(at - _VERB_REACH, 0) : at]))


def _end_of(state: SentenceState, tokens: list[Token], token: Token) -> Token:
    """The market, move or period without which a word says nothing; the word itself where none stands behind it."""
    at, place = tokens.index(token), state.tokens.index(token)
    after = tokens[at + 1 : at + 1 + _VERB_REACH]
    is_as = token.text.lower() in _DID and place > 0 and state.tokens[place - 1].text.lower() == "as"
    if "NOT" in token.classes or "DITTO" in token.classes or is_as:
        return next((one for one in after[:1] if is_side(one)), token)  # "not BTC", "so did FET", "as did FET"
    if "RELATED" in token.classes:
        return next((one for one in after if is_side(one)), token)
    if "RANK" in token.classes:
        return next((one for one in after if one.classes & _RANKED or one.text.lower() in _PERIODS), token)
    return token


_DID = frozenset({"did", "has", "have", "was", "were"})
_RANKED = frozenset({"UP", "DOWN", "UP_BY", "DOWN_BY"})
_PERIODS = frozenset(
    {"day", "week", "month", "quarter", "year", "session", "performance", "performer", "gainer", "loser"}
)


def _reason_of(state: SentenceState, tokens: list[Token], told: list[Token], start: int) -> str:
    modality = modality_of(state.spoken, start, told[-1].end, AN_ADVERT)
    is_ditto = any("DITTO" in token.classes for token in told)  # "so did FET" asks nothing
    if modality in MODALITY_REASONS and not is_ditto:
        return MODALITY_REASONS[modality]
    if any("FOREIGN" in token.classes for token in tokens):
        return "other_language"
    if any("QUANTITY" in token.classes for token in tokens) or all(token.classes & _AMOUNTS for token in told):
        return "other_quantity"
    if any("HOLDER" in token.classes and "LIGHT" not in token.classes for token in tokens):
        return "other_market"
    return "comparison" if any(token.classes & _COMPARED for token in tokens) else "unclear"


# So many tokens behind a market its verb may stand.
_VERB_REACH = 3
_COMPARED = frozenset({"OUTDO", "UNDERDO", "OUTPERFORM", "LEAD", "DEFY", "RANK", "RELATED"})
_AMOUNTS = frozenset({"NUMBER", "MONEY"})  # of coins, users, dollars
_TELLING = NUMBERS | _COMPARED | MOVED | MARK_CLASSES | _AMOUNTS | {"UP_BY", "DOWN_BY", "GAIN_ALONE", "FOREIGN"}


# "Rose 23%, more than BTC", "rose 2%, its first gain in a month": the second half is a statement that no form reads.
_APPOSED = re.compile(
    r"\s*[,–—-]\s*(?:(?:far|much|slightly|well|a lot|twice as|half as|\w+ times as) )?(?:more|less|better|worse|faster"
    r"|slower|much|further) (?:than|as)\s",
    re.IGNORECASE,
)
_SUPERLATIVE = re.compile(
    r"\s*[,–—-]\s*(?:one of )?(?:its|the|their|a)(?: \w+)? (?:first|largest|biggest|best|worst"
    r"|longest|steepest|sharpest|smallest|strongest)\b",
    re.IGNORECASE,
)


def apposed(state: SentenceState, end: int) -> list[Unjudged]:
    """What stands in commas behind a move that ends at the character `end` and is not judged; none, or one."""
    compared = _APPOSED.match(state.text, end, state.sentence.end)
    is_compared = compared is not None and names_another(state, compared.end())
    found = compared if is_compared else _SUPERLATIVE.match(state.text, end, state.sentence.end)
    if found is None:
        return []
    reason = "comparison" if is_compared else "unclear"
    start = found.end() - len(found.group().lstrip(" ,–—-"))
    return [Unjudged(start, state.clause_end(found.end()), reason)]
