"""Stories gathered into one draft per thing that happened, and which drafts are events."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from analysis.events.facts import (
    CLOUDS,
    ENOUGH_FOR_CLOUDS,
    ENOUGH_OUTLETS,
    MANY_MORE,
    NEWS_OF_ITS_OWN,
    PROSPECT,
    SAME_WORDS,
    STANDSTILL,
    TOKENS_AT_LARGE,
    StoryFacts,
    are_opposite,
)
from analysis.events.relevance import ORDER
from analysis.events.stories.likeness import OUTAGE_HOURS
from analysis.events.wording.stems import LEAST_SPOKEN, share_of_words, stems

# Commentary without a new fact of its own needs more to stand alone.
ENOUGH_FOR_COMMENT = 3
# A rule on tokens at large, that names no network of ours, is news of its own when it is told as widely as this.
ENOUGH_FOR_TOKENS_AT_LARGE = 4
# A story is told again, or commented on, within this of any of an event's stories.
SAME_EVENT = timedelta(hours=36)
# A service that is down again later is down for another reason.
SAME_OUTAGE = timedelta(hours=OUTAGE_HOURS)
# A draft that says the same as an event this long before, in fewer houses than make news of its own, repeats it.
REPEAT_WITHIN = timedelta(days=21)
# What few houses add about an act within this, of which this many times as many told, is its aftermath.
AFTERMATH = timedelta(hours=72)
# Of an act that so many times as many told, all of the week after.
LONG_AFTERMATH, VERY_MANY_MORE = timedelta(days=7), 10
# Share of the fewer words from which two stories with the same frame tell the same, and from which one repeats another.
SAME_FRAME_WORDS, REPEATED_WORDS = 0.5, 0.5
# A government takes access from one party, or gives it back, once in so short a time, whatever words tell it.
ACTS_ON_ACCESS, SAME_ACT_WORDS = ("restrict", "lift", "designate"), 0.33
# A government and a firm agree on one thing in so short a time, in whatever words.
AGREED, AGREED_WORDS = "contract", 0.25
# Nor is one firm broken into twice.
BREAK_IN, SECURITY = "hack", "ai_security_incident"
# Nor sued twice within hours: a second outlet says over what in other words.
SUED = "sue"
# What two parties do to each other is told again with both names, in fewer words of the same.
BOTH_PARTIES, BOTH_PARTIES_WORDS = 2, 0.35
# What many saw passed or signed is said to be for days, and who signs orders signs one on one subject at a time.
PASSED = "pass"
# What takes a measure back follows it within this.
TAKEN_BACK = timedelta(days=60)
# Comment on an act has as many words of it beside the names; a party has more suits and rules than acts of governments.
WORDS_OF_ACT, WORDS_OF_GOVERNMENTS = 2, 1
# A name on a list stays there: who alone tells of it long after tells no news.
LISTED, STAYS_LISTED = "designate", timedelta(days=180)
# First reports of one act follow each other; what came longer before the rest told of another.
PAUSE_IN_REPORTS = timedelta(hours=6)
# What is announced and done within this is one event, which has two times.
ANNOUNCED_WITHIN = timedelta(hours=12)
# What a court did is a ruling, and what a firm agreed to is a contract, whichever way one outlet words it.
SAME_FRAMES = {"dismiss": "ruling", "settle": "contract"}
# Tags between which outlets differ on one and the same act of a government.
GOVERNMENT = "government_action"
NEIGHBOURS = frozenset({"export_control_access", "ai_policy_other", GOVERNMENT})


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
        if self.lead.is_rare_act:
            return 1
        if all(story.category == TOKENS_AT_LARGE and not story.tokens for story in self.stories):
            return ENOUGH_FOR_TOKENS_AT_LARGE
        return ENOUGH_FOR_COMMENT if all(story.is_comment for story in self.stories) else ENOUGH_OUTLETS


def draft_events(stories: Iterable[StoryFacts]) -> list[Draft]:
    """One draft per new thing that happened, from the facts of relevant stories in any order.

    Stories are joined before houses are counted: a happening told in seven wordings by seven houses is one. Headlines
    with a reason in `excluded` count for nothing; talk about prices is never an event, because it is an outcome; and
    what says again what was an event within three weeks is none.
    """
    begun: list[datetime] = []
    opened: list[Draft] = []
    for story in sorted(stories, key=_most_told_first):
        at = story.time.best
        home = _home_of(story, opened[bisect_left(begun, at - SAME_EVENT) : bisect_right(begun, at + SAME_EVENT)])
        if home is None:
            place = bisect_right(begun, at)
            begun.insert(place, at)
            opened.insert(place, Draft([story]))
        elif story.is_comment and home.lead.frame != story.frame:
            if _speaks_of(story, home):
                home.comments.append(story)
        else:
            home.stories.append(story)
    drafts = sorted(
        (draft for draft in opened if draft.is_event),
        key=lambda draft: (draft.first.time.best, draft.first.story_id),
    )
    return _without_repeats(drafts)


def _most_told_first(story: StoryFacts) -> tuple[bool, int, datetime, str]:
    return story.is_comment, -len(story.carriers), story.time.best, story.story_id


def _home_of(story: StoryFacts, near: list[Draft]) -> Draft | None:
    """Of the drafts within reach the one whose lead this story tells again, most in its words, or comments on.

    What few houses told is no event, and comment that more houses make does not vanish with it.
    """
    # What most pairs fail costs least, and comes first.
    words = story.words
    alike = near if story.category == SECURITY else [one for one in near if not words.isdisjoint(one.stories[0].words)]
    told_again = [draft for draft in alike if _is_told_again(story, draft)]
    if told_again:
        return max(told_again, key=lambda draft: (word_overlap(story, draft.lead), draft.lead.story_id))
    if not story.is_comment:
        return None
    about = [
        draft
        for draft in near
        if (draft.lead.time.best <= story.time.best or _announces(story, draft))
        and _is_about(story, draft)
        and draft.is_event
    ]
    return max(
        about,
        key=lambda draft: (_speaks_of(story, draft), draft.lead.time.best, draft.lead.story_id),
        default=None,
    )


def _speaks_of(comment: StoryFacts, draft: Draft) -> bool:
    """Whether it has words of the act beside the party's name, or names both parties; other letters have no words here.

    What has neither speaks of another matter of the party: evidence of nothing here, and its words are no act.
    """
    told = frozenset[str]().union(*(story.telling for story in draft.stories))
    is_between_them = len(comment.parties & draft.parties) >= BOTH_PARTIES
    least = WORDS_OF_GOVERNMENTS if draft.lead.category in NEIGHBOURS else WORDS_OF_ACT
    return is_between_them or len(comment.telling & told) >= least or len(comment.words) < LEAST_SPOKEN


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
    if story.is_comment != draft.lead.is_comment:
        return False
    least = min(SAME_WORDS, SAME_FRAME_WORDS, SAME_ACT_WORDS, AGREED_WORDS)
    if word_overlap(story, draft.lead) < least and not _is_one_break_in(story, draft.lead):
        return False
    mine, theirs = set(story.entity_ids), set(draft.lead.entity_ids)
    is_about = _is_about(story, draft)
    return (is_about or bool(mine & theirs) or not (mine or theirs)) and _is_same(story, draft.lead, is_about)


def _is_same(one: StoryFacts, other: StoryFacts, is_about: bool) -> bool:
    if STANDSTILL in (one.category, other.category) and (
        one.category != other.category or abs(one.time.best - other.time.best) > SAME_OUTAGE
    ):
        return False
    if _is_of_another(one, other):
        return False
    if _is_one_break_in(one, other):
        return True
    if are_opposite(one.frame, other.frame) or (one.frame and other.frame and not _have_same_frame(one, other)):
        return False
    is_on_access = one.frame in ACTS_ON_ACCESS and {one.category, other.category} <= NEIGHBOURS
    is_suit = one.frame == SUED and abs(one.time.best - other.time.best) <= PAUSE_IN_REPORTS
    is_act = (is_on_access or is_suit or one.frame == BREAK_IN) and one.parties
    enough = SAME_ACT_WORDS if is_act else SAME_FRAME_WORDS
    if (
        one.parties
        and {one.category, other.category} == {GOVERNMENT}
        and SAME_FRAMES.get(one.frame, one.frame) == AGREED
    ):
        enough = AGREED_WORDS
    overlap = word_overlap(one, other)
    return overlap >= SAME_WORDS or (is_about and _have_same_frame(one, other) and overlap >= enough)


def _is_one_break_in(one: StoryFacts, other: StoryFacts) -> bool:
    """Whether both tell that one firm was broken into, which one calls a hack and the other an attack or a probe."""
    fewer, more = sorted((one.parties, other.parties), key=len)
    is_hack = one.category == other.category == SECURITY and BREAK_IN in (one.frame, other.frame)
    return is_hack and bool(fewer) and fewer <= more


def _is_of_another(one: StoryFacts, other: StoryFacts) -> bool:
    """Whether they tell of the rules of two places, of tokens and of models, or of the licences of two firms."""
    pairs = ((one.places, other.places), (one.subjects, other.subjects), (one.licensed, other.licensed))
    if any(mine and theirs and not mine & theirs for mine, theirs in pairs):
        return True
    return _names_no_holder(one, other) or _names_no_holder(other, one)


def _names_no_holder(one: StoryFacts, other: StoryFacts) -> bool:
    """Whether `one` tells of a firm's licence, and the other of a rule without naming that firm."""
    held = {stem for name in one.licensed for stem in stems(name)}
    return bool(held) and not held & other.words


