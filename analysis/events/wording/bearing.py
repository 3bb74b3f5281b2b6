"""Whether headlines say that AI is restricted or given free: verbs read with their objects and what denies them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable

from analysis.events.vocabulary import Vocabulary

RESTRICTS, ENABLES, NEITHER = "restricts", "enables", "neutral"
# Kinds of names that are restricted or given free.
_BOUND = ("lab", "model", "chipmaker", "company", "provider")
# What weighs on who it is laid on, and what does them good.
_BURDEN = (
    r"bans?|restrictions?|curbs?|controls|limits?|caps?|laws?|bills?|act|rules?|orders?|regulations?|moratorium|suits?"
    r"|lawsuits?|cases?|complaints?|charges|claims?|probes?|investigations?|inquir(?:y|ies)|process"
    r"|protections|designations?|blacklist(?:ing)?"
    r"|duties|tariffs?|crackdown|requirements?|sanctions|injunction|suspension|directive|mandate|fines?"
    r"|penalty|shutdown|entity list"
)
_BENEFIT = (
    r"access|approvals?|licen[sc]es?|exemptions?|releases?|rollouts?|launch|permission|waivers?|sales?"
    r"|exports?|shipments?"
    r"|exceptions?|carveouts?|bids?|appeals?|requests?|motions?"
)
# Finite verbs, none of which is also a noun of a title, of who forbids, lays down, frees and undoes.
_FORBID = (
    r"banned|blocks|blocked|bars|barred|restricts|restricted|halts|halted|suspends|suspended|prohibits|outlaws"
    r"|revokes|revoked|blacklisted|fined|investigates|investigated|raids|ordered"
)
_LAY = (
    r"imposes|issues|signs|signed|passes|passed|adopts|adopted|enacts|enacted|launches|introduces|unveils"
    r"|proposes|files|filed"
)
_FREE = r"lifts|lifted|eases|eased|clears|cleared|approves|approved|grants|granted"
_UNDO = (
    r"rescinds|rescinded|repeals|repealed|withdraws|withdrew|drops|dropped|ends|ended|delays|delayed|postpones|postponed"
    r"|cancels|cancell?ed|rejects|rejected"
)
FINITE = f"{_FORBID}|{_LAY}|{_FREE}|{_UNDO}"
# Verbs that lay a burden on somebody by themselves, those that do so with what they lay, those that give free, and
# those that take away what they name. Some of the first take away too, where they name a burden.
_FORBIDS = (
    rf"{_FORBID}|bans?(?! on\b)|banning|block|blocking|restrict|curbs"
    r"|halt|suspend|prohibit|outlaw|limits|limited|caps|revoke|cuts? off|shuts? (?:down|off)"
    r"|blacklists?|designates?|designated|fines|investigate|investigating|subpoenas?"
    r"|subpoenaed|raid|(?<!executive )(?<!generated )orders|directs|must"
    r"|(?:directly )?liable|(?:takes?|taken|goes|pull(?:s|ed)) (?:\S+ ){0,4}offline|pulls"
    r"|disables?|cracks? down|labels"
    r"|add(?:s|ed) (?=.*(?:black|entity|watch|banned|sanction|military|1260h|restrict))(?:\S+ ){0,8}(?:to"
    r"|list)|expands (?:\S+ )?(?:black)?list|staggers?|withholds?"
)
_LAYS = (
    rf"{_LAY}|impose|issue|sign|adopt|enact|tightens?|expands?"
    r"|extends?|opens?|upholds?|upheld|renews?|revives?|resumes?"
    r"|faces?|advances?|backs|hit (?:with|by)|introduce|unveil|propose|puts|slaps?|file"
)
_FREES = (
    rf"{_FREE}|lift|lifting|ease|loosens?|loosened|restores?|restored|reinstates?|reinstated"
    r"|allows?|allowed|lets?"
    r"|clear|permits?|authori[sz]es?|approve|grant|exempts?|waives?|relax(?:es)?"
    r"|softens?|redeploys?|unbans?|unbanned|adds (?=.*\bapproved\b)(?:\S+ ){1,8}to"
)
_UNDOES = (
    rf"{_UNDO}|scraps?|scrapped|rescind|repeal|withdraw|drop|dismiss(?:es|ed)?"
    r"|toss(?:es|ed)?|throws? out|veto(?:es|ed)?|strikes? down|overturns?|overturned|vacates?|vacated|end"
    r"|delay|postpone|cancel|calls? off|puts? off|kills|reject"
    r"|den(?:y|ies|ied)|reverses?|erases?|nullif\w+|loses?|lost|pauses?|paused|defeats?|rolls? back"
    r"|removes?|closes (?=(?:\S+ ){0,4}(?:probe|investigation|inquiry|case))|votes? down"
)
# What is yet to be done, asked for or left undone says nothing of where it leads.
_HELD = (
    r"holds? (?:off|back)|held (?:off|back)|refus\w+|declin\w+|consider\w*|weigh(?:s|ing)?|mull\w*|plan(?:s|ning)?"
    r"|could|may|might|would|should|set to|expected to|wants?|seeks?|seeking|press(?:es|ed|ing)?|urg(?:es|ed|ing)|asks?"
    r"|call(?:s|ed|ing)? (?:for|on)|threat\w*|warns?|vows?|fails? to|failed to|stops? short|not|never|no longer|no"
    r"|\w+n't|prepar\w+|discuss\w*|talks|nears?|eyes|tries|pushes|reportedly considering|demands?|questions?|offers?"
    r"|w[io]ns? (?:\S+ ){0,3}injunction"
)
_VERB = re.compile(
    rf"\b(?:(?P<held>{_HELD})|(?P<undoes>{_UNDOES})|(?P<forbids>{_FORBIDS})|(?P<frees>{_FREES})|(?P<lays>{_LAYS}))\b"
)
# What takes a burden away or puts it off does good, and so does what is laid on rules.
_RELIEF = (
    r"(?:delays?|pauses?|suspension|moratorium|freeze|halt|repeal|rollback|end|stay|dismissal|deadlines?|bans?|limits?"
    r"|injunction) (?:of|to|on|in|for|against) (?:(?!under|in|by|with)\S+ ){0,4}?"
    r"(?:laws?|rules?|regulations?|act|(?:law)?suits?|bans?|controls|curbs?|restrictions?|tariffs?|requirements?)\b"
)
# A burden on a benefit is a burden: "export ban", "license requirement".
_OBJECT = re.compile(
    rf"\b(?:(?P<relief>{_RELIEF})|(?P<burden>(?:(?:{_BENEFIT})[- ])*(?:{_BURDEN}))|(?P<benefit>{_BENEFIT}))\b"
)
# What is done in order that something else is done leads where that leads.
_PURPOSE = re.compile(
    r"^(?:\S+ ){0,9}?(?:bills?|act|laws?|orders?|rules?|bids?|requests?|motions?|appeals?|agencies"
    r"|pentagon|government) to "
    rf"(?:(?P<undoes>{_UNDOES}|preempt|override)|(?P<forbids>{_FORBIDS}|bar|curb|limit|cap)|(?P<frees>{_FREES}))\b"
)
_SUES = re.compile(r"\b(?:sues|sue|suing|sued|(?:files?|filed) (?:\S+ ){0,4}(?:law)?suit)\b")
_SUED = re.compile(r"\bsued\b(?= (?:by|over|for|in)\b|$)|\bfac(?:es|ing) (?:\S+ ){0,6}(?:law)?suit\b")
# Who is allowed to look is no lab that is given free.
_OVERSEER = re.compile(
    r"^\W*(?:the )?(?:\w+\W+)?(?:government|states?|regulators?|testers?|officials?|users?|publishers?)\b"
)
# Where the main words of a part end: what follows says why, when and what of.
_SUBORDINATE = re.compile(
    r"\b(?:after|as|amid|despite|over|following|because|while|when|saying|says|alleging|accusing|citing"
    r"|until|since|though"
    r"|but|if|ahead of|before)\b",
    re.IGNORECASE,
)
_PART = re.compile(r"[;,:?]|\.(?= )")
_ON_AI = re.compile(r"\b(?:a\.?i\.?|models?|chips?|chipmak\w+|gpus?|semiconductors?|chatbots?|deepfakes?)\b")
_OPPOSITE = {RESTRICTS: ENABLES, ENABLES: RESTRICTS}
# A verb whose object stands before it.
_PASSIVE = re.compile(r"\S*(?:ed|struck down|overturned)\|(?:by|in|until|as)?(?: |$)")
_LETS_BURDEN = re.compile(r"appro|author|clear|permit|allow|let|grant|reinstat|restor")
_STOPS = re.compile(r"block|halt|suspend|bar|revok|restrict|prohibit|outlaw|ban|limit|cap|curb")
_ORDERS = re.compile(r"order|direct")
_ORDERED_TO_USE = re.compile(
    r"\bto (?:adopt|use|deploy|buy|embrace|speed|accelerate|expand|boost|develop|study|review)\b"
)
_BAN_ALONE = re.compile(r"\bbans? on\b")
# Where what is done to ends, and how and where it is done begins.
_BESIDE_OBJECT = re.compile(r"\b(?:under|in|with|by|from|through|via|using|over|amid)\b")
# Words of an object that still belong to its verb.
_NEAR_WORDS = 9
# Share of the headlines from which what they say is the event's.
_ENOUGH = 0.25


class Bearings:
    """Reads where acts lead by the names of a vocabulary."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        names = "|".join(entity.pattern for entity in vocabulary.entities if entity.kind in _BOUND)
        self._bound = re.compile(names, re.IGNORECASE)
        self._read_before: dict[str, str | None] = {}

    def of_titles(self, titles: Iterable[str]) -> str | None:
        """Where most of the plain titles say that the act leads, neutral where they differ; None where none says so."""
        read = [self.of_title(title) for title in titles]
        votes = Counter(bearing for bearing in read if bearing is not None)
        most, other = sorted((RESTRICTS, ENABLES), key=lambda bearing: -votes[bearing])
        if votes[most] > votes[other] and votes[most] >= max(votes[NEITHER], _ENOUGH * len(read)):
            return most
        return NEITHER if votes else None

    def of_title(self, plain: str) -> str | None:
        """Restricts, enables, or neutral for what is denied, put off or yet to come; None where no verb is known."""
        if plain not in self._read_before:
            self._read_before[plain] = self._read_parts(plain)
        return self._read_before[plain]

    def _read_parts(self, plain: str) -> str | None:
        for part in _PART.split(plain):
            cut = _SUBORDINATE.search(part)
            said = self._read(part if cut is None else part[: cut.start()])
            if said is not None:
                return said
        return None

    def _read(self, clause: str) -> str | None:
        lower = clause.lower()
        verb = _VERB.search(lower)
        sued = _SUED.search(lower)
        suit = sued or _SUES.search(lower)
        if suit is not None and (verb is None or suit.start() <= verb.start()):
            target = clause[: suit.start()] if sued is not None else clause[suit.end() :]
            return RESTRICTS if self._bound.search(target) else NEITHER
        if verb is None:
            return RESTRICTS if _BAN_ALONE.search(lower) else None
        if verb[0].startswith("los") and _OBJECT.search(lower, verb.end()):
            loses, is_other = (self._bound.search(one) for one in (clause[: verb.start()], clause[verb.end() :]))
            if loses is not None:
                return NEITHER if is_other is not None else RESTRICTS
        # The names cost most: they are asked only where they decide.
        return _bearing_of(verb, lower, lambda: bool(_ON_AI.search(lower) or self._bound.search(clause)))


