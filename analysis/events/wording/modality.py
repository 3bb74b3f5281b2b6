"""Whether words report what happened, or forecast, ask, condition, advertise, explain or judge it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import pairwise
from typing import Literal

from pydantic import Field

from analysis.events.wording.clauses import Clause, Sentence, split_sentences
from warehouse.config import ConfigText, Entry, EntryTable, FileForm, load_config, packaged_text


class Modality(StrEnum):
    """How something is said; everything but `past` is no report of what happened."""

    PAST = "past"
    FORECAST = "forecast"
    PREDICTION = "prediction"  # under a "price prediction" title: a forecast unless a finite verb reports
    ODDS = "odds"
    QUESTION = "question"
    CONDITIONAL = "conditional"
    ADVERT = "advert"
    CAUSAL = "causal"
    OPINION = "opinion"


# Which word decides where several cues speak for the same words.
_PRECEDENCE = (
    Modality.ADVERT,
    Modality.QUESTION,
    Modality.CONDITIONAL,
    Modality.ODDS,
    Modality.FORECAST,
    Modality.PREDICTION,
    Modality.OPINION,
    Modality.CAUSAL,
)
# A question does not reach the clause that only names its circumstances.
_SUBORDINATE = {"as", "even as", "just as", "while", "amid", "amidst", "after", "despite", "following", "before"}
_SUBORDINATE |= {"whereas", "although", "though"}
_ASKING = {"", ":", ";", "–", "—", "-", "?", "!", ".", "…", "but"}  # after what a question may begin
_INVERSION = re.compile(r"(?:will|can|could|is|are|does|do|should|would|may|might|has|have)\b")
# Words that tell of one time in the past; without them "when" speaks of any.
_TOLD = re.compile(
    r"\b(?:\w+ed|fell|rose|was|were|had|hit|did|broke|went|lost|sank|slid|came|began|shot|set)\b", re.IGNORECASE
)
_NOT_YET = {Modality.FORECAST, Modality.PREDICTION, Modality.ODDS, Modality.QUESTION, Modality.CONDITIONAL}
_AHEAD_OF = "ahead of"
_OPENERS = {"if": Modality.CONDITIONAL, "unless": Modality.CONDITIONAL}


class _CueEntry(Entry):
    """One `[[cue]]` of modality.toml."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    modality: Literal["forecast", "prediction", "odds", "question", "conditional", "advert", "causal", "opinion"]
    reach: Literal["words", "after", "clause", "rest", "text"]
    pattern: str = Field(min_length=1)
    examples: tuple[str, ...] = Field(min_length=1)
    counter_examples: tuple[str, ...] = Field(min_length=1)


CUES = EntryTable("cue", _CueEntry)
CUE_FORM = FileForm((CUES,), texts=("version",))


@dataclass(frozen=True, slots=True)
class Cue:
    """One reason why words are no report."""

    cue_id: str
    modality: Modality
    reach: str
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class SpokenSpan:
    """A stretch of the text (characters, end exclusive), how it is said, and the cue that says so."""

    start: int
    end: int
    modality: Modality
    cue_id: str


@cache
def packaged_cues() -> tuple[Cue, ...]:
    """The cues that ship."""
    return read_cues(packaged_text("analysis.events.wording", "modality.toml"))


def read_cues(*texts: ConfigText | None) -> tuple[Cue, ...]:
    """The cues of all texts, later ones over earlier ones; ConfigError names file, entry and key."""
    loaded = load_config(CUE_FORM, *texts)
    cues = []
    for entry in loaded.entries(CUES):
        try:
            pattern = re.compile(entry.pattern, re.IGNORECASE)
        except re.error as exc:
            raise loaded.error(CUES, (entry.id,), "pattern", f"not a pattern: {exc}") from exc
        cues.append(Cue(entry.id, Modality(entry.modality), entry.reach, pattern))
    return tuple(cues)