def word_overlap(one: StoryFacts, other: StoryFacts) -> float:
    """The share (0 to 1) of the fewer words that both stories use; of few words none is a share to go by."""
    return share_of_words(one.words, other.words)


def _have_same_frame(one: StoryFacts, other: StoryFacts) -> bool:
    return one.frame != "" and SAME_FRAMES.get(one.frame, one.frame) == SAME_FRAMES.get(other.frame, other.frame)


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
    begun: list[datetime] = []
    for draft in drafts:
        at = draft.first.time.best
        is_news = len(draft.carriers) >= NEWS_OF_ITS_OWN or draft.lead.category == STANDSTILL
        says_again = _goes_on if is_news else _repeats
        # Those that it can still repeat, or go on about.
        reach = STAYS_LISTED if _is_listing_alone(draft) else max(REPEAT_WITHIN, AFTERMATH)
        within = kept[bisect_left(begun, at - reach) :]
        alike = (earlier for earlier in within if not _is_of_another(draft.lead, earlier.lead))
        if not any(says_again(draft, earlier) or _is_same_failure(draft, earlier) for earlier in alike):
            kept.append(draft)
            begun.append(at)
    return kept


def _repeats(draft: Draft, earlier: Draft) -> bool:
    one, other = draft.lead, earlier.lead
    if not set(one.entity_ids) & set(other.entity_ids):
        return False
    lag = draft.first.time.best - earlier.first.time.best
    if _have_same_frame(one, other) and (_is_listed_still(draft, earlier) or _is_signed_already(one, other, lag)):
        return True
    if lag > REPEAT_WITHIN or (one.frame and other.frame and not _have_same_frame(one, other)):
        return False
    if one.is_in_form and not other.is_in_form:
        return False
    are_both = len(draft.parties & earlier.parties) >= BOTH_PARTIES
    enough = BOTH_PARTIES_WORDS if are_both else REPEATED_WORDS
    return max(word_overlap(one, story) for story in earlier.stories) >= enough or _goes_on(draft, earlier)