def _bearing_of(verb: re.Match[str], clause: str, is_on_ai: Callable[[], bool]) -> str | None:
    """What a verb says of its object: who blocks a ban frees, and who blocks what is no AI does neither."""
    kind, said = verb.lastgroup or "", verb[verb.lastgroup or 0]
    if kind == "held":
        return NEITHER
    rest = " ".join(clause[verb.end() :].split()[:_NEAR_WORDS])
    purpose = _PURPOSE.search(rest)
    aim = _bearing_of(purpose, rest, is_on_ai) if purpose is not None else None
    found = _OBJECT.search(clause[: verb.start()] if _PASSIVE.match(f"{said}|{rest}") else rest)
    thing = "benefit" if found is not None and found.lastgroup == "relief" else found and found.lastgroup
    if kind == "forbids":
        return _forbidden(said, rest, thing, aim, is_on_ai)
    if aim in _OPPOSITE:
        return _OPPOSITE[aim] if kind == "undoes" else aim
    if kind == "undoes":
        is_put_off = re.match(r"delay|postpon|paus|put", said) is not None
        return {"burden": ENABLES, "benefit": NEITHER if is_put_off else RESTRICTS}.get(thing or "", NEITHER)
    if kind == "frees":
        if _OVERSEER.match(rest):
            return NEITHER
        return RESTRICTS if thing == "burden" and _LETS_BURDEN.match(said) else ENABLES
    return {"burden": RESTRICTS, "benefit": ENABLES}.get(thing or "")


def _forbidden(said: str, rest: str, thing: str | None, aim: str | None, is_on_ai: Callable[[], bool]) -> str:
    """What forbidding leads to: who orders leads where the order does, and who stops a burden frees."""
    if _ORDERS.match(said):
        return NEITHER if _ORDERED_TO_USE.search(rest) else aim if aim in _OPPOSITE else RESTRICTS
    if not _STOPS.match(said):
        return RESTRICTS
    if aim in _OPPOSITE:
        return _OPPOSITE[aim]
    direct = _OBJECT.search(_BESIDE_OBJECT.split(rest)[0])
    is_burden = thing == "burden" and (not rest or direct is not None or _BESIDE_OBJECT.match(rest) is not None)
    if is_burden:
        return ENABLES
    return RESTRICTS if said.startswith(("ban", "limit", "cap", "curb")) or is_on_ai() else NEITHER
