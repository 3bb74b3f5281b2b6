"""Whose price a phrase is about: the market of its clause, or the one that a pronoun or a missing subject takes up."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import islice, takewhile

from analysis.claims.sentences.lexicon import NamedMarket
from analysis.claims.sentences.tokens import Token

# Words between a market and a verb that do not change whose verb it is.
_SOFT = frozenset({"LIGHT", "PRICE_WORD", "AUX", "POSS", "AND", "NUMBER", "PRONOUN", "HOVER", "HOLD"})
# After one of these the verb may be somebody else's: "pivoted to Solana and lost 99.9%".
_JOINS = frozenset({"AND"})
_IN = {"in", "of", "for"}
# Words of what a share of it is a move: "lost 5% of its value".
_PRICED = frozenset({"PRICE_WORD", "PRONOUN"})
_REACH_OF_WHOLE = 4
# How far behind a phrase its market may follow ("a 3% drop in the price of Bitcoin"), in tokens.
_REACH_RIGHT = 5


@dataclass(frozen=True, slots=True)
class NamedSubject:
    """The markets a phrase is about, where their names stand, and how directly they are tied to it."""

    markets: tuple[NamedMarket, ...]
    start: int | None  # of the first name, in characters; None where the subject is taken up
    n_unknown: int = 0  # unknown words between the name and the phrase
    is_quantity: bool = False  # volume, revenue, flows … of the market, not its price
    is_holder: bool = False  # a company, fund or person named with the market
    is_inherited: bool = False
    is_adjacent: bool = False
    is_joined: bool = False  # an "and" stands between the name and the phrase


NOBODY = NamedSubject((), None)
# Verbs after which a market is only what another is set beside.
_COMPARED = frozenset({"OUTDO", "OUTPERFORM", "UNDERDO"})


def find_subject(tokens: list[Token], first: int, last: int, previous: NamedSubject, *, inside: bool) -> NamedSubject:
    """The subject of the phrase tokens[first:last]; `previous` is that of the phrase before it in the paragraph."""
    if inside:
        named = [k for k in range(first, last) if tokens[k].market is not None]
        if named:
            return _listed(tokens, named[0], 0, is_adjacent=True)
    left = _look_left(tokens, first)
    if left.markets:
        return left
    right = _look_right(tokens, last)
    is_for = right.markets and tokens[last].text.lower() == "for" and tokens[last + 1].market is not None
    if right.markets and (is_for or not (left.is_inherited and left.n_unknown == 0 and previous.markets)):
        return replace(right, is_quantity=right.is_quantity or left.is_quantity)
    is_price = _names_price(tokens, first, last)
    if left.is_inherited or left.n_unknown == 0:
        return replace(
            previous,
            start=None,
            n_unknown=left.n_unknown,
            is_inherited=True,
            is_quantity=left.is_quantity or (previous.is_quantity and not left.n_unknown and not is_price),
            # "Ethereum whales buy as price holds $2,300": the price is the coin's, whoever was named with it.
            is_holder=left.is_holder or (previous.is_holder and not is_price),
            is_adjacent=left.is_adjacent and left.n_unknown == 0,
        )
    return replace(left, markets=())


def _names_price(tokens: list[Token], first: int, last: int) -> bool:
    """Whether "price" stands in the phrase or in its clause before it."""
    while first > 0 and "BREAK" not in tokens[first - 1].classes:
        first -= 1
    return any(token.text.lower() in _PRICE for token in tokens[first:last])


_PRICE = {"price", "prices"}


def _look_left(tokens: list[Token], first: int) -> NamedSubject:
    n_unknown, is_quantity, is_holder, has_pronoun, is_joined = 0, False, False, False, False
    is_adjacent = True
    for k in range(first - 1, -1, -1):
        token = tokens[k]
        if "BREAK" in token.classes:
            if "COMMA" in token.classes and k > 0 and _is_apposition(tokens, k, first):
                continue
            break
        if token.market is not None and _is_versus(tokens, k):
            is_adjacent = False
            continue
        if token.market is not None:
            found = _listed(tokens, k, n_unknown, is_adjacent=is_adjacent)
            is_quantity |= found.is_quantity
            return replace(found, is_quantity=is_quantity, is_holder=is_holder, is_joined=is_joined)
        is_quantity |= "QUANTITY" in token.classes
        is_holder |= "HOLDER" in token.classes and "LIGHT" not in token.classes
        has_pronoun |= "PRONOUN" in token.classes
        if not token.classes & _SOFT:
            is_adjacent = False
        is_joined |= bool(token.classes & _JOINS)
        if "WORD" in token.classes:
            n_unknown += 1
    is_taken_up = has_pronoun or n_unknown == 0
    return NamedSubject((), None, n_unknown, is_quantity, is_holder, is_taken_up, is_adjacent=is_adjacent)


def _is_versus(tokens: list[Token], at: int) -> bool:
    """Whether a group stands behind a verb that sets a market before it: "TAO led AI tokens with a gain of 24%"."""
    market, before = tokens[at].market, tokens[max(at - 2, 0) : at]
    is_led = any(token.classes & (_COMPARED | {"LEAD"}) for token in before)
    return is_led and market is not None and market.scope == "group" and any(t.market for t in tokens[: at - 1])


def _is_apposition(tokens: list[Token], comma: int, first: int) -> bool:
    """Whether a comma only closes an aside: "TAO, Bittensor's token, fell", "Bitcoin, by contrast, was"."""
    return comma + 1 < first and all(tokens[k].text.lower() in _ASIDES for k in range(comma + 1, first))


_ASIDES = {",", "by", "contrast", "however", "too", "meanwhile", "which", "was", "is", "has", "have", "were", "are"}


def _look_right(tokens: list[Token], last: int) -> NamedSubject:
    is_quantity = False
    opened = last < len(tokens) and tokens[last].text.lower() in _IN
    if not opened:
        return NOBODY
    for k in range(last, min(last + _REACH_RIGHT, len(tokens))):
        token = tokens[k]
        if "BREAK" in token.classes:
            break
        is_quantity |= "QUANTITY" in token.classes
        if token.market is not None:
            own = tokens[k + 1].classes if k + 1 < len(tokens) else frozenset()  # "in Bitcoin ETF holdings"
            found = _listed(tokens, k, 0, is_adjacent=True)
            return replace(found, is_quantity=is_quantity or "QUANTITY" in own, is_holder="HOLDER" in own)
    return NOBODY


def is_about_quantity(tokens: list[Token], last: int) -> bool:
    """Whether the phrase goes on with "in volume", "of supply", a share "of active capital": it is no price then."""
    if last < len(tokens) and tokens[last].text.lower() == "of" and "PERCENT" in tokens[last - 1].classes:
        whole = takewhile(lambda token: "BREAK" not in token.classes, tokens[last + 1 :])
        return not any(token.classes & _PRICED for token in islice(whole, _REACH_OF_WHOLE))
    placed = frozenset({"ABOVE", "BELOW"})
    if last < len(tokens) and (tokens[last].text.lower() in _IN | {"the"} or tokens[last].classes & placed):
        for token in tokens[last + 1 : last + 4]:
            if "BREAK" in token.classes or token.market is not None:
                return False
            if "QUANTITY" in token.classes:
                return True
    return last < len(tokens) and "QUANTITY" in tokens[last].classes and "PRICE_WORD" not in tokens[last].classes


def _listed(tokens: list[Token], at: int, n_unknown: int, *, is_adjacent: bool) -> NamedSubject:
    """The market at `at` with those that are listed before it: "TAO, NEAR and RENDER"."""
    markets = [tokens[at].market]
    start, k = tokens[at].start, at - 1
    while k >= 1:
        joined = tokens[k].classes & {"AND", "COMMA"}
        back = k - 1
        if joined and back > 0 and tokens[back].classes & {"AND", "COMMA"} and tokens[back - 1].market is not None:
            back -= 1
        while joined and back > 0 and tokens[back].classes & {"POSS"} and tokens[back - 1].market is not None:
            back -= 1
        if not joined or tokens[back].market is None or _is_introduced(tokens, back, at):
            break
        markets.append(tokens[back].market)
        start, k = tokens[back].start, back - 1
    is_quantity = _is_of_quantity(tokens, k + 1)
    known = [market for market in reversed(markets) if market is not None]
    return NamedSubject(tuple(dict.fromkeys(known)), start, n_unknown, is_quantity, is_adjacent=is_adjacent)


def _is_introduced(tokens: list[Token], group: int, at: int) -> bool:
    """Whether a group's word only says what the market behind it is, or out of which it is: "the largest AI token, TAO,
    rose", "among AI tokens, TAO rose".
    """
    before, named = tokens[group].market, tokens[at].market
    is_group = before is not None and before.scope == "group"
    if is_group:
        opening = takewhile(lambda token: "BREAK" not in token.classes, reversed(tokens[:group]))
        if any(token.text.lower() in _OUT_OF for token in islice(opening, _REACH_RIGHT)):
            return True
    is_aside = group + 2 == at and at + 1 < len(tokens) and "COMMA" in tokens[at - 1].classes & tokens[at + 1].classes
    return is_aside and is_group and named is not None and named.scope != "group"


_OUT_OF = {"among", "amongst", "of", "across"}


def _opens_quantity(tokens: list[Token], name: int, stop: int) -> bool:
    """Whether a quantity stands right after the name: "Bitcoin open interest"."""
    return name + 1 < stop and "QUANTITY" in tokens[name + 1].classes


def _is_of_quantity(tokens: list[Token], at: int) -> bool:
    """Whether the name at `at` only says whose quantity is meant: "open interest in NEAR", "$120m XRP"."""
    if at > 0 and ("MONEY" in tokens[at - 1].classes or _is_amount(tokens, at - 1)):
        return True  # "21,911 SOL dumped"
    before = tokens[max(at - 3, 0) : at]
    return any(token.text.lower() in _IN for token in before) and any("QUANTITY" in token.classes for token in before)


def _is_amount(tokens: list[Token], at: int) -> bool:
    """Whether the word ends a number of units, which has a comma or a letter for thousands and is no price."""
    text = tokens[at].text
    return _THOUSANDS.fullmatch(text) is not None or (text.isdigit() and at > 0 and tokens[at - 1].text == ",")


_THOUSANDS = re.compile(r"\d+(?:\.\d+)?[KkMmBb]")


def _is_aside(tokens: list[Token], comma: int, named: int) -> bool:
    """Whether a clause only describes the market before its comma: "TAO, Bittensor's token"; not "an AI token, TAO"."""
    before = tokens[comma - 1].market if comma > 0 and "COMMA" in tokens[comma].classes else None
    own = tokens[named].market
    return before is not None and own is not None and (before.scope != "group" or own.scope == "group")


def subject_before(tokens: list[Token], first: int, fallback: NamedSubject) -> NamedSubject:
    """What a phrase without a market takes up: the first market of the nearest earlier clause that names one."""
    k = first - 1
    while k >= 0 and "BREAK" not in tokens[k].classes:
        k -= 1
    while k >= 0:
        stop, k = k, k - 1
        while k >= 0 and "BREAK" not in tokens[k].classes:
            k -= 1
        named = [j for j in range(k + 1, stop) if tokens[j].market is not None]
        if named and tokens[named[0] - 1].classes & _COMPARED and named[0] > k + 1:
            return NOBODY  # "Another coin outshines Bitcoin after a 32% rally": the rally is not Bitcoin's
        if named and not _is_aside(tokens, k, named[0]):
            last = named[0]
            while last + 2 < stop and tokens[last + 1].classes & {"AND"} and tokens[last + 2].market is not None:
                last += 2
            found = replace(_listed(tokens, last, 0, is_adjacent=False), start=None)
            of_holder = last + 1 < stop and "HOLDER" in tokens[last + 1].classes
            return replace(
                found, is_holder=of_holder, is_quantity=found.is_quantity or _opens_quantity(tokens, last, stop)
            )
    return fallback