def _is_listing_alone(draft: Draft) -> bool:
    """Whether one newsroom, and not the office whose act it is, tells that a party is on a list."""
    return draft.lead.frame == LISTED and len(draft.carriers) < ENOUGH_OUTLETS and not draft.primary_carriers


def _is_listed_still(draft: Draft, earlier: Draft) -> bool:
    """Whether an earlier event put it there; what is now done in form is the next step."""
    return _is_listing_alone(draft) and bool(draft.parties & earlier.parties) and not draft.lead.is_in_form


def _is_signed_already(one: StoryFacts, other: StoryFacts, lag: timedelta) -> bool:
    return one.category == other.category == ORDER and one.frame == PASSED and lag <= SAME_EVENT


def _is_same_failure(draft: Draft, earlier: Draft) -> bool:
    """Whether it goes on about the failure of a cloud that many told."""
    return (
        draft.lead.category == earlier.lead.category == STANDSTILL
        and draft.first.time.best - earlier.first.time.best <= AFTERMATH
        and len(earlier.carriers) >= max(ENOUGH_FOR_CLOUDS, len(draft.carriers))
        and bool(CLOUDS & set(draft.lead.entity_ids) & set(earlier.lead.entity_ids))
    )


def _goes_on(draft: Draft, earlier: Draft) -> bool:
    """Whether it goes on about an act of a government that many more houses told, or says that a bill has passed."""
    if not _have_same_frame(draft.lead, earlier.lead):
        return False
    is_of_many = len(earlier.carriers) >= VERY_MANY_MORE * len(draft.carriers)
    within = LONG_AFTERMATH if is_of_many else AFTERMATH
    if draft.first.time.best - earlier.first.time.best > within:
        return False
    if draft.lead.frame == PASSED and len(earlier.carriers) >= len(draft.carriers):
        return word_overlap(draft.lead, earlier.lead) >= REPEATED_WORDS
    return (
        {draft.lead.category, earlier.lead.category} <= NEIGHBOURS
        and bool(draft.parties & earlier.parties)
        and len(earlier.carriers) >= MANY_MORE * len(draft.carriers)
    )
