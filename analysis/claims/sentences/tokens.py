"""A sentence as tokens that say what they can do, and as one string that patterns can search."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from analysis.claims.sentences.lexicon import Lexicon, Meaning, NamedMarket, Phrases
from analysis.claims.sentences.numbers import HAS_NUMBER, NUMBER, NUMBER_WORDS, Quantity, read_number
from analysis.events.wording.clauses import Clause

_UNIT = r"(?:hour|day|week|month|mth|year|quarter|wk|yr)s?"
_COUNT = rf"(?:\d+|multi|several|{'|'.join(NUMBER_WORDS)})"
_DATE = r"(?:[A-Z][a-z]+\.?(?: \d{1,2}(?!\d)(?:st|nd|rd|th)?)?(?:,? \d{4})?|\d{4})"
# "2026" of "a new 2026 high"; "below its 2025 high" names a peak.
_OF_YEAR = r"(?:(?<=new )|(?<=fresh )|(?<=hits )|(?<=sets )|(?<=to ))20\d\d"
_PERIOD = rf"(?:{_COUNT}[-‑ ]{_UNIT}|(?:daily|weekly|monthly|yearly|annual)|{_OF_YEAR})"
_LAST = rf"(?:in|of) (?:(?:the )?(?:last|past) )?(?:a|an|{_COUNT}|\d{{4}}|more than \w+)(?:[ -]{_UNIT})?"
_SPECIAL = re.compile(
    rf"(?P<period>\b{_PERIOD}[-‑ ](?P<way>high|low|peak|top|bottom)s?\b)"
    r"|(?P<since>\b(?P<most>highest|lowest|strongest|weakest)(?: (?:price|level|close|point|value|mark))?"
    rf" (?:since (?:{_DATE}|the [a-z]+)|{_LAST}))"
    rf"|(?P<first>\bfirst time (?:since {_DATE}|in (?:a|an|{_COUNT}|more than \w+) {_UNIT}))",
    re.IGNORECASE,
)
# Letters without which no _SPECIAL stands in a clause.
_HAS_SPECIAL = re.compile(r"high|low|peak|top|bottom|first time|est", re.IGNORECASE)
_WORD = re.compile(r"[’']s\b|[A-Za-z0-9À-ÿ]+(?:\.[A-Za-z0-9]+)*(?:[’'](?!s\b)[a-z]+)?|[^\sA-Za-z0-9]")
_LETTERS = [chr(code) for code in (*range(ord("a"), ord("z") + 1), *range(ord("A"), ord("Z") + 1))]
_LETTERS += [chr(code) for code in (*range(0x3B1, 0x3B1 + 25), *range(0x4E00, 0x4E00 + 256))]
_DROPPED = set("-‑([])\"“”‘’'*_#…/|{}<>«»`~^=+%$@\\")


class Token(NamedTuple):
    """One word, phrase or number: its place in the text (characters) and what it can do."""

    start: int
    end: int
    text: str
    classes: frozenset[str]
    market: NamedMarket | None = None
    quantity: Quantity | None = None
    factor: float | None = None


@dataclass(frozen=True, slots=True)
class Alphabet:
    """One letter a class, so that a sentence of tokens is a string."""

    letters: dict[str, str]

    @classmethod
    def of(cls, names: set[str]) -> Alphabet:
        """The letters of these classes, in a fixed order; ValueError for more classes than there are letters."""
        if len(names) > len(_LETTERS):
            raise ValueError(f"{len(names)} classes of words are more than the {len(_LETTERS)} that can be told apart")
        return cls(dict(zip(sorted(names), _LETTERS, strict=False)))

    def write(self, tokens: list[Token]) -> str:
        """The sentence as a string: `<letters>` for each token."""
        letters = self.letters
        return "".join(
            "<" + "".join([letters[name] for name in token.classes if name in letters]) + ">" for token in tokens
        )


BREAK = frozenset({"BREAK"})
COMMA = frozenset({"BREAK", "COMMA"})
_AND_WORD = frozenset({"AND"})
_UNKNOWN = frozenset({"WORD"})
_NUMBER = frozenset({"NUMBER"})
_POSSESSIVE = frozenset({"POSS"})


def tokenise(text: str, clauses: tuple[Clause, ...], lexicon: Lexicon) -> list[Token]:
    """The tokens of a sentence, clause by clause; a BREAK stands between clauses (a COMMA where a comma parts them)."""
    tokens: list[Token] = []
    for number, clause in enumerate(clauses):
        if number:
            tokens.append(Token(clause.start, clause.start, clause.opener, COMMA if clause.opener == "," else BREAK))
        _tokenise_clause(text, clause.start, clause.end, lexicon, tokens)
    return tokens


def _tokenise_clause(text: str, start: int, end: int, lexicon: Lexicon, tokens: list[Token]) -> None:
    at = start
    words: list[tuple[int, int, str]] = []
    fixed = []
    if _HAS_SPECIAL.search(text, start, end):
        fixed += [(found.start(), found.end(), found) for found in _SPECIAL.finditer(text, start, end)]
    if HAS_NUMBER.search(text, start, end):
        fixed += [
            (found.start(), found.end(), found)
            for found in NUMBER.finditer(text, start, end)
            if found.lastgroup != "number"
            and not any(low < found.end() and found.start() < high for low, high, _ in fixed)
        ]
    for low, high, found in sorted(fixed, key=lambda item: item[0]):
        words += _words(text, at, low)
        tokens += _phrases(words, lexicon)
        words = []
        tokens.append(_special(found) if found.re is _SPECIAL else _number(found))
        at = high
    tokens += _phrases(words + _words(text, at, end), lexicon)


def _words(text: str, start: int, end: int) -> list[tuple[int, int, str]]:
    return [
        (found.start(), found.end(), found.group().replace("’", "'"))
        for found in _WORD.finditer(text, start, end)
        if found.group() not in _DROPPED
    ]


def _number(found: re.Match[str]) -> Token:
    quantity = read_number(found)
    classes = {quantity.kind} | ({"PERCENT"} if quantity.kind == "SIGNED" else set())
    if quantity.kind == "PRICE":
        classes.add("AMOUNT")
    return Token(
        found.start(),
        found.start() + len(found.group().rstrip()),
        found.group(),
        frozenset(classes),
        None,
        quantity,
        quantity.value if quantity.kind == "DOUBLE" else None,
    )


def _special(found: re.Match[str]) -> Token:
    if found["period"] is not None:
        name = "PERIOD_LOW" if found["way"].lower() in ("low", "bottom") else "PERIOD_HIGH"
    elif found["since"] is not None:
        name = "SINCE_LOW" if found["most"].lower() in ("lowest", "weakest") else "SINCE_HIGH"
    else:
        name = "FIRST_SINCE"
    return Token(found.start(), found.end(), found.group(), frozenset({name}))


def _phrases(words: list[tuple[int, int, str]], lexicon: Lexicon) -> list[Token]:
    tokens: list[Token] = []
    at = 0
    while at < len(words):
        start, end, word = words[at]
        if word == "'s":
            tokens.append(Token(start, end, word, _POSSESSIVE))
            at += 1
            continue
        if word == "&":
            tokens.append(Token(start, end, word, _AND_WORD))
            at += 1
            continue
        found = _longest(words, at, lexicon)
        if found is None:
            tokens.append(Token(start, end, word, _NUMBER if word[0].isdigit() else _UNKNOWN))
            at += 1
            continue
        length, meaning = found
        stop = words[at + length - 1][1]
        token = Token(start, stop, word, meaning.classes, meaning.market, None, meaning.factor)
        if (
            tokens
            and token.market is not None
            and (tokens[-1].market == token.market or _is_quoted_in(tokens[-1], token))
        ):
            tokens[-1] = tokens[-1]._replace(end=stop)  # "Bittensor (TAO)" is one name, and so is "TAO/USDT"
        else:
            tokens.append(token)
        at += length
    return tokens


def _is_quoted_in(token: Token, after: Token) -> bool:
    """Whether a market is followed by the dollar token that it is priced in: "TAO/USDT"."""
    is_dollar = after.market is not None and after.market.market in _DOLLARS
    return is_dollar and token.market is not None and after.start == token.end + 1


_DOLLARS = frozenset({"USDT", "USDC"})


def _longest(words: list[tuple[int, int, str]], at: int, lexicon: Lexicon) -> tuple[int, Meaning] | None:
    """The phrase that begins here; a name as it is written goes before others, but for a longer name."""
    word = words[at][2]
    exact = _first_spelled(words, at, lexicon.exact.get(word), fold=False)
    folded = _first_spelled(words, at, lexicon.folded.get(word.casefold()), fold=True)
    if exact is None or (folded is not None and folded[1].market is not None and folded[0] > exact[0]):
        return folded
    return exact


def _first_spelled(
    words: list[tuple[int, int, str]], at: int, candidates: Phrases | None, *, fold: bool
) -> tuple[int, Meaning] | None:
    for phrase, meaning in candidates or ():
        length = len(phrase)
        if length == 1 or _spells(words, at, phrase, fold):
            return length, meaning
    return None


def _spells(words: list[tuple[int, int, str]], at: int, phrase: tuple[str, ...], fold: bool) -> bool:
    if at + len(phrase) > len(words):
        return False
    return all((words[at + k][2].casefold() if fold else words[at + k][2]) == part for k, part in enumerate(phrase))
