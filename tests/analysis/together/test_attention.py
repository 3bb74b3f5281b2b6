"""The attention index: news moves it; feeds that join, leave or change volume do not."""

from datetime import datetime, timedelta, timezone

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from analysis.engine.loops.shares import MIN_DAYS, learn_shares
from analysis.together.attention.attention import count_coverage, digest_coverage, measure_attention
from tests.builders import make_rows
from warehouse.tables.attention import ATTENTION
from warehouse.tables.news import ENTRY, STORY, STORY_ENTRY, TAG

START = datetime(2026, 1, 5, tzinfo=timezone.utc)  # noqa: UP017


def make_counts(generator, shares, volumes, attention):
    """Poisson coverage (days, outlets) and the relevant part of it at `shares` times the day's attention."""
    coverage = generator.poisson(volumes).astype(float)
    relevant = generator.binomial(coverage.astype(int), np.clip(shares * attention[:, None], 0, 1)).astype(float)
    return relevant, coverage


def index_of(relevant, coverage):
    usual = learn_shares(relevant, coverage)
    counted = np.where(usual.is_counted, 1.0, 0.0)
    expected = (coverage * usual.share * counted).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return 100.0 * (relevant * counted).sum(axis=1) / expected


def test_feed_that_joins_with_much_more_policy_news_does_not_look_like_news():
    generator = np.random.default_rng(1)
    volumes = np.full((300, 3), 100.0)
    volumes[:150, 2] = 0.0  # the third outlet joins on day 150 and writes about little else
    relevant, coverage = make_counts(generator, np.array([0.05, 0.08, 0.7]), volumes, np.ones(300))
    index = index_of(relevant, coverage)
    assert relevant[150:].sum(axis=1).mean() > 5 * relevant[:150].sum(axis=1).mean()  # the naive count jumps
    assert np.mean(index[150:180]) == pytest.approx(100, abs=12)
    assert np.mean(index[200:]) == pytest.approx(100, abs=8)


def test_feed_that_leaves_or_doubles_its_volume_does_not_move_the_index():
    generator = np.random.default_rng(2)
    volumes = np.full((300, 3), 100.0)
    volumes[150:, 2] = 0.0
    volumes[200:, 1] = 300.0
    relevant, coverage = make_counts(generator, np.array([0.05, 0.08, 0.7]), volumes, np.ones(300))
    index = index_of(relevant, coverage)
    assert np.mean(index[160:200]) == pytest.approx(100, abs=12)
    assert np.mean(index[210:]) == pytest.approx(100, abs=12)


def test_real_attention_is_measured_even_while_feeds_come_and_go():
    generator = np.random.default_rng(3)
    attention = np.ones(300)
    attention[220:225] = 4.0
    volumes = np.full((300, 3), 100.0)
    volumes[:222, 2] = 0.0  # a feed joins in the middle of it
    index = index_of(*make_counts(generator, np.array([0.05, 0.08, 0.1]), volumes, attention))
    assert np.mean(index[220:225]) == pytest.approx(400, rel=0.25)
    assert np.mean(index[230:260]) == pytest.approx(100, abs=15)


def test_a_feed_that_joins_in_a_busy_month_is_not_taken_for_one_that_always_writes_so_much():
    generator = np.random.default_rng(4)
    attention = np.ones(300)
    attention[150:180] = 3.0
    volumes = np.full((300, 2), 200.0)
    volumes[:150, 1] = 0.0
    relevant, coverage = make_counts(generator, np.array([0.1, 0.1]), volumes, attention)
    usual = learn_shares(relevant, coverage)
    assert usual.share[181, 1] == pytest.approx(0.1, abs=0.04)


def test_later_days_never_change_earlier_shares():
    generator = np.random.default_rng(5)
    relevant, coverage = make_counts(generator, np.array([0.1, 0.2]), np.full((200, 2), 50.0), np.ones(200))
    whole, part = (
        learn_shares(relevant, coverage),
        learn_shares(relevant[:120], coverage[:120]),
    )
    assert np.array_equal(whole.share[:120], part.share)


