"""Words around a phrase that change what it claims and that no form reads: a comparison with others, a denial."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise, takewhile

from analysis.claims.sentences.forms import Form
from analysis.claims.sentences.sentence import (
    MARK_CLASSES,
    MOVE_KINDS,
    PRICE_KINDS,
    SentenceState,
)
from analysis.claims.sentences.subjects import NamedSubject
from analysis.claims.sentences.times.instants import MONTH_NAME
from analysis.claims.sentences.tokens import Token
from analysis.claims.statement import Kind

# "rose less than BTC", "rose half as much as FET": what follows is another side, unless it is a number or a time.
_THAN = re.compile(r"\b(?:than|as (?:much|far|fast|hard|strongly|sharply|quickly|well|badly) as)\s", re.IGNORECASE)
_THAN_THEN = re.compile(r"\bthan (?:on|in|at|it|when|before|ever|any|yesterday|usual)\b", re.IGNORECASE)
_OTHERS = re.compile(r"(?:any|every|all|other|others|most|its peers|peers|expected|usual)\b", re.IGNORECASE)
_BESIDE = re.compile(
    r"\b(?:unlike|in contrast (?:to|with)|compared (?:to|with)|relative to|versus|vs\.?)\s", re.IGNORECASE
)
_ONLY = re.compile(
    r"\b(?:only|no|(?:all|every\w*|none|nothing|no (?:\w+ )?(?:token|coin)s?)\b[^,;:.]*\bbut"
    r"|except(?: for)?|apart from|aside from|other than|excluding|excepting|barring|with the exception of)\s+$",
    re.IGNORECASE,
)
# "doubled bitcoin's gain" is no doubling of the price.
_GAIN = re.compile(
    r"(?:\s+[\w'’]+){0,3}?\s+(?:gain|rise|rally|loss|fall|drop|move|return|performance)s?\b", re.IGNORECASE
)
_DENIED_BEFORE = re.compile(
    r"\b(?:false|untrue|not true|not the case|wrong|incorrect|lie|myth|hoax|nobody|no one|no evidence|no proof"
    r"|den(?:y|ies|ied)|doubt(?:s|ed|ful)?|disput(?:e|es|ed)|refut(?:e|es|ed)|debunk(?:s|ed)?)\b[^.;!?]*$",
    re.IGNORECASE,
)
_DENIED_AFTER = re.compile(
    r"[^.;!?]*?\b(?:is|was|are|were|proved|turned out)(?: to be)? "
    r"(?:false|untrue|not true|wrong|incorrect|a lie|a myth|(?:\w+ )?exaggerated|overblown)\b",
    re.IGNORECASE,
)
_NOBODY_SAYS = re.compile(
    r"\b(?:nobody|no one) (?:\w+ ){0,2}?(?:believes?|thinks?|claims?|says?|said|expects?)\b[^.;!?]*$", re.IGNORECASE
)
_WHICH_IS_DENIED = re.compile(
    r"[^.;!?]*?\b(?:this|that|which|it) (?:is|was) (?:false|untrue|not true|wrong)\b", re.IGNORECASE
)
# "Neither FET nor NEAR rose", "none of the tokens rose"; not "none bought as TAO rose".
_NONE_OF = re.compile(
    r"\b(?:neither|nor|none|not (?:a single|one)|(?:hardly|barely|scarcely) any)(?: of)?"
    r"(?: (?!as\b|while\b|when\b|after\b|because\b|but\b)\w+){0,2}\s+$|\byet to\s+$",
    re.IGNORECASE,
)
# What a direction alone says is not the whole of it: a part of what was lost, a number that no form reads.
_WENT_ON = re.compile(
    r"\s+(?:(?:nearly|almost|about) )?(?:all|most|half|part|some|much)(?: of)? (?:its|the|their|of)\b"
    r"|\s+(?:even |far |much |by )?(?:half|twice|\w+ times) as (?:much|fast|far)\b(?! as\b)"
    r"|\s+(?:even |far )?less\b(?! than\b)|\s+the (?:most|least)\b|\s+(?:far |much )?more (?:in|on|over|during)\b"
    r"|\s+(?:not|no more than|as little as|less than|at best) (?:by )?[\d.]+\s?%"
    r"|\s+(?:is|was) over\b(?! (?:the|a|an|its|\$|\d))|(?:\s+by)?\s+[$€£]\d"
    r"|(?:\s+by)?\s+(?:hundreds|thousands|dozens|tens) of\b"
    r"|(?:\s+(?:by|to|from|about|nearly|almost|between|for|some|only|just|around)){0,3}"
    r"\s+(?:(?:zero|nothing|null)\b|(?P<number>\d|(?:two|three|four|five|six|seven|eight|nine|ten)\b))",
    re.IGNORECASE,
)
# "Rose, but only for an hour", "on Kraken only": so much of it is true, and no more.
_BUT_ONLY = re.compile(
    r"(?:\s+[^\s,;:]+){0,8}?,?\s+(?:(?:but|if|though|albeit|yet) (?:(?:only|just|merely)\b|briefly(?=\s*(?:[.,;]|$))"
    r"|not (?:for|by|until|till|before|after|on|in|at)\b)|only (?:for|on|at|after)\b|for (?:only|just|barely)\b"
    r"|on \w+ (?:only|alone)(?=\s*(?:[.,;]|$)))",
    re.IGNORECASE,
)
# "Rose 2% against BTC", "in euro terms": another measure than dollars.
_IN_TERMS = re.compile(
    r"\bin (?!(?:us )?(?:dollar|usd)s? )[\w$€]+ terms\b|\bin terms of (?!(?:us )?dollars)"
    r"|\b(?:denominated|measured|expressed|counted) in (?!(?:us )?dollars)",
    re.IGNORECASE,
)
_AGAINST = re.compile(r"\bagainst\s", re.IGNORECASE)
_THAT = re.compile(r"\b(?:that|reports?|claims?|rumou?rs?)\b", re.IGNORECASE)


def unread_qualifier(
    state: SentenceState, subject: NamedSubject, first: int, last: int, start: int, form: Form
) -> str | None:
    """Why the phrase tokens[first:last] may not be judged as if it stood alone; None if it may.

    `start` is the first character of its subject. The reasons are `denied`, `hedged`, `comparison` and `unclear`.
    """
    end = state.tokens[last - 1].end
    before, after = state.text[state.sentence.start : start], state.text[end : state.sentence.end]
    is_reported = _THAT.search(before) is not None
    is_denied = _NOBODY_SAYS.search(before) or _WHICH_IS_DENIED.match(after)
    if is_denied or (is_reported and (_DENIED_BEFORE.search(before) or _DENIED_AFTER.match(after))):
        return "denied"
    if _NONE_OF.search(before):
        return "denied"
    around = _around(state.tokens, first, last)
    if any("HEDGE" in token.classes and token.end <= state.tokens[first].start for token in around):
        return "hedged"
    if _is_of_some(state.tokens, subject, last) or any("REPEATED" in token.classes for token in around):
        return "unclear"
    begun = [token for token in state.tokens[:last] if token.start >= start]
    if form.kind in PRICE_KINDS and any("SUMMIT" in token.classes for token in begun):
        return "comparison"  # "its highest close in June was $283"
    if _is_of_a_time(state, first, last, form) or (form.kind is Kind.DRAWDOWN and _TO_AN_END.match(state.text, end)):
        return "unclear"
    limited = _BUT_ONLY.match(state.text, end, state.sentence.end)
    if limited is not None and not names_another(state, limited.end()):
        return "unclear"
    if _tells_what_it_is(state.tokens, first, last, form) or _leaves_a_part(state, last, form):
        return "unclear"
    is_by_a_day = _BY.match(state.text, end, state.sentence.end) and form.form_id == "give_back"
    if is_by_a_day and any(named.start >= end and named.token.startswith("day:") for named in state.windows):
        return "unclear"  # which peak it was given back from is not said
    if _is_pair(state, start):
        return "comparison"
    if form.kind in MOVE_KINDS and form.kind is not Kind.RELATIVE and _is_compared(state, first, last, start, form):
        return "comparison"
    return None


def _is_of_a_time(state: SentenceState, first: int, last: int, form: Form) -> bool:
    """Whether a new high is that of a time: "a new high for the month"."""
    marks = [token for token in state.tokens[first:last] if token.classes & _RECORDS]
    is_new = form.kind is Kind.ALL_TIME_EXTREME and bool(marks) and marks[-1].text.lower() in ("new", "fresh")
    return is_new and _OF_A_TIME.match(state.text, state.tokens[last - 1].end) is not None


_OF_A_TIME = re.compile(
    rf"\s+(?:for|of|in|on) (?:the |its |this )?(?:day|week|month|quarter|year|session|{MONTH_NAME})\b", re.IGNORECASE
)
# "Rallied 35% from its low to its high": no distance to the last price.
_TO_AN_END = re.compile(
    r"\s+to (?:its|the|their) (?:[\w'’-]+ ){0,3}(?:high|low|peak|top|bottom|trough)s?\b", re.IGNORECASE
)


def _around(tokens: list[Token], first: int, last: int) -> list[Token]:
    """The words of a phrase's clause up to an "and", and those of the clauses before it that say nothing themselves."""
    low, high = first, last
    while low > 0 and not tokens[low - 1].classes & _ENDS:
        low -= 1
    while high < len(tokens) and not tokens[high].classes & _ENDS:
        high += 1
    heads = (clause for clause in stretches(tokens[:low]) if not any(is_side(one) for one in clause))
    return [*tokens[low:high], *(one for clause in heads if not any(map(_says, clause)) for one in clause)]


