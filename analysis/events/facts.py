"""What each story says happened, who tells it, and when, as an event sees it."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import polars as pl

from analysis.events.relevance import ACCESS, ORDER
from analysis.events.stories.verdicts import judge_stories
from analysis.events.timing import TIMING_COLUMNS, EvidenceTime, date_event
from analysis.events.titles import IN_LATIN
from analysis.events.vocabulary import OFFICE_KINDS, PARTY_KINDS, Vocabulary
from analysis.events.wording.actors import BODY_NEXT, Gazetteer, licensed_in, subjects_in
from analysis.events.wording.bearing import ENABLES, Bearings
from analysis.events.wording.stems import FEWEST_WORDS, LEAST_SPOKEN, name_stems, stems

# Publishing houses that make a happening an event without a primary source.
ENOUGH_OUTLETS = 2
TOKENS_AT_LARGE = "crypto_token_regulation"
NETWORK = "network_token_news"
NEWS_OF_ITS_OWN = 4
MANY_MORE = 3
# Share of its words from which a headline of another kind tells what the rest of its story does.
TOLD_WORDS = 0.42
# Share of a story's headlines that says what happened, and that makes it comment.
FRAME_SHARE, COMMENT_SHARE = 0.25, 0.5
# What was public this long before a headline that names the act may be its first report in other words.
BEFORE_NAMED = timedelta(hours=2)
# What few houses wrote this long before many others did was of something else.
LONE_LEAD = timedelta(hours=12)
PROSPECT, GIVEN_BACK = "prospect", "lift"
# Of these much is said in the same words before they happen.
ACTS_ON_SCHEDULE = ("pass", "delay", "veto", "ruling", "dismiss", "propose")
COMMENT_FRAMES = ("reaction", "market", "talks", PROSPECT, "testimony")
OPPOSITE_FRAMES = ({"restrict", "designate", "threat", "stagger"}, {"lift"})
# On a lab's own page these are views, appointments and endorsements, not acts.
VIEWS_OF_LABS = ("ai_policy_other", "regulation_legislation", "executive_order")
OUTCOME = "token_price_commentary"
STANDSTILL = "outage"
# The failure of a cloud under much of the net is an outage too, where so many houses tell it.
CLOUD_OUTAGE, CLOUDS, ENOUGH_FOR_CLOUDS = "outage_non_ai", frozenset({"amazon", "cloudflare", "google", "microsoft"}), 4
# Acts on a network of ours, and of an office on the access to models and chips: rare, so that one newsroom suffices.
ACTS_ON_NETWORKS = ("fund", "supply", "restrict", "lift", "hack", "accuse", "sue", "leave")
ACTS_OF_OFFICES = ("restrict", "lift", "designate", "pass")
OFFICE_CATEGORIES = (ACCESS, "government_action", ORDER)
# And what it makes law, or proposes as one, about AI.
LEGISLATION, ACTS_OF_LAW = "regulation_legislation", ("pass", "veto", "propose", "preempt")
# What may stand between a place alone and what it does.
_BRIEFLY = r"(?:\W+(?i:\w+ly|now|again|also|to|will|has|is))?"
# What an office does as a headline says it on the day, within a few words of its name.
_BETWEEN = r"(?:\W+\w+){0,3}?"
_DOES = (
    r"\W+(?i:blocks|bans|bars|restricts|halts|suspends|orders|curbs|closes|tightens|revokes|designates|labels"
    r"|blacklists|sanctions|allows|lets|clears|approves|permits|authori[sz]es|grants|lifts|eases|restores|signs|issues"
    r"|uncovers)\b"
)
_LEGISLATES = (
    r"\W+(?i:pass(?:es|ed)|adopts|enacts|sign(?:s|ed)|veto(?:es|ed)|propos(?:es|al)|introduces?"
    r"|unveils)\b"
)
# Share of the fewer words from which two stories with a name in common tell the same.
SAME_WORDS = 0.6
# An act that was announced and is now done in form is the next step, in whatever few words.
_IN_FORM = re.compile(r"\b(?:formally|officially|finali[sz]e[sd]?)\b", re.IGNORECASE)
# What of a headline decides a story's facts.
_READ = (
    *("story_id", "story_category", "entity_ids", "frame", "plain", "excluded", "category", "is_primary"),
    *TIMING_COLUMNS,
)
_Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class StoryFacts:
    """One story as an event sees it, without its headlines, so that it can be kept.

    `entry_ids` are its headlines without those that the words drew in and that say nothing of the act; `told_ids` are
    those of them that are evidence of it (all where none is), `told_frames` what each says happened, `carriers` their
    houses. `telling` are its words that are no names, `places` those whose rules it tells of, `subjects` what these are
    on, `licensed` the firms it says got a licence; each is empty where it names none.
    """

    story_id: str
    category: str
    frame: str
    entity_ids: tuple[str, ...]
    parties: frozenset[str]
    tokens: frozenset[str]
    carriers: frozenset[str]
    primary_carriers: frozenset[str]
    words: frozenset[str]
    telling: frozenset[str]
    places: frozenset[str]
    subjects: frozenset[str]
    licensed: frozenset[str]
    is_rare_act: bool
    is_in_form: bool
    time: EvidenceTime
    told_ids: tuple[str, ...]
    told_frames: tuple[str, ...]
    entry_ids: tuple[str, ...]

    @property
    def is_comment(self) -> bool:
        """Whether it says what others make of an act, rather than that one happened."""
        return self.frame in COMMENT_FRAMES


def read_stories(headlines: pl.DataFrame, vocabulary: Vocabulary) -> list[StoryFacts]:
    """The facts of every relevant story that is no talk about prices, and of outages of clouds that many tell."""
    verdicts = judge_stories(headlines, vocabulary)
    is_cloud = pl.col("category") == CLOUD_OUTAGE
    chosen = verdicts.filter((pl.col("is_relevant") & (pl.col("category") != OUTCOME)) | is_cloud).select(
        "story_id", pl.col("category").replace(CLOUD_OUTAGE, STANDSTILL).alias("story_category")
    )
    joined = headlines.join(chosen, on="story_id", how="inner", validate="m:1").with_columns(
        pl.col("category").replace(CLOUD_OUTAGE, STANDSTILL),
        pl.when(is_cloud).then(pl.lit(STANDSTILL)).otherwise("frame").alias("frame"),
    )
    joined = joined.with_columns(_borne_out(joined, Bearings(vocabulary)))
    names = _Names(
        {entity.entity_id: entity.kind for entity in vocabulary.entities},
        {host: entity.entity_id for entity in vocabulary.entities for host in entity.hosts},
        frozenset(c.category_id for c in vocabulary.categories if c.is_relevant and not c.is_outcome),
        *_leading(vocabulary),
        Gazetteer(vocabulary),
        name_stems(vocabulary),
    )
    # Thousands of stories of a headline or two: rows of Python cost a tenth of as many small frames.
    stories: dict[str, list[_Row]] = defaultdict(list)
    for row in joined.select(_READ).iter_rows(named=True):
        stories[row["story_id"]].append(row)
    facts = [_facts(rows, names) for rows in stories.values()]
    of_clouds = set(verdicts.filter(is_cloud)["story_id"])
    return [one for one in facts if one.story_id not in of_clouds or _is_wide_outage(one)]


def _borne_out(headlines: pl.DataFrame, bearings: Bearings) -> pl.Series:
    """Frames of headlines, without that of giving back where their words give nothing free, as "before release"."""
    named = headlines.select("frame", "plain").iter_rows()
    return pl.Series(
        "frame",
        [
            "" if frame == GIVEN_BACK and IN_LATIN.fullmatch(plain) and bearings.of_title(plain) != ENABLES else frame
            for frame, plain in named
        ],
        dtype=pl.String,
    )


@dataclass(frozen=True, slots=True)
class _Names:
    """What stories are read by: kinds of names, owners of sites, acts, how offices and places begin, places, words."""

    kinds: dict[str, str]
    owners: dict[str, str]
    acting: frozenset[str]
    office: str
    land: str
    places: Gazetteer
    spoken: frozenset[str]


def _leading(vocabulary: Vocabulary) -> tuple[str, str]:
    """How a title begins with an office, by its name or as a body of a place, and with a place alone."""
    offices = [
        entity.pattern
        for entity in vocabulary.entities
        if entity.kind in OFFICE_KINDS and entity.jurisdiction and entity.entity_id not in vocabulary.place_entities
    ]
    names = [name for name in vocabulary.place_names if name.place_id is not None]
    lands = "|".join(re.escape(name.text) for name in names if not name.is_office)
    bodies = "|".join(re.escape(name.text) for name in names if name.is_office)
    land = rf"(?:{lands})(?!\w)"
    office = rf"(?:(?i:{'|'.join(offices)})|(?:{bodies})(?!\w))"
    return rf"^(?i:the )?(?:{office}|{land}(?:['’]s?)?(?:{BODY_NEXT}| (?:\w+ )?{office}))", rf"^{land}(?!['’])"


def _is_wide_outage(story: StoryFacts) -> bool:
    return bool(CLOUDS & set(story.entity_ids)) and len(story.carriers) >= ENOUGH_FOR_CLOUDS


def _facts(rows: list[_Row], names: _Names) -> StoryFacts:
    spoken = [stems(row["plain"]) for row in rows]
    named = Counter(entity_id for row in rows for entity_id in row["entity_ids"])
    # A name in fewer than a quarter of the headlines is an aside.
    entity_ids = tuple(sorted((name for name in named if named[name] * 4 >= len(rows)), key=lambda n: (-named[n], n)))
    frame = _frame_of_story([row["frame"] for row in rows])
    said = Counter(word for words in spoken for word in words)
    # Wordings in other letters use few of these words, and are no reason to forget the others'.
    n_spoken = sum(len(words) >= LEAST_SPOKEN for words in spoken)
    words = frozenset(word for word in said if said[word] * 3 >= n_spoken)
    read = _read_acts(rows, spoken, names.acting)
    told = _without_forerunner(_from_the_act_on([row for row in read if row["is_told"]], frame))
    evidence = [row for row in told if row["is_counted"]]
    own_acts = [row for row in evidence if row["is_primary"] and _is_own_act(row, names.owners)]
    parties = frozenset(name for name in entity_ids if names.kinds.get(name) in PARTY_KINDS)
    first = rows[0]
    return StoryFacts(
        first["story_id"],
        first["story_category"],
        frame,
        entity_ids,
        parties,
        frozenset(name for name in parties if names.kinds[name] == "token"),
        frozenset(row["carrier"] for row in evidence),
        frozenset(row["carrier"] for row in own_acts),
        words,
        words - names.spoken,
        _often([names.places.of_rules(row["plain"], row["category"]) for row in told]),
        _often([subjects_in(row["plain"], row["category"]) for row in told]),
        _often([licensed_in(row["plain"], names.places) for row in told]),
        _is_rare_act(first["story_category"], frame, parties, told, names),
        any(_IN_FORM.search(row["plain"]) for row in told or rows),
        date_event(told or rows),
        tuple(row["entry_id"] for row in told or rows),
        tuple(row["frame"] for row in told or rows),
        tuple(row["entry_id"] for row in read if not (told and row["is_beside"])),
    )


def _often(named: list[frozenset[str]]) -> frozenset[str]:
    """Names in a quarter or more of the headlines; in fewer they are asides."""
    said = Counter(name for names in named for name in names)
    return frozenset(name for name, n in said.items() if n * 4 >= len(named))


def _is_rare_act(category: str, frame: str, parties: frozenset[str], told: list[_Row], names: _Names) -> bool:
    """Whether newsrooms tell an act on a network of ours, or that an office does one on access or makes law."""
    told = [row for row in told if not row["is_primary"]]
    if category == NETWORK:
        return bool(told) and frame in ACTS_ON_NETWORKS and any(names.kinds[name] == "token" for name in parties)
    if category == LEGISLATION and frame in ACTS_OF_LAW:
        does, may_be_led = _LEGISLATES, False
    elif category in OFFICE_CATEGORIES and frame in ACTS_OF_OFFICES and (parties or category == ORDER):
        does, may_be_led = _DOES, category == ORDER
    else:
        return False
    acts = f"{names.office}{'' if may_be_led else _BETWEEN + does}|{names.land}{_BRIEFLY}{does}"
    return any(re.search(acts, row["plain"]) for row in told if row["frame"] == frame)


def _frame_of_story(frames: list[str]) -> str:
    """What most of the headlines that say so say happened; empty when too few of all do."""
    said = Counter(frame for frame in frames if frame)
    least = {frame: COMMENT_SHARE if frame in COMMENT_FRAMES else FRAME_SHARE for frame in said}
    enough = {frame: n for frame, n in said.items() if n >= least[frame] * len(frames)}
    return min(enough, key=lambda frame: (-enough[frame], frame)) if enough else ""


def _read_acts(rows: list[_Row], spoken: list[set[str]], acting: frozenset[str]) -> list[_Row]:
    """Headlines of a story; told is what happened by those of `acting` kinds, and by others in their words once two do.

    A headline of another kind that the words drew in says neither when this happened nor that it did. One that shares
    some words (`share`; of the fewer words where it names a party of the act) dates the story; its house counts
    (`is_counted`) too, but for tokens at large, of which much is said beside, only when it shares most.
    One that shares fewer is beside the act (`is_beside`), and no evidence of it.
    """
    # That a site is down is no word of what its owner did, nor the other way round.
    is_down = rows[0]["story_category"] == STANDSTILL
    is_act = [row["category"] in acting and (row["category"] == STANDSTILL) == is_down for row in rows]
    acts = [place for place, row in enumerate(rows) if is_act[place] and row["excluded"] is None]
    said = Counter(word for place in acts for word in spoken[place])
    common = {word for word in said if said[word] * 3 >= len(acts)}
    is_told = len({rows[place]["carrier"] for place in acts}) >= ENOUGH_OUTLETS
    least = SAME_WORDS if rows[0]["story_category"] == TOKENS_AT_LARGE else TOLD_WORDS
    named = {name for place in acts for name in rows[place]["entity_ids"]}
    read = []
    for row, own, is_own in zip(rows, spoken, is_act, strict=True):
        is_of_party = bool(named & set(row["entity_ids"])) and row["frame"] not in COMMENT_FRAMES
        fewer = min(len(own), len(common)) if is_of_party else len(own)
        share = len(own & common) / max(FEWEST_WORDS, fewer)
        is_near = row["category"] in acting or share >= TOLD_WORDS
        tells = row["excluded"] is None and (is_own or (share >= TOLD_WORDS and is_told))
        read.append(
            row | {"share": share, "is_told": tells, "is_counted": is_own or share >= least, "is_beside": not is_near}
        )
    return read


def _from_the_act_on(acts: list[_Row], frame: str) -> list[_Row]:
    """`acts` without what was public long before the first headline that names the act: it told of what was to come.

    What names another act told of the same in other words, unless it took back what this one imposed; what names none,
    or what somebody seeks, did where it shares most of the words of an act that nobody knew of before; and where one
    house alone is left, the others told the act without naming it.
    """
    first = min((row["at_utc"] for row in acts if row["frame"] == frame), default=None)
    if not frame or first is None:
        return acts
    unnamed_least = None if frame in ACTS_ON_SCHEDULE else SAME_WORDS

    def is_same(row: _Row) -> bool:
        name = row["frame"]
        if name in ("", PROSPECT):
            return unnamed_least is not None and row["share"] >= unnamed_least
        return is_act(name) and not are_opposite(name, frame)

    left = [row for row in acts if row["at_utc"] >= first - BEFORE_NAMED or is_same(row)]
    return left if _n_houses(left) >= min(ENOUGH_OUTLETS, _n_houses(acts)) else acts


def _n_houses(rows: list[_Row]) -> int:
    return len({row["carrier"] for row in rows})


def is_act(frame: str) -> bool:
    """Whether a frame is something done, and no comment on it."""
    return frame != "" and frame not in COMMENT_FRAMES


def _without_forerunner(told: list[_Row]) -> list[_Row]:
    """`told` without what few houses wrote long before many others did: it told of what was to come."""
    ordered = sorted(told, key=lambda row: (row["at_utc"], row["entry_id"]))
    for start in range(len(ordered) - 1, 0, -1):
        if ordered[start]["at_utc"] - ordered[start - 1]["at_utc"] > LONE_LEAD:
            n_before, n_after = _n_houses(ordered[:start]), _n_houses(ordered[start:])
            if n_after >= max(NEWS_OF_ITS_OWN, MANY_MORE * n_before):
                return ordered[start:]
    return told


def _is_own_act(row: _Row, owners: dict[str, str]) -> bool:
    """Whether a source writes of its own act; an office without a site of ours speaks of its acts alone.

    What a lab thinks of policy is opinion, whoever's site it stands on.
    """
    owner = owners.get(row["carrier"])
    if owner is None:
        return True
    return row["category"] not in VIEWS_OF_LABS and (owner in row["entity_ids"] or not row["entity_ids"])


def are_opposite(one: str, other: str) -> bool:
    """Whether one frame takes away what the other gives back."""
    imposed, taken_back = OPPOSITE_FRAMES
    return (one in imposed and other in taken_back) or (one in taken_back and other in imposed)
