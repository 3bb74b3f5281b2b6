"""Stories gathered into one draft per thing that happened, and which drafts are events."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import polars as pl

from analysis.events.stories.likeness import OUTAGE_HOURS
from analysis.events.stories.verdicts import judge_stories
from analysis.events.timing import EvidenceTime, date_event
from analysis.events.vocabulary import PARTY_KINDS, Vocabulary
from analysis.events.wording.stems import FEWEST_WORDS, LEAST_SPOKEN, share_of_words, stems

# Publishing houses that make a happening an event without a primary source.
ENOUGH_OUTLETS = 2
# Commentary without a new fact of its own needs more to stand alone.
ENOUGH_FOR_COMMENT = 3
# A rule on tokens at large, that names no network of ours, is news of its own when it is told as widely as this.
ENOUGH_FOR_TOKENS_AT_LARGE = 4
TOKENS_AT_LARGE = "crypto_token_regulation"
# A story is told again, or commented on, within this of any of an event's stories.
SAME_EVENT = timedelta(hours=36)
# A service that is down again later is down for another reason.
SAMEOUTAGE = timedelta(hours=OUTAGE_HOURS)
# A draft that says the same as an event this long before, in fewer houses than make news of its own, repeats it.
REPEAT_WITHIN = timedelta(days=21)
NEWS_OF_ITS_OWN = 4
# What few houses add about an act within this, of which this many times as many told, is its aftermath.
AFTERMATH = timedelta(hours=72)
MANY_MORE = 3
# Share of the fewer words from which two stories with a name in common tell the same, and with the same frame.
SAME_WORDS, SAME_FRAME_WORDS, REPEATED_WORDS = 0.6, 0.5, 0.5
# A government takes access from one party, or gives it back, once in so short a time, whatever words tell it.
SAME_ACT_WORDS = 0.35
# Share of its words from which a headline of another kind tells what the rest of its story does.
TOLD_WORDS = 0.42
ACTS_ON_ACCESS = ("restrict", "lift", "designate")
# Share of a story's headlines that says what happened, and that makes it comment.
FRAME_SHARE, COMMENT_SHARE = 0.25, 0.5
# What was public this long before a headline that names the act may be its first report in other words.
BEFORE_NAMED = timedelta(hours=2)
# What few houses wrote this long before many others did was of something else.
LONE_LEAD = timedelta(hours=12)
# First reports of one act follow each other; what came longer before the rest told of another.
PAUSE_IN_REPORTS = timedelta(hours=6)
PROSPECT = "prospect"
# Of these much is said in the same words before they happen.
ACTS_ON_SCHEDULE = ("pass", "delay", "veto", "ruling", "dismiss", "propose")
COMMENT_FRAMES = ("reaction", "market", "talks", PROSPECT, "testimony")
# What is announced and done within this is one event, which has two times.
ANNOUNCED_WITHIN = timedelta(hours=12)
# What a court did is a ruling, whichever way one outlet words it.
SAME_FRAMES = {"dismiss": "ruling"}
OPPOSITE_FRAMES = ({"restrict", "designate", "threat", "stagger"}, {"lift"})
# Tags between which outlets differ on one and the same act of a government.
NEIGHBOURS = frozenset({"export_control_access", "ai_policy_other", "government_action"})
# On a lab's own page these are views, appointments and endorsements, not acts.
VIEWS_OF_LABS = ("ai_policy_other", "regulation_legislation", "executive_order")
OUTCOME = "token_price_commentary"
_OUTAGE = "outage"


@dataclass(frozen=True, slots=True)
class StoryFacts:
    """One story as an event sees it; `told` are its headlines that are evidence of an act, `carriers` their houses."""

    story_id: str
    category: str
    frame: str
    entity_ids: tuple[str, ...]
    parties: frozenset[str]
    tokens: frozenset[str]
    carriers: frozenset[str]
    primary_carriers: frozenset[str]
    words: frozenset[str]
    time: EvidenceTime
    told: pl.DataFrame
    entries: pl.DataFrame

    @property
    def is_comment(self) -> bool:
        """Whether it says what others make of an act, rather than that one happened."""
        return self.frame in COMMENT_FRAMES


@dataclass(slots=True)
class Draft:
    """One event in the making: its stories, the most widely told first, and the comment that followed."""

    stories: list[StoryFacts] = field(default_factory=list)
    comments: list[StoryFacts] = field(default_factory=list)

    @property
    def lead(self) -> StoryFacts:
        """The story that most houses tell, which says what happened."""
        return self.stories[0]

    @property
    def first(self) -> StoryFacts:
        """The earliest story that says the same happened as the lead, without a pause before it; it dates the event."""
        first = self.lead
        same = [story for story in self.stories if story.frame == first.frame]
        for story in sorted(same, key=lambda story: (story.time.best, story.story_id), reverse=True):
            if timedelta(0) <= first.time.best - story.time.best <= PAUSE_IN_REPORTS:
                first = story
        return first

    @property
    def entries(self) -> pl.DataFrame:
        """All headlines that carry the event itself."""
        return pl.concat([story.entries for story in self.stories])

    @property
    def carriers(self) -> frozenset[str]:
        """Publishing houses that report it."""
        return frozenset().union(*(story.carriers for story in self.stories))

    @property
    def primary_carriers(self) -> frozenset[str]:
        """Primary sources whose own act it is."""
        return frozenset().union(*(story.primary_carriers for story in self.stories))

    @property
    def parties(self) -> frozenset[str]:
        """Labs, makers, networks and companies in it."""
        return frozenset().union(*(story.parties for story in self.stories))

    @property
    def is_event(self) -> bool:
        """Whether enough houses report it, or the one whose act it is says so."""
        return len(self.carriers) >= self.least_houses or bool(self.primary_carriers)

    @property
    def least_houses(self) -> int:
        """Publishing houses from which it is an event without a primary source."""
        if all(story.category == TOKENS_AT_LARGE and not story.tokens for story in self.stories):
            return ENOUGH_FOR_TOKENS_AT_LARGE
        return ENOUGH_FOR_COMMENT if all(story.is_comment for story in self.stories) else ENOUGH_OUTLETS


def draft_events(headlines: pl.DataFrame, vocabulary: Vocabulary) -> list[Draft]:
    """One draft per new thing that happened, from the headlines of relevant stories.

    `headlines` has entry_id, story_id, title, plain, url, outlet, category, frame, entity_ids, `excluded` and the
    columns of `add_clocks` and `add_carriers`. Stories are joined before houses are counted: a happening told in seven
    wordings by seven houses is one. Headlines with a reason in `excluded` count for nothing; talk about prices is never
    an event, because it is an outcome; and what says again what was an event within three weeks is none.
    """
    by_day: dict[date, list[Draft]] = defaultdict(list)
    for story in sorted(read_stories(headlines, vocabulary), key=_most_told_first):
        home = _home_of(story, [draft for day in _days_near(story) for draft in by_day[day]])
        if home is None:
            by_day[story.time.best.date()].append(Draft([story]))
        elif story.is_comment and home.lead.frame != story.frame:
            home.comments.append(story)
        else:
            home.stories.append(story)
    drafts = sorted(
        (draft for near in by_day.values() for draft in near if draft.is_event),
        key=lambda draft: (draft.first.time.best, draft.first.story_id),
    )
    return _without_repeats(drafts)


def _most_told_first(story: StoryFacts) -> tuple[bool, int, datetime, str]:
    return story.is_comment, -len(story.carriers), story.time.best, story.story_id


def _days_near(story: StoryFacts) -> list[date]:
    day = story.time.best.date()
    return [day + timedelta(days=offset) for offset in range(-SAME_EVENT.days - 1, SAME_EVENT.days + 2)]


def read_stories(headlines: pl.DataFrame, vocabulary: Vocabulary) -> list[StoryFacts]:
    """The facts of every relevant story that is no talk about prices."""
    verdicts = judge_stories(headlines, vocabulary)
    chosen = verdicts.filter(pl.col("is_relevant") & (pl.col("category") != OUTCOME)).select(
        "story_id", pl.col("category").alias("story_category")
    )
    kinds = {entity.entity_id: entity.kind for entity in vocabulary.entities}
    owners = {host: entity.entity_id for entity in vocabulary.entities for host in entity.hosts}
    joined = headlines.join(chosen, on="story_id", how="inner", validate="m:1")
    acting = frozenset(c.category_id for c in vocabulary.categories if c.is_relevant and not c.is_outcome)
    parts = joined.partition_by("story_id", maintain_order=True)
    return [_facts(entries, acting, kinds, owners) for entries in parts]


def _facts(entries: pl.DataFrame, acting: frozenset[str], kinds: dict[str, str], owners: dict[str, str]) -> StoryFacts:
    rows = entries.select("entity_ids", "frame", "plain").rows()
    spoken = [stems(plain) for *_, plain in rows]
    named = Counter(entity_id for entity_ids, *_ in rows for entity_id in entity_ids)
    # A name in fewer than a quarter of the headlines is an aside.
    entity_ids = tuple(sorted((name for name in named if named[name] * 4 >= len(rows)), key=lambda n: (-named[n], n)))
    frame = _frame_of_story([frame for _, frame, _ in rows])
    said = Counter(word for words in spoken for word in words)
    # Wordings in other letters use few of these words, and are no reason to forget the others'.
    n_spoken = sum(len(words) >= LEAST_SPOKEN for words in spoken)
    words = frozenset(word for word in said if said[word] * 3 >= n_spoken)
    told = _without_forerunner(_from_the_act_on(_acts(entries, acting), frame))
    category: str = entries["story_category"][0]
    evidence = told.filter("is_counted").select("entity_ids", "carrier", "is_primary", "category").rows()
    return StoryFacts(
        entries["story_id"][0],
        category,
        frame,
        entity_ids,
        frozenset(name for name in entity_ids if kinds.get(name) in PARTY_KINDS),
        frozenset(name for name in entity_ids if kinds.get(name) == "token"),
        frozenset(carrier for _, carrier, *_ in evidence),
        frozenset(
            carrier for ids, carrier, is_own, kind in evidence if is_own and _is_own_act(carrier, ids, kind, owners)
        ),
        words,
        date_event(told if told.height else entries),
        told if told.height else entries,
        entries,
    )


def _frame_of_story(frames: list[str]) -> str:
    """What most of the headlines that say so say happened; empty when too few of all do."""
    said = Counter(frame for frame in frames if frame)
    least = {frame: COMMENT_SHARE if frame in COMMENT_FRAMES else FRAME_SHARE for frame in said}
    enough = {frame: n for frame, n in said.items() if n >= least[frame] * len(frames)}
    return min(enough, key=lambda frame: (-enough[frame], frame)) if enough else ""


def _acts(entries: pl.DataFrame, acting: frozenset[str]) -> pl.DataFrame:
    """Headlines of a story that say what happened, of `acting` kinds, and others in their words once two houses do.

    A headline of another kind that the words drew in says neither when this happened nor that it did. One that shares
    some words dates the story; its house counts (`is_counted`) too, but for tokens at large, of which much is said
    beside, only when it shares most.
    """
    is_said, is_act = pl.col("excluded").is_null(), pl.col("category").is_in(sorted(acting))
    acts = entries.filter(is_said & is_act)
    spoken = [stems(plain) for plain in acts["plain"]]
    said = Counter(word for words in spoken for word in words)
    common = {word for word in said if said[word] * 3 >= len(spoken)}
    shares = [len(own & common) / max(FEWEST_WORDS, len(own)) for own in (stems(plain) for plain in entries["plain"])]
    share = pl.Series(shares, dtype=pl.Float64)
    is_told = acts["carrier"].n_unique() >= ENOUGH_OUTLETS
    least = SAME_WORDS if entries["story_category"][0] == TOKENS_AT_LARGE else TOLD_WORDS
    told = entries.with_columns(share=share, is_counted=is_act | (share >= least))
    return told.filter(is_said & (is_act | ((share >= TOLD_WORDS) & is_told)))


def _from_the_act_on(acts: pl.DataFrame, frame: str) -> pl.DataFrame:
    """`acts` without what was public long before the first headline that names the act: it told of what was to come.

    What names another act told of the same in other words, unless it took back what this one imposed; what names none
    did where it shares most of the words of an act that nobody knew of before; and where one house alone is left, the
    others told the act without naming it.
    """
    first = acts.filter(pl.col("frame") == frame)["at_utc"].min()
    if not frame or not isinstance(first, datetime):
        return acts
    others = [name for name in acts["frame"].unique() if _is_act(name) and not _are_opposite(name, frame)]
    is_same = pl.col("frame").is_in(others)
    if frame not in ACTS_ON_SCHEDULE:
        is_same |= (pl.col("frame") == "") & (pl.col("share") >= SAME_WORDS)
    left = acts.filter((pl.col("at_utc") >= first - BEFORE_NAMED) | is_same)
    return left if left["carrier"].n_unique() >= min(ENOUGH_OUTLETS, acts["carrier"].n_unique()) else acts


def _is_act(frame: str) -> bool:
    return frame != "" and frame not in COMMENT_FRAMES


def _without_forerunner(told: pl.DataFrame) -> pl.DataFrame:
    """`told` without what few houses wrote long before many others did: it told of what was to come."""
    ordered = told.sort("at_utc", "entry_id")
    pauses = (ordered["at_utc"].diff() > LONE_LEAD).fill_null(False)
    for start in reversed(pauses.arg_true().to_list()):
        n_before, n_after = (part["carrier"].n_unique() for part in (ordered.head(start), ordered.slice(start)))
        if n_after >= max(NEWS_OF_ITS_OWN, MANY_MORE * n_before):
            return ordered.slice(start)
    return told


def _is_own_act(carrier: str, entity_ids: list[str], category: str, owners: dict[str, str]) -> bool:
    """Whether a source writes of its own act; an office without a site of ours speaks of its acts alone.

    What a lab thinks of policy is opinion, whoever's site it stands on.
    """
    owner = owners.get(carrier)
    if owner is None:
        return True
    return category not in VIEWS_OF_LABS and (owner in entity_ids or not entity_ids)


def _home_of(story: StoryFacts, near: list[Draft]) -> Draft | None:
    """Of the drafts within reach the one whose lead this story tells again, most in its words, or comments on.

    What few houses told is no event, and comment that more houses make does not vanish with it.
    """
    told_again = [draft for draft in near if _is_told_again(story, draft)]
    if told_again:
        return max(told_again, key=lambda draft: (word_overlap(story, draft.lead), draft.lead.story_id))
    about = [
        draft
        for draft in near
        if story.is_comment
        and draft.is_event
        and _is_about(story, draft)
        and (_is_just_before(draft, story) or _announces(story, draft))
    ]
    return max(about, key=lambda draft: (draft.lead.time.best, draft.lead.story_id)) if about else None


def _is_just_before(draft: Draft, story: StoryFacts) -> bool:
    lag = story.time.best - draft.lead.time.best
    return timedelta(0) <= lag <= SAME_EVENT


def _announces(story: StoryFacts, draft: Draft) -> bool:
    """Whether it tells beforehand, within hours and in its words, of what the draft's lead says was done."""
    lead = draft.lead.time.best - story.time.best
    is_before = story.frame == PROSPECT and timedelta(0) < lead <= ANNOUNCED_WITHIN
    return is_before and not draft.lead.is_comment and word_overlap(story, draft.lead) >= SAME_FRAME_WORDS


