"""What a phrase states once its form, market and window are known: direction, number, comparator, period."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

from analysis.claims.judging.quoted import FRACTION_PER_PERCENT, half_digit
from analysis.claims.judging.windows import WHOLE_RECORD, place_token
from analysis.claims.sentences.forms import Form
from analysis.claims.sentences.numbers import NUMBER_WORDS
from analysis.claims.sentences.prices.amounts import (
    AT_A_PRICE,
    as_amount,
    comparator_before,
    comparator_behind,
    is_of_another_size,
)
from analysis.claims.sentences.prices.held import CLOSED, held_of
from analysis.claims.sentences.sentence import MARK_CLASSES, PERCENT_KINDS, PRICE_KINDS, UNSAID_WINDOW, SentenceState
from analysis.claims.sentences.times.calendar import peak_window
from analysis.claims.sentences.times.instants import OPENED, OPENING_VERBS, opening_of
from analysis.claims.sentences.times.windows import find_windows
from analysis.claims.sentences.tokens import Token
from analysis.claims.statement import Comparator, Direction, Kind, StatedWindow, Statement
from warehouse.tables.units import iso_minute


def statement_of(
    state: SentenceState, first: int, last: int, form: Form, asset: str, window: str | None
) -> Statement | None:
    tokens = state.tokens[first:last]
    numbers = [token for token in tokens if token.quantity is not None and _is_number_of(token, form)]
    number = numbers[-1] if numbers else None
    direction = _direction(state, first, last, form, numbers)
    if direction is None:
        return None
    quantity = number.quantity if number is not None else None
    is_price = form.kind in PRICE_KINDS
    factor = next((token.factor for token in tokens if token.factor is not None), None)
    size = abs(quantity.value) if quantity is not None and not is_price else factor
    token = _extreme_window(state, tokens, form) or _peak_window(state, tokens, form) or window
    if form.kind in (Kind.LEVEL_CROSSED, Kind.LEVEL_HELD, Kind.RANGE, Kind.DRAWDOWN, Kind.ALL_TIME_EXTREME) and (
        token == UNSAID_WINDOW
    ):
        token = None
    verb = tokens[0].text.lower()
    is_opened = bool(OPENED & {verb, state.tokens[first - 1].text.lower() if first else ""})
    if (form.kind is Kind.DIRECTION_ONLY and is_opened) or (form.kind is Kind.RANGE and verb in CLOSED):
        return None  # "opened lower", "closed between": of one price
    if form.kind is Kind.LEVEL_HELD and verb in OPENING_VERBS:
        opened = opening_of(state.text[tokens[0].start : state.clause_end(last - 1)], token, state.said_at)
        if opened is None:
            return None
        token = f"at:{iso_minute(opened).replace(' ', 'T')}"
    if token is None and form.is_negated and tokens[0].text.lower() in _NEVER:
        token = WHOLE_RECORD
    paid = next((t for t in tokens if t.quantity is not None and "PRICE" in t.classes), None)
    peak = paid.quantity.value if paid is not None and paid.quantity is not None else None
    is_move = form.kind is Kind.DIRECTION_ONLY and paid is not None
    if is_move and is_of_another_size(state, first, last):
        return None
    amount = paid if is_move and AT_A_PRICE.search(state.text, tokens[0].start, tokens[-1].end) is None else None
    return Statement(
        asset=asset,
        kind=form.kind,
        direction=direction,
        said_at=state.said_at,
        size=size if form.kind in (*PERCENT_KINDS, Kind.MULTIPLE, Kind.RELATIVE) else None,
        size_high=quantity.high if quantity is not None and not is_price else None,
        size_quoted=quantity.quoted if quantity is not None and not is_price else None,
        price=_price(numbers, form),
        price_high=_price_high(numbers, form),
        price_quoted=quantity.quoted if quantity is not None and is_price else None,
        comparator=_comparator(state, first, last, form, amount or number),
        window=StatedWindow(token) if token is not None else None,
        as_of=place_token(token, state.said_at)[1] if token is not None and form.form_id == "give_back" else None,
        versus=_versus(tokens, form),
        peak=peak if form.kind is Kind.DRAWDOWN else _begun(state, last, form, numbers),
        amount=peak if amount is not None else None,
        as_amount=as_amount(state, first, last, form),
        held=held_of(state, first, last, form, token),
        is_negated=form.is_negated,
        tolerance=_tolerance(state, first, last, form),
        is_range_bound=form.form_id == "flat" and any("BOUND" in token.classes for token in tokens),
    )


def numbers_listed(tokens: list[Token], first: int, last: int, form: Form) -> list[int]:
    """Where the numbers stand that are told together with that of a phrase: "rose 5%, 3% and about 2%"."""
    name = "PERCENT" if form.kind in PERCENT_KINDS else "PRICE"
    own = next((k for k in range(last - 1, first - 1, -1) if name in tokens[k].classes), None)
    if own is None or form.kind is Kind.RANGE:
        return []
    listed = [own]
    for step in (-1, 1):
        k, is_joined = own + step, False
        while 0 <= k < len(tokens) and tokens[k].classes & (_BETWEEN_NUMBERS | {name}):
            is_joined |= bool(tokens[k].classes & _JOINING)
            if name in tokens[k].classes and tokens[k].quantity is not None:
                if not is_joined:
                    break
                listed, is_joined = [*listed, k], False
            k += step
    return sorted(listed)


_JOINING = frozenset({"COMMA", "AND"})
_BETWEEN_NUMBERS = _JOINING | {"ABOUT", "NEARLY", "MORE", "LEAST", "TO"}


def with_number(statement: Statement, state: SentenceState, at: int) -> Statement:
    """The statement with the number of a list that is its own, the token `at`."""
    number = state.tokens[at].quantity
    if number is None:
        return statement
    if (said := comparator_before(state.tokens, at, statement.price is not None)) is not None:
        statement = replace(statement, comparator=said)
    if statement.price is not None:
        return replace(statement, price=number.value, price_quoted=number.quoted)
    return replace(statement, size=abs(number.value), size_high=number.high, size_quoted=number.quoted)


# Without a window these deny it of all time; "did not reach" only of the news.
_NEVER = ("never", "not", "hasn't")


def _is_number_of(token: Token, form: Form) -> bool:
    if form.kind in PERCENT_KINDS or form.kind is Kind.RELATIVE:
        return "PERCENT" in token.classes
    if form.kind in PRICE_KINDS:
        return bool(token.classes & {"PRICE", "RANGE"})
    return form.kind is Kind.MULTIPLE and bool(token.classes & {"TIMES", "DOUBLE"})


def _price(numbers: list[Token], form: Form) -> float | None:
    if form.kind not in PRICE_KINDS or not numbers:
        return None
    quantity = numbers[0].quantity if form.kind is Kind.RANGE else numbers[-1].quantity
    return quantity.value if quantity is not None else None


def _price_high(numbers: list[Token], form: Form) -> float | None:
    if form.kind is not Kind.RANGE or not numbers or numbers[-1].quantity is None:
        return None
    return numbers[-1].quantity.high if len(numbers) == 1 else numbers[-1].quantity.value


def _begun(state: SentenceState, last: int, form: Form, numbers: list[Token]) -> float | None:
    """The price that a move to a level is said to come from: "from $87K to $91K", "to $91K from about $87K"."""
    if form.kind is not Kind.LEVEL_CROSSED:
        return None
    first = numbers[0].quantity if form.form_id == "from_price_to_price" and numbers else None
    if first is not None:
        return first.value
    after = state.tokens[last : last + _FROM_REACH]
    if not after or "FROM" not in after[0].classes:
        return None
    for token in after[1:]:
        if token.quantity is not None or "BREAK" in token.classes:
            return token.quantity.value if token.quantity is not None and "PRICE" in token.classes else None
    return None


# So many tokens after a level name where the move began: "from just under its $87K".
_FROM_REACH = 5


def _direction(state: SentenceState, first: int, last: int, form: Form, numbers: list[Token]) -> Direction | None:
    tokens = state.tokens[first:last]
    if form.direction in ("up", "down", "none"):
        return Direction(form.direction)
    classes = [name for token in tokens for name in token.classes]
    if form.direction == "sign" and numbers and numbers[-1].quantity is not None:
        return Direction.UP if numbers[-1].quantity.value > 0 else Direction.DOWN
    if form.direction == "place":
        placed = [token for token in tokens if token.classes & {"ABOVE", "BELOW"}]
        return Direction.DOWN if placed and "BELOW" in placed[-1].classes else Direction.UP
    if form.direction == "extreme":
        return Direction.DOWN if {"PERIOD_LOW", "SINCE_LOW", "RECORD_LOW"} & set(classes) else Direction.UP
    if form.direction == "compare":
        values = [token.quantity.value for token in numbers if token.quantity is not None]
        return Direction.UP if len(values) > 1 and values[-1] > values[0] else Direction.DOWN
    if form.direction == "factor":
        factor = next((token.factor for token in tokens if token.factor is not None), 0.0)
        return Direction.DOWN if factor < 1 else Direction.UP
    if form.direction == "reach":
        return _reached_from(state, first)
    if form.direction == "before":
        return state.found[-1].statement.direction if state.found else None
    moves = [token for token in tokens if token.classes & {"UP", "DOWN", "UP_BY", "DOWN_BY"}]
    if not moves:
        return Direction.NONE if "FLAT" in classes else None
    strong = [token for token in moves if token.classes & {"UP", "DOWN"}] or moves
    is_up = bool(strong[0].classes & {"UP", "UP_BY"})
    return Direction.UP if is_up is not (form.direction == "against") else Direction.DOWN


def _reached_from(state: SentenceState, first: int) -> Direction:
    """Up, unless the sentence falls to the level: a low is named, or the subject's last move was down.

    What it fell from was reached on the way up.
    """
    if any(token.classes & {"PERIOD_HIGH", "SINCE_HIGH"} for token in state.tokens):
        return Direction.UP
    if any(token.classes & {"PERIOD_LOW", "SINCE_LOW", "RECORD_LOW"} for token in state.tokens):
        return Direction.DOWN
    moves = [token for token in state.tokens[:first] if token.classes & {"UP", "DOWN"}]
    start = state.tokens[first].start
    clause = state.clause_at(start)
    is_down = bool(moves) and "DOWN" in moves[-1].classes
    if is_down and clause is not None and clause.opener == "after" and moves[-1].start < clause.start:
        return Direction.UP  # "fell to $262 after touching $277"
    return Direction.DOWN if is_down else Direction.UP


def _extreme_window(state: SentenceState, tokens: list[Token], form: Form) -> str | None:
    if form.kind is not Kind.N_PERIOD_EXTREME:
        return None
    words = next((t for t in tokens if t.classes & (MARK_CLASSES | {"FIRST_SINCE"})), None)
    return extreme_period(words.text, state.said_at) if words is not None else None


def _peak_window(state: SentenceState, tokens: list[Token], form: Form) -> str | None:
    """When the peak of a drawdown is said to have been: "from its October record", "below the 2025 peak"."""
    if form.kind is not Kind.DRAWDOWN:
        return None
    return peak_window(state.text[tokens[0].start : tokens[-1].end], state.said_at)


def extreme_period(words: str, said_at: datetime) -> str | None:
    """The window of "6-week high", "monthly highs", "highest since October 2024", "first time in a month"."""
    lowered = words.lower().replace("‑", "-")
    if "since" in lowered:
        found = find_windows(words, 0, len(words), said_at)
        return next((window.token for window in found if window.token.startswith("since")), None)
    for word, token in (
        ("daily", "PT24H"),
        ("weekly", "P1W"),
        ("monthly", "P1M"),
        ("yearly", "P1Y"),
        ("annual", "P1Y"),
    ):
        if lowered.startswith(word):
            return token
    parts = re.split(r"[- ]+", lowered)
    unit = next(
        (part[0].upper() for part in parts if re.match(r"(?:day|week|wk|month|mth|year|yr|hour|quarter)", part)), None
    )
    count = next(
        (
            int(part) if part.isdigit() else NUMBER_WORDS[part]
            for part in parts
            if part.isdigit() or part in NUMBER_WORDS
        ),
        0,
    )
    if unit is None:
        return "ytd" if count == said_at.year else f"year:{count}" if count else None
    if "multi" in parts or "several" in parts:
        count = 2
    count = count or 1
    return f"PT{count}H" if unit == "H" else f"P{3 * count}M" if unit == "Q" else f"P{count}{unit}"


def _comparator(state: SentenceState, first: int, last: int, form: Form, number: Token | None) -> Comparator | None:
    if form.kind in (Kind.N_PERIOD_EXTREME, Kind.ALL_TIME_EXTREME):
        classes = state.tokens[first].classes | state.tokens[max(first - 1, 0)].classes
        inside = {name for token in state.tokens[first:last] for name in token.classes}
        return Comparator.NEARLY if "NEAR" in (classes | inside) else None
    if number is None:
        number = next((token for token in state.tokens[first:last] if token.factor is not None), None)
    if number is None:
        return None
    if number.quantity is not None and number.quantity.is_open:
        return Comparator.AT_LEAST
    at = state.tokens.index(number)
    said = comparator_before(state.tokens, at, form.kind in PRICE_KINDS)
    said = said or comparator_behind(state, number.end, is_price=form.kind in PRICE_KINDS)
    if form.comparator is not None and said in (None, Comparator.MORE_THAN):
        return form.comparator
    after = state.text[number.end : number.end + 16].lower()
    if said is None and "from its open" in after:
        return Comparator.UP_TO  # from the open to the high
    return said or Comparator.EXACT


def _tolerance(state: SentenceState, first: int, last: int, form: Form) -> float | None:
    """None but for a price that kept above or below a level, of which no digit is slack, and for "23.9%, if not more",
    of which the last one is.
    """
    words = state.text[state.tokens[first].start : state.tokens[last - 1].end]
    is_side = form.kind is Kind.LEVEL_HELD and _SIDE_OF_LEVEL.search(words) is not None
    number = next((token.quantity for token in state.tokens[first:last] if "PERCENT" in token.classes), None)
    if number is not None and form.kind is Kind.PERCENT_MOVE:
        said = comparator_behind(state, state.tokens[last - 1].end, is_price=False)
        return half_digit(number.quoted, number.value, FRACTION_PER_PERCENT) if said is Comparator.AT_LEAST else None
    return 0.0 if is_side else None


_SIDE_OF_LEVEL = re.compile(r"\b(?:above|over|below|under)\b", re.IGNORECASE)


def _versus(tokens: list[Token], form: Form) -> tuple[str, ...]:
    if form.kind is not Kind.RELATIVE:
        return ()
    named = tuple(token.market.market for token in tokens[1:] if token.market is not None)
    return named or ("MARKET",)
