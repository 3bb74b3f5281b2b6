"""Whose rule a headline tells of, by the places that it names, on what, and who got the licence that it tells of."""

from __future__ import annotations

import re
from collections import Counter

from analysis.events.vocabulary import OFFICE_KINDS, PARTY_KINDS, Vocabulary

# Kinds of acts that each place has its own of on the same day, in the same words.
ACTS_OF_PLACES = ("crypto_token_regulation", "regulation_legislation")
_UNION = "US"
# Whoever of a place acts, as in "Chinese regulators", where "Chinese" alone tells only where somebody is from.
_BODY = (
    r"governors?|(?:prime )?ministers?|premier|chancellor|governments?|parliament|congress|senate|senators?|assembly"
    r"|legislatures?|lawmakers?|regulators?|watchdogs?|authorit(?:y|ies)|ministry|commission|courts?|tribunal|judges?"
    r"|rulings?|prosecutors?|attorneys? general|AGs?|police|officials?|central bank|bundestag|knesset|duma|bills?|laws?"
    r"|rules"
)
# What others have too: a firm its president and its department, a trade its house.
_BODY_OF_MANY = r"presidents?|administration|house|agency|department|council|committee|cabinet|diet"
_OFFICIAL = (
    r"federal|state|national|local|city|upper|lower|top|high|antitrust|competition|privacy|data|digital|cyber\w*|consumer"
    r"|financial?|defen[cs]e|justice|commerce|trade|foreign|interior|health|treasury|communications|science|parliamentary"
    r"|legislative|ethics|security|space|AI"
)
_NO_BODY = r"(?! (?:stores?|prices?|sales|music|brand|makers?|chain)\b)"
BODY_OF_PLACE = rf"(?i:{_BODY}|(?:{_BODY_OF_MANY}){_NO_BODY})\b"
# A word between the people and the body tells which body it is, unless anybody has such a one.
BODY_NEXT = rf" (?:(?:\w+ )?(?i:{_BODY})\b|(?:(?i:{_OFFICIAL}) )?{BODY_OF_PLACE})"
# What an act is done to or in.
_TOWARDS = r"\b(?:to|from|with|against|sues?|targets?|accuses?|blacklist(?:s|ing)?) (?:the )?$"
# Who does something to whoever is named before.
_DONE_BY = (
    r"(?i)^[^,;:]*\b(?:(?:hit|fined|barred|banned|blocked|blacklisted|sanctioned|sued)(?: (?!\w+ing\b)[^\s,]+){0,3}? by"
    r"|added to|(?:barred|banned|blocked) (?:in|from)) (?:the )?$"
)
_KEEPS_OUT = r"(?: \w+)? (?:blocks?|bans?|bars?|cuts? off|restricts?|suspends?|stops?|halts?)(?: [^\s,]+)? $"
# Every land has one.
_GENERIC_ACT = "AI Act"
# What a title says in which anybody gets a licence.
LICENCE = r"(?i)licen[sc]e|charter|authori[sz]ation|registration|approval|permission"
# A firm gets a licence: its name in capitals right before the verb, and the licence within the words after.
_GRANTED = re.compile(
    r"((?:(?:[A-Z]|\d+[A-Za-z])[\w.&'’,-]* ){1,4})"
    r"(?i:secures?d?|wins|won|lands|obtains?|obtained|gets|got|receives?d?|scores|bags|gains|nabs|earns|achieves|notches"
    r"|clinches|snags|granted|awarded)\b"
    r"(?i:\W+[\w.'’-]+){0,6}?\W+(?i:licen[sc]es?|charter|authori[sz]ation|registration|approval|permissions?)\b"
)
# What firms that get licences are called beside their names, whose they are, and what begins with no letter.
_NO_NAME = re.compile(
    r"and|arm|bank|bitcoin|breaking|broker|brokerage|company|crypto|custodian|digital|exchange|fintech|firm|first|giant"
    r"|group|holdings|issuer|just-in|leading|major|new|platform|provider|stablecoin|startup|subsidiary|the|trading|unit"
    r"|.*-(?:backed|listed|based|owned)|(?!\d*[^\W\d]).*"
)
# What gets leave is no firm where it is a law, a person or a paper, nor where leave is to trade some.
_NO_HOLDER = re.compile(
    r"(?i)\b(?:bills?|act|law|picks?|nominees?|etfs?|etps?|stocks?|shares|deal|merger|proposal|plan)\b"
)
_TO_TRADE = re.compile(r"(?i)approval (?:for|of|to) (?:the )?(?:trad|list|tokeni)")

# Acts on models; none is a rule on tokens at large, unless a title speaks of both.
_ON_TOKENS = "crypto_token_regulation"
_ON_MODELS = (
    *("regulation_legislation", "executive_order", "export_control_access", "government_action"),
    "enforcement_lawsuit",
)
ACTS_ON_SUBJECTS = (_ON_TOKENS, *_ON_MODELS)
_TOKENS = re.compile(r"(?i)\b(?:crypto\w*|tokens?|bitcoin|stablecoins?|digital assets?|defi|clarity act)\b")
_MODELS = re.compile(r"\bA\.?I\b|(?i:\bartificial intelligence\b|\bchatbots?\b)")