def _is_about(story: StoryFacts, draft: Draft) -> bool:
    return _is_neighbour(draft.lead.category, story.category) and share_parties(
        (draft.parties, frozenset(draft.lead.entity_ids)), (story.parties, frozenset(story.entity_ids))
    )


def _is_told_again(story: StoryFacts, draft: Draft) -> bool:
    mine, theirs = set(story.entity_ids), set(draft.lead.entity_ids)
    is_about = _is_about(story, draft)
    return (is_about or bool(mine & theirs) or not (mine or theirs)) and _is_same(story, draft.lead, is_about)


def _is_same(one: StoryFacts, other: StoryFacts, is_about: bool) -> bool:
    if abs(one.time.best - other.time.best) > SAME_EVENT or one.is_comment != other.is_comment:
        return False
    if _OUTAGE in (one.category, other.category) and (
        one.category != other.category or abs(one.time.best - other.time.best) > SAMEOUTAGE
    ):
        return False
    if _are_opposite(one.frame, other.frame) or (one.frame and other.frame and not _have_same_frame(one, other)):
        return False
    is_act = one.frame in ACTS_ON_ACCESS and {one.category, other.category} <= NEIGHBOURS and one.parties
    enough = SAME_ACT_WORDS if is_act else SAME_FRAME_WORDS
    overlap = word_overlap(one, other)
    return overlap >= SAME_WORDS or (is_about and _have_same_frame(one, other) and overlap >= enough)


