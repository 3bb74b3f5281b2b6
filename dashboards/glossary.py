"""One sentence for each statistical term, and the button that shows it."""

from __future__ import annotations

import re

from markupsafe import Markup

TERMS: dict[str, tuple[str, str]] = {
    "abnormal": (
        "Abnormal return",
        "How much more the token moved than the benchmark's own move would have led you to expect.",
    ),
    "car": ("CAR", "Abnormal returns added up from the event to this hour."),
    "caar": ("CAAR", "The average of CAR over all events of this kind."),
    "beta": ("Beta", "How many percent the token usually moves when the benchmark moves one percent."),
    "placebo": (
        "Placebo windows",
        "The same calculation at ordinary times before the news, to see what chance alone produces.",
    ),
    "rank": ("Placebo rank", "How many of those ordinary windows moved at least as far."),
    "independent": (
        "Independent windows",
        "How many of them do not overlap; the honest size of the comparison.",
    ),
    "band": ("95 % band", "At each hour, nineteen of twenty ordinary windows lay inside."),
    "p": (
        "p-value",
        "How often a move at least this large would appear if the news had no link with the price.",
    ),
    "bmp": ("BMP (adjusted)", "A test of the average move that allows for jumpy days and for tokens moving together."),
    "abnormal-volume": (
        "Abnormal volume",
        "Traded volume as a multiple of what Bitcoin’s volume would lead you to expect.",
    ),
    "abnormal-range": (
        "Abnormal range",
        "How far high and low lay apart, as a multiple of the usual beside Bitcoin’s.",
    ),
    "abnormal-volatility": (
        "Abnormal volatility",
        "The variance of moves beyond Bitcoin, as a multiple of that in ordinary windows of the same length.",
    ),
    "rank-tests": (
        "GRANK, Corrado",
        "Tests that use only the rank of the move, so one extreme price cannot decide them.",
    ),
    "n-eff": ("N and N_eff", "How many reactions there are, and how many independent ones they are worth."),
    "r-bar": ("r̄", "How strongly the tokens move together after the benchmark is taken out."),
    "max": ("Max-statistic", "A test for windows found by their price jump; the only fair one then."),
    "specification": ("Specification curve", "The result under every reasonable choice of method, sorted."),
    "half-life": ("Half-life", "How long until half of the move was gone."),
    "first-seen": ("First seen", "When we had the item, as against when its publisher says it appeared."),
    "correlation": ("Correlation", "How closely two prices move together, from −1 (opposite) to +1 (in step)."),
    "granger": (
        "Granger test",
        "Whether past moves of one series help to say the next move of another: order in time, never cause.",
    ),
    "worth": (
        "Worth",
        "What overlaps or reacts to one headline repeats itself: so many separate ones would say as much.",
    ),
    "interval": ("95 % interval", "The range that methods like this one get right nineteen times in twenty."),
}

_USED = re.compile(r'aria-describedby="tip-([a-z-]+)"')


def tip(term_id: str, label: str) -> Markup:
    """A dotted-underlined button that explains `label`; its sentence is printed once at the end of the page."""
    if term_id not in TERMS:
        raise KeyError(f"no glossary term {term_id!r}; known: {sorted(TERMS)}")
    return Markup('<button type="button" class="tip" aria-describedby="tip-{}">{}</button>').format(term_id, label)


def definitions(body: str) -> list[tuple[str, str, str]]:
    """The id, name and sentence of every term that `body` uses, each once."""
    return [(term, *TERMS[term]) for term in sorted(set(_USED.findall(body)))]