def subjects_in(plain: str, category: str) -> frozenset[str]:
    """Whether a title tells of a rule on `tokens` or of an act on `models`; empty for other kinds and for both."""
    if category == _ON_TOKENS:
        return frozenset() if _MODELS.search(plain) else frozenset({"tokens"})
    return frozenset({"models"}) if category in _ON_MODELS and not _TOKENS.search(plain) else frozenset()


class Gazetteer:
    """Reads places in plain titles by the names of a vocabulary."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._names = {name.text: name for name in vocabulary.place_names}
        self._any = re.compile(rf"\b(?:{'|'.join(map(re.escape, self._names))})(?!\w)")
        self._states = frozenset(
            name.place_id for name in vocabulary.place_names if name.place_id and name.place_id.startswith(f"{_UNION}-")
        )
        self._offices = {
            entity.entity_id: entity.jurisdiction for entity in vocabulary.entities if entity.kind in OFFICE_KINDS
        }
        self._lands = vocabulary.place_entities
        firms = "|".join(entity.pattern for entity in vocabulary.entities if entity.kind in PARTY_KINDS)
        self._of_firm = re.compile(rf"['’]s? (?:{firms})", re.IGNORECASE)
        self._by_firm = re.compile(rf"^(?:{firms}){_KEEPS_OUT}", re.IGNORECASE)

    def of_rules(self, plain: str, category: str) -> frozenset[str]:
        """Places whose rules a title of `ACTS_OF_PLACES` tells of, as ids; empty for other kinds.

        The union has its states with it, for a federal act is also named by its seat; states part from each other.
        """
        if category not in ACTS_OF_PLACES:
            return frozenset()
        places = frozenset(place for _, place in self._find(plain))
        return places | self._states if _UNION in places else places

    def jurisdiction(self, titles: list[str], entity_ids: tuple[str, ...]) -> str:
        """Whose act most of the titles tell, `global` where they name no place that acts.

        In each the first that is named as acting counts: by itself, as a body of a place, or as who comes first; what
        fewer than a quarter name is an aside. Without any the bodies and officials among `entity_ids` count.
        """
        found = [self._find(title) for title in titles]
        acting = [place for one in found if (place := self._acting(one)) is not None]
        votes = Counter(acting)
        most = max(votes, key=lambda place: (votes[place], -acting.index(place)), default=None)
        if most is not None and votes[most] * 4 >= len(titles):
            return most
        offices = [name for name in entity_ids if not (any(found) and name in self._lands)]
        held = [place for name in offices if (place := self._offices.get(name)) is not None]
        votes = Counter(held)
        return min(votes, key=lambda place: (-votes[place], place)) if votes else "global"

    def without(self, plain: str) -> str:
        """The title without the names of places."""
        return self._any.sub(" ", plain)

    def _find(self, plain: str) -> list[tuple[re.Match[str], str]]:
        every = [(one, self._names[one[0]]) for one in self._any.finditer(plain)]
        before = [None, *(one for one, _ in every)]
        return [
            (one, name.place_id)
            for (one, name), last in zip(every, before, strict=False)
            if name.place_id is not None
            and not (name.is_office and last is not None and _is_right_after(one, last))
            and not (name.is_people and last is not None and self._names[last[0]].is_people and _is_beside(one, last))
            and not (name.text == _GENERIC_ACT and _is_another_s(one))
        ]

    def _acting(self, found: list[tuple[re.Match[str], str]]) -> str | None:
        """The union or country of the first place that acts, of equals the first; None where each is acted upon."""
        ranked = []
        for one, place in found:
            before, after = one.string[: one.start()], one.string[one.end() :]
            if re.search(_DONE_BY, before):
                ranked.append((-1, one.start(), place))
                continue
            is_body = re.match(BODY_NEXT, after) is not None
            is_whence = not is_body and (self._names[one[0]].is_people or self._of_firm.match(after) is not None)
            if is_whence and before.strip().lower() not in ("", "the"):
                continue
            is_reached = one[0] != _GENERIC_ACT and re.search(_TOWARDS, before) is not None
            if not is_reached and not self._by_firm.match(before):
                ranked.append((int(is_whence), one.start(), place))
        return min(ranked)[-1].partition("-")[0] if ranked else None


def _is_right_after(one: re.Match[str], before: re.Match[str]) -> bool:
    """Whether it is an office that is named right after the place whose it is, as in "Poland's Senate"."""
    return re.fullmatch(r"(?:['’]s?)? ", one.string[before.end() : one.start()]) is not None


def _is_beside(one: re.Match[str], before: re.Match[str]) -> bool:
    """Whether it tells with the name before what somebody is, as in "Indian American"."""
    return one.string[before.end() : one.start()] in (" ", "-")


def _is_another_s(act: re.Match[str]) -> bool:
    """Whether it is the act of another place, or has a title of its own, as in "GAIN AI Act"."""
    is_of = act.string[act.end() :].startswith(" of ")
    return is_of or re.search(r"\b[A-Z]\S* $", act.string[: act.start()]) is not None


def licensed_in(plain: str, places: Gazetteer) -> frozenset[str]:
    """Names, in small letters, of who a title says got a licence; empty where it names nobody by name."""
    found = _GRANTED.search(plain)
    if found is None or _NO_HOLDER.search(found[1]) or _TO_TRADE.match(plain, plain.lower().rfind("approval")):
        return frozenset()
    named = places.without(found[1]).split()
    words = {re.sub(r"['’]s?$", "", name.lower().strip(".,")) for name in named}
    return frozenset(word for word in words if not _NO_NAME.fullmatch(word))
