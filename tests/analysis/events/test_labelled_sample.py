"""The bundled headlines, invented and labelled by the definitions of the tags: 42 rows, 26 stories."""

from pathlib import Path

import polars as pl
import pytest

from analysis.events.labels.scoring import half_of_story
from flows.jobs.labelled_files import score_file, tag_file
from tests.paths import PROJECT

SAMPLE = PROJECT / "tests" / "samples" / "headlines.csv"
NO_CONFIG = Path("no-such-folder")


def test_the_sample_is_found_again() -> None:
    f1 = dict(score_file(SAMPLE, NO_CONFIG).filter(pl.col("part") == "all").select("measure", "f1").rows())
    assert f1["relevance"] >= 0.95
    assert f1["macro over 7 largest policy categories"] >= 0.95
    assert f1["stories (B-cubed)"] >= 0.90


def test_no_two_stories_of_the_sample_become_one() -> None:
    labels, found = pl.read_csv(SAMPLE), tag_file(SAMPLE, NO_CONFIG)
    merged = labels.select("story_id", found=found["story_id"]).group_by("found").agg(pl.col("story_id").n_unique())
    assert merged["story_id"].to_list() == [1] * merged.height


def test_what_is_sold_or_played_is_never_policy() -> None:
    labels, found = pl.read_csv(SAMPLE), tag_file(SAMPLE, NO_CONFIG)
    other = labels.with_columns(found=found["relevant"].cast(pl.Int64)).filter(
        pl.col("category").is_in(["sponsored_promo", "sports", "outage_non_ai", "regulation_non_ai", "crypto_generic"])
    )
    assert other.height >= 8
    assert other["found"].to_list() == [0] * other.height


def test_every_row_comes_back_in_order() -> None:
    found = tag_file(SAMPLE, NO_CONFIG)
    assert found["title"].to_list() == pl.read_csv(SAMPLE)["title"].to_list()
    assert found.select("relevant", "category", "categories", "story_id", "evidence").null_count().row(0) == (0,) * 5


@pytest.mark.parametrize("half", [0, 1])
def test_both_halves_of_the_sample_have_stories(half: int) -> None:
    stories = pl.read_csv(SAMPLE)["story_id"].unique()
    assert sum(half_of_story(story) == half for story in stories) >= 8
