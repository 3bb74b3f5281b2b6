"""How likely two headlines tell the same story, from their words, parties, numbers and what they say happened."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import permutations

import numpy as np
import polars as pl
from scipy.sparse import csr_matrix, diags_array, vstack
from scipy.special import expit, logit

from analysis.arrays import Flags, Floats, Integers
from analysis.events.stories.frames import FrameSet, frame_where_named, says
from analysis.events.stories.headlines import STOP_WORDS, canonical_names, number_members
from analysis.events.vocabulary import PARTY_KINDS, Vocabulary
from analysis.events.wording.actors import (
    ACTS_OF_PLACES,
    ACTS_ON_SUBJECTS,
    LICENCE,
    Gazetteer,
    licensed_in,
    subjects_in,
)
from analysis.events.wording.alternatives import split_alternatives
from analysis.portable import log, log1p
from analysis.row_products import Scores, multiply_rows
from analysis.threads import share_rows
from warehouse.tables.bars import SECONDS_PER_HOUR

# Lengths of the runs of letters that two wordings are compared by, and into how many columns they are hashed.
GRAM_LENGTHS = (4, 5)
GRAM_COLUMNS = 1 << 18
_HASH_SHIFT = np.uint64(64 - 18)
# Texts whose runs of letters are counted at once: bounds what that takes, 100 bytes a letter, to some tens of MB.
TEXT_ROWS = 8_192
# Headlines further apart never tell the same story as first reports.
STORY_HOURS = 72.0
# A service that is down again after this many hours is down for another reason.
OUTAGE_HOURS = 8.0
# From this likeness of wording on, another number or a negation is another piece of news.
SAME_WORDING = 0.6
# A headline is led by the name that is found within so many letters.
LEADING_LETTERS = 12
# What is imposed and what takes it back are two happenings, however alike their words.
_IMPOSED = ("restrict", "designate", "threat", "stagger")
_TAKEN_BACK = ("lift",)
# What others say about either is a third.
_TALKED_OF = ("reaction",)
# A suit over an act is another story than the act, and than talks about it.
_SUED, _IN_TALKS = ("sue",), ("talks",)
_OPPOSITE = ((_IMPOSED, _TAKEN_BACK, _TALKED_OF, _SUED), (_SUED, _IN_TALKS))

# Log odds of being the same story: logistic regression on pairs of a set read by hand (tests/bench/fit_likeness.py).
_WEIGHTS = {
    "wording": 2.47,
    "names": 0.91,
    "same_frame": 1.38,
    "other_frame": -0.22,
    "parties": 0.53,
    "words": 3.43,
    "other_names": -0.49,
    "other_first": -0.73,
    "led": -0.38,
    "apart": -1.50,
    "later": -2.31,
    "happenings": 0.76,
    "price": -2.44,
    "reaction": -0.67,
    "plan": -0.29,
}
_CONSTANT = -1.34
# What sums of single precision in another order may differ by, and more.
_ROUNDING = 1e-3
MANNERS = ("price", "reaction", "plan")
# Multipliers of the hash of a run of letters (odd, so that no letter is lost).
_HASH_BASE, _HASH_MIX = 1_000_003, 0xBF58476D1CE4E5B9
_FOLD = re.compile(r"[^a-z0-9$%.']+")


@dataclass(frozen=True, slots=True)
class Spoken:
    """Headlines as rows of the words and names that they are found by; `hours` ascend."""

    hours: Floats
    words: csr_matrix
    names: csr_matrix

    def __len__(self) -> int:
        return len(self.hours)


@dataclass(frozen=True, slots=True)
class Profile(Spoken):
    """Headlines as rows of what pairs are compared by."""

    grams: csr_matrix
    parties: csr_matrix
    numbers: csr_matrix
    places: csr_matrix
    subjects: csr_matrix
    licensed: csr_matrix
    happenings: csr_matrix
    manners: Flags
    frames: Integers
    firsts: Integers
    is_led: Flags
    is_negated: Flags
    frame_ids: tuple[str, ...]


def find_spoken(headlines: pl.DataFrame) -> Spoken:
    """The words and names of `headlines` (`headlines_of`), in order of time."""
    return Spoken(
        headlines["at"].to_numpy() / SECONDS_PER_HOUR,
        _incidence(headlines["words"]),
        _unit_rows(_incidence(headlines["entities"])),
    )


def profile(headlines: pl.DataFrame, frames: FrameSet, vocabulary: Vocabulary) -> Profile:
    """What `headlines` (`headlines_of`), in order of time, are compared by."""
    party_ids = {entity.entity_id for entity in vocabulary.entities if entity.kind in PARTY_KINDS}
    plain, category = pl.col("plain"), pl.col("category")
    told = headlines.select(
        *(says(plain, one).alias(f"h:{one.id}") for one in frames.happenings),
        *(says(plain, one).alias(f"m:{one.id}") for one in frames.manners),
    )
    named = share_rows(lambda part: take_names_apart(part, vocabulary), headlines)
    firsts = named["first"].to_list()
    happenings = told.select(pl.selectors.starts_with("h:")).to_numpy()
    frame_ids = ("", *(frame.id for frame in frames.frames))
    is_party = pl.element().filter(pl.element().is_in(party_ids))
    places, spoken = Gazetteer(vocabulary), find_spoken(headlines)
    return Profile(
        spoken.hours,
        spoken.words,
        spoken.names,
        _in_blocks(named["masked"], lambda texts: _unit_rows(_grams(texts))),
        _incidence(headlines.select(pl.col("entities").list.eval(is_party)).to_series()),
        _incidence(headlines["numbers"]),
        _named_in(headlines, category.is_in(ACTS_OF_PLACES), places.of_rules),
        _named_in(headlines, category.is_in(ACTS_ON_SUBJECTS), subjects_in),
        _named_in(headlines, plain.str.contains(LICENCE), lambda title, _: licensed_in(title, places)),
        csr_matrix(happenings.astype(np.float32)),
        told.select([f"m:{name}" for name in MANNERS]).to_numpy(),
        _frame_numbers(headlines, frames, frame_ids),
        _numbered(firsts, vocabulary),
        np.array(
            [
                name != "" and plain.find(name) <= LEADING_LETTERS
                for plain, name in zip(headlines["plain"], firsts, strict=True)
            ]
        ),
        (headlines["negations"].list.len() > 0).to_numpy(),
        frame_ids,
    )


def take_names_apart(headlines: pl.DataFrame, vocabulary: Vocabulary) -> pl.DataFrame:
    """Of each headline the plain title without names (`masked`), and the name that comes first, as written (`first`).

    `first` is empty where nobody is named.
    """
    patterns = [entity.pattern for entity in vocabulary.entities]
    # A title in ASCII has no name in other letters, and all that it has is found among bytes at a quarter of the cost.
    in_ascii = [one for pattern in patterns for one in split_alternatives(pattern) if one.isascii()]
    plain, is_named = pl.col("plain"), pl.col("entities").list.len() > 0
    is_ascii = plain.str.len_bytes() == plain.str.len_chars()
    numbered = headlines.select("plain", "entities").with_row_index("row")
    parts = [numbered.filter(~is_named).select("row", plain.alias("masked"), pl.lit("").alias("first"))]
    for chosen, any_name in (
        (is_named & is_ascii, f"(?i-u:{'|'.join(in_ascii)})"),
        (is_named & ~is_ascii, f"(?i:{'|'.join(patterns)})"),
    ):
        masked, first = plain.str.replace_all(any_name, " "), plain.str.extract(f"({any_name})", 1).fill_null("")
        parts.append(numbered.filter(chosen).select("row", masked.alias("masked"), first.alias("first")))
    return pl.concat(parts).sort("row").drop("row")


def _named_in(headlines: pl.DataFrame, may_name: pl.Expr, named_in: Callable[[str, str], frozenset[str]]) -> csr_matrix:
    """What `named_in` finds in plain titles and their categories, asked of the few that `may_name` some."""
    asked = headlines.with_row_index("row").filter(may_name)
    found = [
        (row, name)
        for row, plain, category in asked.select("row", "plain", "category").iter_rows()
        for name in sorted(named_in(plain, category))
    ]
    columns = {name: number for number, name in enumerate(sorted({name for _, name in found}))}
    ends = np.searchsorted([row for row, _ in found], np.arange(headlines.height + 1))
    members = np.array([columns[name] for _, name in found], dtype=np.int64)
    shape = (headlines.height, max(1, len(columns)))
    return csr_matrix((np.ones(len(members), dtype=np.float32), members, ends), shape=shape)


def _frame_numbers(headlines: pl.DataFrame, frames: FrameSet, frame_ids: tuple[str, ...]) -> Integers:
    """For each headline the place of its frame among `frame_ids`."""
    frame = frame_where_named(pl.col("entities"), frames).cast(pl.Enum(frame_ids))
    framed = share_rows(lambda part: part.select(frame), headlines)
    return framed.to_series().to_physical().to_numpy().astype(np.int64)


def _numbered(names: list[str], vocabulary: Vocabulary) -> Integers:
    """For each of `names`, as written, the number of the actor that it stands for; 0 for an empty one."""
    canonical = canonical_names(vocabulary)
    entities = [(re.compile(entity.pattern, re.IGNORECASE), entity.entity_id) for entity in vocabulary.entities]

    def actor(name: str) -> str:
        entity_id = next((entity_id for pattern, entity_id in entities if pattern.match(name)), name)
        return canonical.get(entity_id, entity_id)

    actors = {name: actor(name) for name in sorted(set(names)) if name}
    numbers = {one: number for number, one in enumerate(sorted(set(actors.values())), start=1)}
    return np.array([numbers[actors[name]] if name else 0 for name in names], dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of headlines of a table, by their rows: one of each, a pair an element."""

    left: Integers
    right: Integers

    def dot(self, matrix: csr_matrix) -> Scores:
        """The product of each pair's rows of `matrix`."""
        return multiply_rows(matrix.indptr, matrix.indices, matrix.data, self.left, self.right, matrix.shape[1])

    def sizes(self, matrix: csr_matrix) -> tuple[Integers, Integers]:
        """How many entries of `matrix` each of a pair has."""
        left, right = (matrix.indptr[rows + 1] - matrix.indptr[rows] for rows in (self.left, self.right))
        return left, right

    def both_have(self, matrix: csr_matrix) -> Flags:
        """Where both of a pair have entries of `matrix`."""
        left, right = self.sizes(matrix)
        return np.asarray((left > 0) & (right > 0))