def stretches(tokens: list[Token]) -> Iterator[list[Token]]:
    """The tokens of each clause; "with 15%" belongs to what it follows."""
    own: list[Token] = []
    for token in tokens:
        if "BREAK" in token.classes and token.text.lower() != "with":
            yield own
            own = []
        else:
            own.append(token)
    yield own


def is_side(token: Token) -> bool:
    """Whether it can be one side of a comparison: a market, or a word for the rest of them."""
    return token.market is not None or "MOST" in token.classes


def _says(token: Token) -> bool:
    return bool(token.classes & (NUMBERS | MOVED))


NUMBERS = frozenset({"PERCENT", "PRICE", "RANGE", "TIMES", "DOUBLE", "DITTO"})
MOVED = frozenset({"UP", "DOWN", "FLAT", "NOT"})
_ENDS = frozenset({"BREAK", "AND"})


def _is_of_some(tokens: list[Token], subject: NamedSubject, last: int) -> bool:
    """Whether a group is meant only in part, or to the last member: "half of AI tokens", "one AI token"."""
    named = [k for k in range(last) if subject.markets and tokens[k].market == subject.markets[0]]
    if not named:
        return False
    at, is_of = named[-1], False
    if at > 1 and "COMMA" in tokens[at - 1].classes and tokens[at - 2].market is not None:
        at -= 2  # "just one AI token, TAO, rose"
    market = tokens[at].market
    for k in range(at - 1, -1, -1) if market is not None and market.scope == "group" else ():
        if "PART" in tokens[k].classes or (is_of and "PERCENT" in tokens[k].classes):
            return True
        is_of |= tokens[k].text.lower() == "of"
        if not tokens[k].classes & _LIGHT_OR_NUMBER:
            return False
    return False