def test_shares_from_a_day_on_are_those_of_all_days_bit_by_bit():
    """Outlets begin on different days, one never; another is silent for months."""
    generator = np.random.default_rng(6)
    volumes = np.full((300, 6), 40.0)
    for outlet, first in enumerate((90, 0, 160, 20, 300, 40)):
        volumes[:first, outlet] = 0.0
    volumes[60:200, 3] = 0.0
    relevant, coverage = make_counts(generator, np.linspace(0.05, 0.3, 6), volumes, np.ones(300))
    whole = learn_shares(relevant, coverage)
    for first_day in (1, 150, 299):
        part = learn_shares(relevant, coverage, first_day)
        assert np.array_equal(part.share, whole.share[first_day:])
        assert np.array_equal(part.is_counted, whole.is_counted[first_day:])


def test_an_outlet_is_silent_until_its_usual_share_is_known():
    relevant, coverage = np.ones((40, 1)), np.full((40, 1), 10.0)
    counted = learn_shares(relevant, coverage).is_counted[:, 0]
    assert not counted[:MIN_DAYS].any()
    assert counted[MIN_DAYS:].all()


def make_headlines(
    days, per_day, relevant_per_day, *, outlet="a.example", category="executive_order", basis="publisher"
):
    """Entries, story links, stories and tags: the first `relevant_per_day` headlines of a day are relevant."""
    entries, links, stories, tags = [], [], [], []
    for day in range(days):
        for number in range(per_day):
            entry_id = f"{outlet}-{day}-{number}"
            at = START + timedelta(days=day, hours=number % 24)
            entries.append(
                {
                    "entry_id": entry_id,
                    "outlet": outlet,
                    "outlet_kind": "press",
                    "published_at_utc": at,
                    "first_seen_at_utc": at + timedelta(minutes=5),
                    "time_basis": basis,
                    "title_version": 1,
                }
            )
            is_relevant = number < relevant_per_day
            links.append({"entry_id": entry_id, "story_id": entry_id})
            stories.append(
                {
                    "story_id": entry_id,
                    "is_relevant": is_relevant,
                    "category": category if is_relevant else "not_relevant",
                }
            )
            if is_relevant:
                tags.append({"entry_id": entry_id, "tag_id": "white_house", "kind": "entity"})
    return [
        make_rows(ENTRY, *entries),
        make_rows(STORY_ENTRY, *links),
        make_rows(STORY, *stories),
        make_rows(TAG, *tags),
    ]


def measure(*parts):
    frames = [pl.concat(group) for group in zip(*parts, strict=True)]
    return measure_attention(count_coverage(*frames, {"white_house": "US"}))


def test_steady_coverage_reads_one_hundred_by_day_and_week_for_every_kind_of_subject():
    rows = measure(make_headlines(60, 20, 2))
    later = rows.filter((pl.col("start_utc") > START + timedelta(days=35)) & (pl.col("frequency") != "hourly"))
    assert set(later["kind"]) == {"all", "category", "entity", "jurisdiction"}
    assert later["attention_index"].min() > 85
    assert later["attention_index"].max() < 115
    assert rows.filter(pl.col("kind") == "jurisdiction")["subject_id"].unique().to_list() == ["US"]


def test_weeks_start_on_monday_and_hold_seven_days_of_coverage():
    weekly = measure(make_headlines(60, 20, 2)).filter((pl.col("frequency") == "weekly") & (pl.col("kind") == "all"))
    assert set(weekly["start_utc"].dt.weekday()) == {1}
    assert weekly.sort("start_utc")["n_coverage"][1:-2].to_list()[-1] == 140


def test_price_commentary_has_its_own_index_and_is_in_no_cause():
    rows = measure(
        make_headlines(60, 20, 2), make_headlines(60, 20, 5, outlet="b.example", category="token_price_commentary")
    )
    outcome = rows.filter(pl.col("subject_id") == "token_price_commentary")
    assert outcome["is_outcome"].all()
    daily = rows.filter((pl.col("frequency") == "daily") & (pl.col("kind") == "all"))
    assert daily["n_headlines"].max() == 2


def test_one_story_counts_once_per_outlet():
    entries, links, stories, tags = make_headlines(60, 20, 2)
    links = links.with_columns(pl.col("story_id").str.replace(r"-(0|1)$", "-0"))
    rows = measure_attention(count_coverage(entries, links, stories, tags, {}))
    assert rows.filter((pl.col("frequency") == "daily") & (pl.col("kind") == "all"))["n_headlines"].max() == 1