def pairs_that_share(table: Spoken, rows: Integers, columns: Integers) -> Pairs:
    """The pairs of a later row and an earlier column that have a word or a name in common.

    Others are about nothing that both speak of, and are not compared.
    """
    words, names = (matrix[rows] @ matrix[columns].T for matrix in (table.words, table.names))
    row, column = (words + names).nonzero()
    left, right = rows[row], columns[column]
    is_earlier = right < left
    return Pairs(left[is_earlier], right[is_earlier])


def measures(table: Profile, pairs: Pairs) -> dict[str, Scores]:
    """The measures that weights exist for, each with one value a pair."""
    return {"wording": pairs.dot(table.grams), **_measures_but_wording(table, pairs)}


def _measures_but_wording(table: Profile, pairs: Pairs) -> dict[str, Scores]:
    left, right = pairs.left, pairs.right
    names, parties = pairs.dot(table.names), pairs.dot(table.parties)
    words, done = pairs.dot(table.words), pairs.dot(table.happenings)
    (parties_left, parties_right), (done_left, done_right) = pairs.sizes(table.parties), pairs.sizes(table.happenings)
    frames, other_frames = table.frames[left], table.frames[right]
    firsts, other_firsts = table.firsts[left], table.firsts[right]
    both_framed = (frames > 0) & (other_frames > 0)
    apart = np.abs(table.hours[left] - table.hours[right])
    found = {
        "names": names,
        "same_frame": both_framed & (frames == other_frames),
        "other_frame": both_framed & (frames != other_frames),
        "parties": parties / np.maximum(parties_left + parties_right - parties.astype(np.float64), 1),
        "words": words / np.maximum(np.minimum(*pairs.sizes(table.words)), 1),
        "other_names": pairs.both_have(table.names) & (names <= 0),
        # Who comes first does it; who answers, profits or comments names the act after.
        "other_first": (firsts > 0) & (other_firsts > 0) & (firsts != other_firsts),
        "led": table.is_led[left] != table.is_led[right],
        "apart": apart / STORY_HOURS,
        # The first hours count most: what follows within them is the same news, a day later it may be the next step.
        "later": log1p(apart) / log1p(STORY_HOURS),
        "happenings": done / np.sqrt(np.maximum(done_left * done_right, 1)),
    }
    for number, name in enumerate(MANNERS):
        found[name] = table.manners[left, number] != table.manners[right, number]
    return {name: np.asarray(values, dtype=np.float32) for name, values in found.items()}