_LIGHT_OR_NUMBER = frozenset({"LIGHT", "POSS", "NUMBER"})


def is_of_one_venue(tokens: list[Token], first: int, last: int) -> bool:
    """Whether the phrase from `first` to before `last` is told of one exchange, whose prices may be others."""
    behind = takewhile(lambda token: "BREAK" not in token.classes, tokens[last:])
    ahead = takewhile(lambda token: "AND" not in token.classes and token.quantity is None, reversed(tokens[:first]))
    named = (*pairwise((tokens[last - 1], *behind)), *pairwise((*ahead,)[::-1]))
    return any("VENUE" in token.classes and before.text.lower() in _AT for before, token in named)


_AT = frozenset({"on", "at", "in"})


def _leaves_a_part(state: SentenceState, last: int, form: Form) -> bool:
    """Whether words behind a bare direction say more than is judged: its end, its number."""
    if form.kind is not Kind.DIRECTION_ONLY:
        return False
    windows = state.windows
    rest = (
        token
        for token in state.tokens[last:]
        if not (token.classes & _WEAK or token.text.lower() in _SOON)
        and not any(named.start <= token.start < named.end for named in windows)
    )
    after = next(rest, None)
    if after is not None and "LASTED" in after.classes:
        return True
    if state.text[state.tokens[last - 1].start :].lower().startswith(_UNDOES):  # "erased its gains of June 13"
        return any(
            state.text[named.start :].startswith("of ") or "of" in state.text[named.start - 3 : named.start]
            for named in windows
        )
    found = _WENT_ON.match(state.text, state.tokens[last - 1].end, state.sentence.end)
    if found is None:
        return False
    number = found.start("number")
    return number < 0 or not any(named.start <= number < named.end for named in windows)