def test_revised_titles_are_no_second_headline_and_tags_of_other_kinds_no_entity():
    entries, links, stories, tags = make_headlines(60, 20, 2)
    plain = measure([entries, links, stories, tags])
    is_doubled = pl.col("entry_id").str.ends_with("-0")
    revised = [
        frame.filter(is_doubled).with_columns(pl.col("entry_id") + "-revised") for frame in (entries, links, tags)
    ]
    topics = tags.with_columns(kind=pl.lit("topic"), tag_id=pl.lit("chips"))
    more = measure(
        [
            pl.concat([entries, revised[0].with_columns(title_version=pl.lit(2, dtype=pl.Int64))]),
            pl.concat([links, revised[1]]),
            stories,
            pl.concat([tags, revised[2], topics]),
        ]
    )
    assert_frame_equal(more.sort(ATTENTION.key), plain.sort(ATTENTION.key))


def test_items_that_show_no_hour_count_by_day_and_not_by_hour():
    rows = measure(make_headlines(60, 20, 3, basis="date_only"))
    assert "hourly" not in rows.filter(pl.col("n_coverage") > 0)["frequency"].to_list()
    assert rows.filter((pl.col("frequency") == "daily") & (pl.col("n_headlines") > 0)).height > 20


def test_interval_of_a_count_is_the_exact_poisson_one():
    rows = measure(make_headlines(60, 20, 2)).filter((pl.col("frequency") == "daily") & (pl.col("kind") == "all"))
    row = rows.filter(pl.col("n_headlines") == 2).row(-1, named=True)
    scale = 100.0 / row["expected_headlines"]
    assert row["attention_index_lower_95"] == pytest.approx(0.2422 * scale, rel=1e-3)  # Garwood limits of a count of 2
    assert row["attention_index_upper_95"] == pytest.approx(7.2247 * scale, rel=1e-3)


def test_weeks_before_a_changed_headline_keep_their_fingerprint_and_later_ones_are_measured_as_from_scratch():
    parts = make_headlines(80, 20, 2)
    at = START + timedelta(days=50)
    is_moved = pl.col("entry_id") == "a.example-55-0"
    moved = parts[0].with_columns(
        pl.when(is_moved).then(at).otherwise(name).cast(ENTRY.schema[name]).alias(name)
        for name in ("published_at_utc", "first_seen_at_utc")
    )
    changed = [moved, *parts[1:]]
    before, after = (count_coverage(*frames, {"white_house": "US"}) for frames in (parts, changed))
    known, now = digest_coverage(before), digest_coverage(after)
    kept = [end for end, digest in now.items() if known.get(end) == digest]
    assert kept == [end for end in now if datetime.fromisoformat(end) <= at]
    since = datetime.fromisoformat(max(kept))
    old, whole, later = measure_attention(before), measure_attention(after), measure_attention(after, since)
    joined = pl.concat([old.filter(pl.col("start_utc") < since), later])
    assert_frame_equal(joined.sort(ATTENTION.key), whole.sort(ATTENTION.key))
    assert not joined.sort(ATTENTION.key).equals(old.sort(ATTENTION.key))


def test_a_subject_that_reaches_its_first_index_has_all_weeks_measured_again():
    parts = make_headlines(80, 20, 2)
    one_more = make_headlines(19, 20, 1, outlet="b.example", category="export_controls")
    twenty = make_headlines(20, 20, 1, outlet="b.example", category="export_controls")
    few, enough = (
        digest_coverage(count_coverage(*(pl.concat(group) for group in zip(parts, more, strict=True)), {}))
        for more in (one_more, twenty)
    )
    assert few.keys() == enough.keys()
    assert not {end for end in few if few[end] == enough[end]}


def test_no_period_begins_behind_the_last_headline():
    coverage = count_coverage(*make_headlines(80, 20, 2), {})
    weeks = measure_attention(coverage).filter(pl.col("frequency") == "weekly")["start_utc"]
    assert measure_attention(coverage, weeks.max()).height > 0
    behind = max(map(datetime.fromisoformat, digest_coverage(coverage)))
    assert behind > weeks.max()
    assert measure_attention(coverage, behind).height == 0


def test_no_headlines_give_an_empty_table():
    coverage = count_coverage(ENTRY.empty(), STORY_ENTRY.empty(), STORY.empty(), TAG.empty(), {})
    assert measure_attention(coverage).height == 0