def chances(table: Profile, pairs: Pairs, least: float = 0.0) -> Scores:
    """The chance (0 to 1) that both of a pair tell the same story; 0 where they contradict or it is below `least`."""
    told = _measures_but_wording(table, pairs)
    # The wording costs most and comes last: it is compared only where it could still make the pair likely enough.
    most = np.full(len(pairs.left), _CONSTANT + _WEIGHTS["wording"], dtype=np.float32)
    for name, values in told.items():
        most += np.float32(_WEIGHTS[name]) * values
    asked = np.flatnonzero(most >= logit(least) - _ROUNDING)
    pairs = Pairs(pairs.left[asked], pairs.right[asked])
    found = {"wording": pairs.dot(table.grams), **{name: values[asked] for name, values in told.items()}}
    odds = np.full(len(asked), _CONSTANT, dtype=np.float32)
    for name, weight in _WEIGHTS.items():
        odds += np.float32(weight) * found[name]
    chance = np.asarray(expit(odds), dtype=np.float32)
    chance[contradictions(table, found, pairs) | (chance < least)] = 0.0
    every = np.zeros(len(most), dtype=np.float32)
    every[asked] = chance
    return every


def contradictions(table: Profile, found: dict[str, Scores], pairs: Pairs) -> Flags:
    """Where two headlines cannot be one story: other parties, the opposite act, another number or outage, too late.

    Nor where the rules are of other places, or the licences of other firms, or one is on tokens and one on models.
    """
    left, right = pairs.left, pairs.right
    alike = found["wording"] >= SAME_WORDING
    within = _hours_of_frames(table.frame_ids)[table.frames[left], table.frames[right]]
    return np.asarray(
        (found["apart"] * STORY_HOURS > within)
        | (pairs.both_have(table.parties) & (found["parties"] <= 0))
        | _name_others(table.places, pairs)
        | _name_others(table.subjects, pairs)
        | _name_others(table.licensed, pairs)
        | (alike & _name_others(table.numbers, pairs))
        | (alike & (table.is_negated[left] != table.is_negated[right]))
    )


