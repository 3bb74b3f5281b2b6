"""New headlines are linked with those that they lead to, and others are not read."""

import numpy as np
import polars as pl
import pytest
from scipy.cluster import hierarchy

from analysis import threads
from analysis.arrays import Flags, Integers
from analysis.events.stories import linkage
from analysis.events.stories.headlines import canonical_names, headlines_of
from analysis.events.stories.likeness import Profile, find_spoken, profile
from tests.analysis.events.headline_frames import FRAMES, VOCABULARY, make_headlines, prepare

CHAIN = (
    "US government orders Anthropic to shut down Fable 5",
    "Anthropic takes Fable 5 offline after US directive",
    "Anthropic disables Fable 5 after government directive",
)
OTHERS = (
    ("Senate panel passes stablecoin bill", "Senate committee advances stablecoin bill"),
    ("Publishers sue OpenAI over training data", "OpenAI sued by publishers over training data"),
    ("Nvidia wins licence to sell H20 chips to China", "Nvidia gets licence for H20 chips to China"),
)


@pytest.fixture(scope="module")
def headlines() -> pl.DataFrame:
    """A chain of reports on one day, among pairs of reports of other things on days too far apart to be one story."""
    rows = [{"title": title, "at": f"2026-06-07T0{n}:30:00Z"} for n, title in enumerate(CHAIN)]
    for day in range(3, 30, 4):
        for n, pair in enumerate(OTHERS):
            rows += [{"title": title, "at": f"2026-06-{day:02}T{2 * n + m:02}:00:00Z"} for m, title in enumerate(pair)]
    read = headlines_of(prepare(make_headlines(*rows)), canonical_names(VOCABULARY))
    return read.sort("at", "entry_id")


def link(headlines: pl.DataFrame, is_new: Flags, given: Integers) -> tuple[linkage.Links, set[int]]:
    asked: set[int] = set()

    def read(rows: Integers) -> Profile:
        asked.update(rows.tolist())
        return profile(headlines[rows], FRAMES, VOCABULARY)

    return linkage.link_headlines(find_spoken(headlines), given, is_new, read), asked


def stories(links: linkage.Links) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(links.labels == label).tolist()) for label in set(links.labels.tolist()) - {-1}}


NONE_GIVEN = np.empty((0, 2), dtype=np.int64)


@pytest.mark.parametrize("is_given", [False, True])
@pytest.mark.parametrize("place", range(len(CHAIN)))
def test_a_new_headline_is_linked_as_if_all_were_read(headlines, monkeypatch, place, is_given):
    titles = headlines["plain"].to_list()
    new = titles.index(CHAIN[place])
    is_new = np.arange(len(titles)) == new
    # One address for the new headline and one of another thing, which leads further.
    given = np.array([sorted((new, new + 4), reverse=True)]) if is_given else NONE_GIVEN
    links, asked = link(headlines, is_new, given)
    assert len(asked) < len(titles) / 2
    monkeypatch.setattr(linkage, "_near_to", lambda spoken, _asked: np.arange(len(spoken)))
    every, all_asked = link(headlines, is_new, given)
    assert len(all_asked) == len(titles)
    assert stories(links) == stories(every)
    assert any(new in story and len(story) >= 2 for story in stories(links))
    np.testing.assert_array_equal(links.met, every.met)
    np.testing.assert_array_equal(links.chance, every.chance)


def test_what_is_found_from_new_headlines_is_what_all_pairs_hold(headlines):
    """A known headline that only another known one leads to belongs to the piece, earlier or later than the new one."""
    spoken, n = find_spoken(headlines), headlines.height
    table = profile(headlines, FRAMES, VOCABULARY)
    every, _, _ = linkage._likely_pairs(spoken, NONE_GIVEN, np.ones(n, dtype=np.bool_), lambda rows: table)
    assert len(every) > len(CHAIN) - 1
    for new in range(n):
        is_new = np.arange(n) == new
        found, _, _ = linkage._likely_pairs(
            spoken, NONE_GIVEN, is_new, lambda rows: profile(headlines[rows], FRAMES, VOCABULARY)
        )
        wanted = linkage._connected_with(is_new, every)
        assert {tuple(pair) for pair in found.tolist()} >= {tuple(p) for p in every.tolist() if wanted[p[0]]}
        np.testing.assert_array_equal(linkage._connected_with(is_new, found), wanted)


def test_many_titles_are_compared_as_few(headlines, monkeypatch):
    is_new = np.ones(headlines.height, dtype=np.bool_)
    few, _ = link(headlines, is_new, NONE_GIVEN)
    monkeypatch.setattr(threads, "WORTH_THREADS", 1)
    many, _ = link(headlines, is_new, NONE_GIVEN)
    assert [part.tolist() for part in (few.labels, few.met, few.chance)] == [
        part.tolist() for part in (many.labels, many.met, many.chance)
    ]
    assert few.chance.max() > 0


@pytest.mark.parametrize("seed", range(20))
def test_a_tree_is_cut_where_scipy_cuts_it(seed):
    # Few distinct distances, so that forks tie and some lie at the height itself.
    distances = np.random.default_rng(seed).integers(1, 9, size=12 * 11 // 2) / 8
    tree = hierarchy.linkage(distances, "average")
    for height in (0.0, 0.375, 0.5, 0.625, 2.0):
        found, expected = linkage._cut(tree, height), hierarchy.fcluster(tree, height, "distance")
        assert ((found[:, None] == found) == (expected[:, None] == expected)).all()
        assert sorted(set(found.tolist())) == list(range(found.max() + 1))
