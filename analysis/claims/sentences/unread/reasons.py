"""Why words are not judged: a forecast, a question, a denial, another market, another quantity."""

from __future__ import annotations

import re

from analysis.claims.sentences.forms import Form
from analysis.claims.sentences.meaning import numbers_listed
from analysis.claims.sentences.sentence import AN_ADVERT, MODALITY_REASONS, MOVERS, PERCENT_KINDS, SentenceState
from analysis.claims.sentences.subjects import NamedSubject, is_about_quantity
from analysis.claims.sentences.times.instants import DAY_WORDS, MONTH_NAME
from analysis.claims.sentences.tokens import Token
from analysis.claims.sentences.unread.qualifiers import unread_qualifier
from analysis.claims.statement import Kind
from analysis.events.wording.modality import Modality, find_modalities, modality_of

# How far before a verb its denial stands, in tokens.
_DENIAL_REACH = 6


def reason_of(
    state: SentenceState, subject: NamedSubject, first: int, last: int, start: int, end: int, form: Form
) -> str | None:
    """Why the words are not judged; None when they are a statement about the past of one of our markets."""
    is_ours = any(market.is_ours for market in subject.markets)
    modality = modality_of(state.spoken, start, end, AN_ADVERT if is_ours else frozenset())
    if form.modality is not None and modality in (Modality.PAST, Modality.PREDICTION):
        return form.modality
    if modality is Modality.PREDICTION and not _reports(state, first, last, form):
        return "forecast"
    if modality is Modality.FORECAST and _is_told_by_a_day(state, first, last):
        modality = Modality.PAST
    if modality not in (Modality.PAST, Modality.PREDICTION, Modality.CAUSAL):
        return MODALITY_REASONS[modality]
    if subject.is_quantity or is_about_quantity(state.tokens, last):
        return "other_quantity"
    if subject.is_holder:
        return "other_market"
    if not subject.markets or _has_other_subject(state.tokens, first):
        return "unclear"
    if not is_ours or _is_one_of_a_group(subject, state.text):
        return "other_market"
    if _is_denied(state.tokens, first) and not form.is_negated:
        return "unclear"
    if form.kind is Kind.DIRECTION_ONLY and last < len(state.tokens) and state.tokens[last].text == "because":
        return "causal"
    listed = numbers_listed(state.tokens, first, last, form) if form.kind in PERCENT_KINDS else []
    if len(listed) != len(subject.markets) and _are_together(state.tokens, listed):
        return "unclear"
    return unread_qualifier(state, subject, first, last, start, form)


def _are_together(tokens: list[Token], listed: list[int]) -> bool:
    """Whether an "and" joins numbers of which it is not said whose each is: "TAO rose 23% and 11%"."""
    return len(listed) > 1 and any("AND" in token.classes for token in tokens[listed[0] : listed[-1]])


def _has_other_subject(tokens: list[Token], first: int) -> bool:
    """Whether an unknown noun stands right before the verb, which then is not the market's: "Crypto hacks drop"."""
    if first == 0 or not tokens[first].classes & _VERBS:
        return False
    before = tokens[first - 1]
    return before.classes - {"VENUE"} == _UNKNOWN_WORD and not before.text.lower().endswith(("ly", "ed"))


_VERBS = frozenset({"UP", "DOWN", "UP_BY", "DOWN_BY", "REACH", "CROSS_UP", "CROSS_DOWN", "DOUBLE", "RECLAIM"})
_UNKNOWN_WORD = frozenset({"WORD"})


def _is_one_of_a_group(subject: NamedSubject, text: str) -> bool:
    """Whether a group's word in the singular only introduces a coin that is not known, "Altcoin Audiera explodes", or
    stands for one that is: "the AI token gained".
    """
    if subject.start is None or subject.markets[0].scope != "group":
        return False
    singular = re.match(
        r"(?:\w+ )?(?:altcoin|coin|token)\b(?P<ticker> \(?(?-i:[A-Z]{3,6})\b)?", text[subject.start :], re.I
    )
    if singular is None:
        return False
    is_known = text[: subject.start].lower().split()[-1:] in (["the"], ["this"])
    return subject.n_unknown > 0 or is_known or singular["ticker"] is not None


def _is_denied(tokens: list[Token], first: int) -> bool:
    """Whether the move is denied ("did not fall") or only dealt in ("buys the Bitcoin dip")."""
    is_past_name, is_driven = False, "DRIVE" in tokens[first].classes  # "panic selling sends Bitcoin below $60K"
    for k in range(first - 1, max(first - _DENIAL_REACH, -1), -1):
        if "BREAK" in tokens[k].classes:
            return False
        is_past_name |= "ASSET" in tokens[k].classes
        is_not = "NOT" in tokens[k].classes and (
            not is_past_name or tokens[k].text.endswith("n't")
        )  # "isn't ETH rising"
        if is_not or ("BUY" in tokens[k].classes and not is_driven):
            return True
    return False


def _is_told_by_a_day(state: SentenceState, first: int, last: int) -> bool:
    """Whether a verb of the past tells the phrase, and only its "by June 15", when it was there, sounds like an aim."""
    verbs = [token for token in state.tokens[max(first - 1, 0) : last] if token.classes & (MOVERS | _VERBS)]
    clause = state.clause_at(state.tokens[first].start)
    if clause is None or not any(_PAST.search(token.text) for token in verbs):
        return False
    words, n_days = _BY_A_DAY.subn(" ", state.text[clause.start : clause.end])
    return n_days > 0 and modality_of(find_modalities(words), 0, len(words)) is Modality.PAST


_PAST = re.compile(
    r"(?:ed|rose|fell|sank|slid|lost|shed|grew|was|were|risen|fallen|broke|hit|shot|shrank|gone|went)$", re.IGNORECASE
)
_BY_A_DAY = re.compile(
    rf"\bby (?:the (?:end|close) of )?(?:(?:early|late|mid) )?(?:{DAY_WORDS}|{MONTH_NAME}\b)", re.IGNORECASE
)


def _reports(state: SentenceState, first: int, last: int, form: Form) -> bool:
    """Under a "price prediction" title: a clause opened by as, amid, despite … reports, and so does a finite verb."""
    at = state.tokens[first].start
    clause = state.clause_at(at)
    if clause is not None and clause.opener in ("as", "amid", "despite", "while", "after", "following"):
        return True
    if clause is not None and state.text[clause.start : clause.end].strip().lower().startswith(("why", "how")):
        return True
    return state.tokens[first].text.lower().endswith(("s", "ed")) and form.kind is not Kind.RANGE