def _hours_of_frames(frame_ids: tuple[str, ...]) -> Scores:
    """Within how many hours headlines of two frames can be one story; below 0 for opposites, which never are."""
    within = np.full((len(frame_ids), len(frame_ids)), STORY_HOURS, dtype=np.float32)
    for kinds in _OPPOSITE:
        for one, other in permutations([[frame_ids.index(frame) for frame in kind] for kind in kinds], 2):
            within[np.ix_(one, other)] = -1.0
    outage = frame_ids.index("outage")
    within[outage, outage] = OUTAGE_HOURS
    return within


def _name_others(named: csr_matrix, pairs: Pairs) -> Flags:
    """Where both of a pair name some, and none in common."""
    return np.asarray(pairs.both_have(named) & (pairs.dot(named) <= 0))


def _incidence(sets: pl.Series) -> csr_matrix:
    """One row per list of distinct members in order of the alphabet, one column per distinct member, in that order."""
    ends, columns, n_columns = number_members(sets)
    shape = (len(sets), max(1, n_columns))
    return csr_matrix((np.ones(len(columns), dtype=np.float32), columns, ends), shape=shape)


def _unit_rows(matrix: csr_matrix) -> csr_matrix:
    """Rows scaled to length one; an empty row stays empty."""
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    return csr_matrix(diags_array(1.0 / np.maximum(lengths, 1e-9)) @ matrix, dtype=np.float32)


def _in_blocks(texts: pl.Series, rows_of: Callable[[list[str]], csr_matrix]) -> csr_matrix:
    """The rows of all texts, made of a block of texts at a time."""
    starts = range(0, max(1, len(texts)), TEXT_ROWS)
    return csr_matrix(vstack([rows_of(texts.slice(start, TEXT_ROWS).to_list()) for start in starts]))


def _grams(texts: list[str]) -> csr_matrix:
    """Runs of GRAM_LENGTHS letters within words (with the space around them), hashed, weighted 1 + log(count)."""
    folded = [
        f" {' '.join(word for word in _FOLD.sub(' ', t.lower()).split() if word not in STOP_WORDS)} " for t in texts
    ]
    letters = np.frombuffer("".join(folded).encode("ascii"), dtype=np.uint8).astype(np.uint64)
    owner = np.repeat(np.arange(len(texts)), [len(text) for text in folded])
    n_spaces = np.concatenate([[0], np.cumsum(letters == ord(" "))])
    rows, columns = [], []
    for length in GRAM_LENGTHS:
        starts = np.arange(max(0, len(letters) - length + 1))
        # Only the first and the last letter of a run may be a space, and a run belongs to one headline.
        is_inside = (n_spaces[starts + length - 1] == n_spaces[starts + 1]) & (
            owner[starts] == owner[starts + length - 1]
        )
        kept = starts[is_inside]
        code = np.zeros(len(kept), dtype=np.uint64)
        for offset in range(length):
            code = code * np.uint64(_HASH_BASE) + letters[kept + offset] + np.uint64(1)
        rows.append(owner[kept])
        columns.append((code * np.uint64(_HASH_MIX)) >> _HASH_SHIFT)
    row, column = np.concatenate(rows), np.concatenate(columns).astype(np.int64)
    counted = csr_matrix((np.ones(len(row), dtype=np.float32), (row, column)), shape=(len(texts), GRAM_COLUMNS))
    counted.sum_duplicates()
    counted.data = (1.0 + log(counted.data)).astype(np.float32)
    return counted
