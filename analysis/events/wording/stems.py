"""The beginnings of telling words, by which wordings of one act are compared."""

from __future__ import annotations

import re

from analysis.events.stories.headlines import STOP_WORDS
from analysis.events.vocabulary import Vocabulary

# Two words of three in common are chance: fewer words than this count as if they were as many.
FEWEST_WORDS = 5
# A title with fewer of them is in other letters but for its names.
LEAST_SPOKEN = 3
_STEM_LETTERS = 6
_WORD = re.compile(r"[a-z0-9$%']{3,}")


def stems(plain: str) -> set[str]:
    """The beginnings of a plain title's telling words."""
    return {word[:_STEM_LETTERS] for word in _WORD.findall(plain.lower()) if word not in STOP_WORDS}


def share_of_words(one: frozenset[str], other: frozenset[str]) -> float:
    """The share (0 to 1) of the fewer words that both have, of few words as if they were FEWEST_WORDS."""
    return len(one & other) / max(FEWEST_WORDS, min(len(one), len(other)))


def name_stems(vocabulary: Vocabulary) -> frozenset[str]:
    """The stems of who is named: they say who is in an act, where what a model is called says what it is about."""
    names = (entity.name for entity in vocabulary.entities if entity.kind != "model")
    return frozenset(stem for name in names for stem in stems(name))