def find_modalities(
    text: str,
    sentences: list[Sentence] | None = None,
    cues: tuple[Cue, ...] | None = None,
    *,
    until: int | None = None,
) -> list[SpokenSpan]:
    """Every stretch of the text that a cue speaks for; what no finding covers is a report.

    Of clauses that begin at or after `until` only what they ask backwards is found, which may be of those before.
    """
    cues = packaged_cues() if cues is None else cues
    found = [
        SpokenSpan(line.start(), line.end(), cue.modality, cue.cue_id)
        for line in re.finditer(r"[^\n]+", text)
        for cue in cues
        if cue.reach == "text" and cue.pattern.search(line.group())
    ]
    for sentence in split_sentences(text) if sentences is None else sentences:
        for number, clause in enumerate(sentence.clauses):
            if clause.closer == "?":
                found += _asked(text, sentence, number)
            if until is not None and clause.start >= until:
                continue
            found += _findings_of(text, sentence, clause, cues)
            if (opened := _opened(text, clause)) is not None:
                is_first = text[sentence.start : clause.start].strip().lower() in _OPENERS
                is_open = is_first and not _TOLD.search(text, clause.start, clause.end)
                end = sentence.end if is_open else clause.end  # "If TAO falls below $200, a 20% drop follows"
                found.append(SpokenSpan(clause.start, end, opened, "opener"))
        found += _carried_on(text, sentence, found)
    return found


def modality_of(
    findings: list[SpokenSpan], start: int, end: int, ignoring: frozenset[Modality] = frozenset()
) -> Modality:
    """How the words from `start` to `end` are said: the strongest finding that covers their end, else past."""
    covering = {finding.modality for finding in findings if finding.start < end and end <= finding.end + 1} - ignoring
    return next((modality for modality in _PRECEDENCE if modality in covering), Modality.PAST)


def headline_modality(title: str) -> Modality:
    """How the main clause of a headline is said: what its first clause of two words or more is, or an advert."""
    sentences = split_sentences(title)
    clauses = (clause for sentence in sentences for clause in sentence.clauses)
    main = next((clause for clause in clauses if len(title[clause.start : clause.end].split()) > 1), None)
    if main is None:
        return Modality.PAST
    return modality_of(find_modalities(title, sentences, until=main.end), main.start, main.end)


def _opened(text: str, clause: Clause) -> Modality | None:
    """How a clause is said by the word that opens it: "if", "unless", and "when" of something that may yet happen."""
    if clause.opener == "when" and not _TOLD.search(text, clause.start, clause.end):
        return Modality.CONDITIONAL
    return _OPENERS.get(clause.opener)


def _carried_on(text: str, sentence: Sentence, found: list[SpokenSpan]) -> Iterator[SpokenSpan]:
    """What comes "before reclaiming $300" has happened as little as what is to come first."""
    for first, then in pairwise(sentence.clauses):
        if then.opener == "before" and not _TOLD.search(text, then.start, then.end):
            modality = modality_of(found, first.start, first.end)
            if modality in _NOT_YET:
                yield SpokenSpan(then.start, then.end, modality, "before")


def _findings_of(text: str, sentence: Sentence, clause: Clause, cues: tuple[Cue, ...]) -> list[SpokenSpan]:
    words = text[clause.start : clause.end].replace("’", "'")
    found = []
    for cue in cues:
        if cue.reach == "text" or (cue.cue_id == "inversion" and clause.opener not in _ASKING):
            continue  # "Bitcoin, by contrast, was": no question begins there
        hit = cue.pattern.search(words)
        if hit is None:
            continue
        is_behind = 0 <= words.lower().find(_AHEAD_OF) < hit.start()  # "climbs 5% ahead of a likely cut"
        start = clause.start if cue.reach == "clause" and not is_behind else clause.start + hit.start()
        end = {"rest": sentence.end, "words": clause.start + hit.end()}.get(cue.reach, clause.end)
        found.append(SpokenSpan(start, end, cue.modality, cue.cue_id))
    return found


def _asked(text: str, sentence: Sentence, last: int) -> list[SpokenSpan]:
    """The question that ends with clause `last`: back to a colon, a dash, or the end of the sentence before."""
    found = []
    for number in range(last, -1, -1):
        clause = sentence.clauses[number]
        if clause.opener in _SUBORDINATE:
            continue
        words = text[clause.start : clause.end].strip().lower()
        if re.match(r"(?:why|how|what|who|where|which)\b", words):
            break
        found.append(SpokenSpan(clause.start, clause.end, Modality.QUESTION, "question_mark"))
        if _INVERSION.match(words) or clause.opener in (",", ":", "–", "-", "—", "?", "!", ".", "…", "but", ";"):
            break
    return found