_UNDOES = ("eras", "pare", "gave up", "gives up")
_WEAK = frozenset({"AUX", "LIGHT", "POSS"})
_SOON = frozenset({"soon", "later", "eventually"})


def quote_start(tokens: list[Token], first: int, last: int, start: int, form: Form) -> int:
    """Where the words of a statement begin: the price of an extreme says nothing of its being one."""
    if form.form_id != "extreme_at":
        return start
    mark = max(k for k in range(first, last) if tokens[k].classes & MARK_CLASSES)
    return next(token.start for token in tokens[mark + 1 : last] if "AT" not in token.classes)


def _tells_what_it_is(tokens: list[Token], first: int, last: int, form: Form) -> bool:
    """Whether the words tell a record that was set some time, "TAO's all-time high is $750", not that one was set."""
    at = next((k for k in range(first, last) if tokens[k].classes & _RECORDS), 0)
    if form.form_id not in ("record", "extreme_at") or not at or tokens[at].text.lower().startswith("set"):
        return False
    owner = next((k for k in range(at - 1, -1, -1) if not tokens[k].classes & _LIGHT), 0)
    after = next((k for k in range(at + 1, len(tokens)) if not tokens[k].classes & _STANDS), len(tokens))
    is_price = after < len(tokens) and "PRICE" in tokens[after].classes
    return is_price and tokens[owner].market is not None


_RECORDS = frozenset({"RECORD_HIGH", "RECORD_LOW"})
_STANDS = frozenset({"AUX", "LIGHT", "AT", "HOVER", "ABOUT", "NEAR"})
_BY = re.compile(r"\s*(?:by|until)\b", re.IGNORECASE)


def _is_pair(state: SentenceState, start: int) -> bool:
    """Whether the market at a place is what another one is priced in: "TAO/BTC"."""
    is_joined = state.text[start - 1 : start] in ("/", "-") if start else False
    return is_joined and any(token.market is not None and token.end == start - 1 for token in state.tokens)


def _is_compared(state: SentenceState, first: int, last: int, start: int, form: Form) -> bool:
    end = state.tokens[last - 1].end
    own_end = state.clause_end(state.tokens[first].start)
    if form.kind is Kind.MULTIPLE and _GAIN.match(state.text, end, own_end):
        return True
    if _ONLY.search(state.text, state.sentence.start, start):
        return True
    if any(names_another(state, found.end()) for found in _AGAINST.finditer(state.text, end, own_end)):
        return True
    if _IN_TERMS.search(state.text, state.sentence.start, own_end):
        return True
    if any(token.market is not None for token in state.tokens[:first]):
        named = next(token.start for token in state.tokens if token.market is not None)
        if any(names_another(state, found.end()) for found in _THAN.finditer(state.text, state.sentence.start, named)):
            return True  # "twice as much as FET, TAO rose"
    if form.kind is Kind.DIRECTION_ONLY and _THAN_THEN.search(state.text, end, own_end):
        return True  # "closed higher than on any day since May"
    than = _THAN.finditer(state.text, state.tokens[first].start, own_end)
    beside = _BESIDE.finditer(state.text, state.sentence.start, state.sentence.end)
    return any(names_another(state, found.end()) for found in (*than, *beside))


def names_another(state: SentenceState, at: int) -> bool:
    """Whether a market, or a word for others, stands at a place: after "than" or "unlike"."""
    if _OTHERS.match(state.text, at):
        return True
    for token in state.tokens:
        if token.start < at:
            continue
        if token.market is not None or token.classes & _SIDES:
            return True
        if not token.classes & _LIGHT:
            return False
    return False


_SIDES = frozenset({"CRYPTO", "OTHER", "MOST"})
_LIGHT = frozenset({"LIGHT", "POSS"})
