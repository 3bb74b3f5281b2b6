"""What is known of a sentence while it is read, and what reading gives back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from analysis.claims.sentences.subjects import NOBODY, NamedSubject
from analysis.claims.sentences.times.references import LedgerEvent
from analysis.claims.sentences.times.windows import TimePhrase
from analysis.claims.sentences.tokens import Token
from analysis.claims.statement import Kind, Statement
from analysis.events.wording.clauses import Clause, Sentence
from analysis.events.wording.modality import Modality, SpokenSpan

# Kinds whose window, where none is said, is the day up to publication.
MOVE_KINDS = frozenset({Kind.PERCENT_MOVE, Kind.DIRECTION_ONLY, Kind.RELATIVE, Kind.MULTIPLE, Kind.SWING})
PERCENT_KINDS = frozenset({Kind.PERCENT_MOVE, Kind.DRAWDOWN})
PRICE_KINDS = frozenset({Kind.LEVEL_CROSSED, Kind.LEVEL_HELD, Kind.RANGE})
UNSAID_WINDOW = "trailing_24h_unsaid"
MARK_CLASSES = frozenset(
    {"DOUBLE", "TIMES", "PERIOD_HIGH", "PERIOD_LOW", "SINCE_HIGH", "SINCE_LOW", "FIRST_SINCE", "RECORD_HIGH"}
    | {"RECORD_LOW", "SUPPORT"}
)

MOVERS = frozenset({"UP", "DOWN", "FLAT", "DOUBLE", "HOVER", "STALL"})
AN_ADVERT = frozenset({Modality.ADVERT})  # what an advert says of one of our markets is an ordinary statement
MODALITY_REASONS = {
    Modality.FORECAST: "forecast",
    Modality.PREDICTION: "forecast",
    Modality.ODDS: "forecast",
    Modality.QUESTION: "question",
    Modality.CONDITIONAL: "conditional",
    Modality.ADVERT: "advert",
    Modality.CAUSAL: "causal",
    Modality.OPINION: "not_testable",
}


@dataclass(frozen=True, slots=True)
class ReadStatement:
    """A statement with its place in the text (characters, end exclusive) and how surely it was read."""

    statement: Statement
    start: int
    end: int
    is_sure: bool
    form_id: str
    group: int


@dataclass(frozen=True, slots=True)
class Unjudged:
    """Words that say something no tape of ours can judge, and why."""

    start: int
    end: int
    reason: str


@dataclass(frozen=True, slots=True)
class ReadText:
    """What a text says: statements about the past of our markets, and the rest with reasons."""

    statements: tuple[ReadStatement, ...]
    unjudged: tuple[Unjudged, ...]


@dataclass(slots=True)
class ParagraphState:
    """What later sentences of a paragraph take up: the subject and the window."""

    number: int = -1
    subject: NamedSubject = NOBODY
    window: TimePhrase | None = None
    event: LedgerEvent | None = None  # named last in the text


@dataclass(slots=True)
class SentenceState:
    """One sentence while it is read."""

    text: str
    sentence: Sentence
    tokens: list[Token]
    windows: list[TimePhrase]
    spoken: list[SpokenSpan]
    said_at: datetime
    number: int
    paragraph: ParagraphState
    events: Sequence[LedgerEvent] = ()
    used: set[tuple[int, str]] = field(default_factory=set)
    found: list[ReadStatement] = field(default_factory=list)
    unjudged: list[Unjudged] = field(default_factory=list)

    def clause_at(self, place: int) -> Clause | None:
        """The clause that the character at `place` stands in; None between two clauses."""
        return next((clause for clause in self.sentence.clauses if clause.start <= place < clause.end), None)

    def clause_end(self, place: int) -> int:
        """Where the clause at `place` ends; the end of the sentence between two clauses."""
        clause = self.clause_at(place)
        return self.sentence.end if clause is None else clause.end