def word_overlap(one: StoryFacts, other: StoryFacts) -> float:
    """The share (0 to 1) of the fewer words that both stories use; of few words none is a share to go by."""
    return share_of_words(one.words, other.words)


def _have_same_frame(one: StoryFacts, other: StoryFacts) -> bool:
    return one.frame != "" and SAME_FRAMES.get(one.frame, one.frame) == SAME_FRAMES.get(other.frame, other.frame)


def _are_opposite(one: str, other: str) -> bool:
    imposed, taken_back = OPPOSITE_FRAMES
    return (one in imposed and other in taken_back) or (one in taken_back and other in imposed)


def _is_neighbour(one: str, other: str) -> bool:
    return one == other or (one in NEIGHBOURS and other in NEIGHBOURS)


def share_parties(one: tuple[frozenset[str], frozenset[str]], other: tuple[frozenset[str], frozenset[str]]) -> bool:
    """Whether two sides, each its parties and all names in it, have a party in common.

    Without a lab, network or company on either side, the officials or bodies named must be the same.
    """
    if one[0] and other[0]:
        return bool(one[0] & other[0])
    return bool(one[1] & other[1]) and not (one[0] or other[0])


def _without_repeats(drafts: list[Draft]) -> list[Draft]:
    """`drafts` (in order of time) without those that say again, in few houses, what an earlier one said."""
    kept: list[Draft] = []
    for draft in drafts:
        is_news = len(draft.carriers) >= NEWS_OF_ITS_OWN or draft.lead.category == _OUTAGE
        says_again = _is_aftermath if is_news else _repeats
        if not any(says_again(draft, earlier) for earlier in reversed(kept)):
            kept.append(draft)
    return kept


def _repeats(draft: Draft, earlier: Draft) -> bool:
    one, other = draft.lead, earlier.lead
    lag = draft.first.time.best - earlier.first.time.best
    return (
        lag <= REPEAT_WITHIN
        and (not one.frame or not other.frame or _have_same_frame(one, other))
        and bool(set(one.entity_ids) & set(other.entity_ids))
        and (
            max(word_overlap(one, story) for story in earlier.stories) >= REPEATED_WORDS
            or _is_aftermath(draft, earlier)
        )
    )


def _is_aftermath(draft: Draft, earlier: Draft) -> bool:
    """Whether it goes on about an act of a government that many more houses told."""
    return (
        draft.first.time.best - earlier.first.time.best <= AFTERMATH
        and {draft.lead.category, earlier.lead.category} <= NEIGHBOURS
        and _have_same_frame(draft.lead, earlier.lead)
        and bool(draft.parties & earlier.parties)
        and len(earlier.carriers) >= MANY_MORE * len(draft.carriers)
    )
