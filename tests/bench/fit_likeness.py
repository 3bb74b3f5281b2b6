"""How the weights of likeness.py are found: `python tests/bench/fit_likeness.py [stories.csv] [--until 2026-06-01]`."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import polars as pl

from analysis.events.stories.frames import load_frames
from analysis.events.stories.headlines import canonical_names, headlines_of, story_input
from analysis.events.stories.likeness import STORY_HOURS, Pairs, contradictions, measures, profile
from analysis.events.summaries import add_tags
from analysis.events.vocabulary import load_vocabulary

GOLD = Path(__file__).resolve().parents[3] / "shared" / "gold" / "stories" / "stories_train.csv"
# Ridge of the regression, on measures of standard deviation one: keeps rare measures from extremes.
RIDGE = 2e-3
STEPS = 40


def main() -> None:
    """Print the weights that fit the pairs of headlines published before `--until`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", nargs="?", type=Path, default=GOLD)
    parser.add_argument("--until", default="9999")
    options = parser.parse_args()
    vocabulary, frames = load_vocabulary(), load_frames()
    rows = pl.read_csv(options.path, infer_schema=False).filter(pl.col("published_utc") < options.until)
    rows = rows.sort("published_utc").with_row_index("number")
    entries = rows.select(
        pl.col("number").cast(pl.String).str.zfill(6).alias("entry_id"),
        "title",
        "url",
        pl.col("published_utc").str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_zone="UTC", time_unit="us").alias("at_utc"),
    )
    headlines = headlines_of(story_input(add_tags(entries, vocabulary), frames), canonical_names(vocabulary))
    table = profile(headlines, frames, vocabulary)
    pairs = Pairs(*np.triu_indices(len(table), 1))
    found = measures(table, pairs)
    is_counted = ~contradictions(table, found, pairs) & (found["apart"] * STORY_HOURS <= STORY_HOURS)
    stories = rows["story_id"].to_numpy()
    same = (stories[pairs.left] == stories[pairs.right])[is_counted].astype(float)
    values = np.column_stack([found[name][is_counted] for name in found])
    weights, constant = fit(values, same)
    print(f"{len(rows)} headlines, {len(same)} pairs, {int(same.sum())} of one story")
    for name, weight in zip(found, weights, strict=True):
        print(f'    "{name}": {weight:.2f},')
    print(f"_CONSTANT = {constant:.2f}")


def fit(values: np.ndarray, same: np.ndarray) -> tuple[np.ndarray, float]:
    """Weights and constant of a ridge logistic regression, by Newton's steps."""
    centre, scale = values.mean(axis=0), np.maximum(values.std(axis=0), 1e-9)
    design = np.column_stack([(values - centre) / scale, np.ones(len(values))])
    weights = np.zeros(design.shape[1])
    ridge = RIDGE * len(same)
    for _ in range(STEPS):
        chance = 1 / (1 + np.exp(-design @ weights))
        slope = design.T @ (same - chance) - ridge * weights
        bend = (design * (chance * (1 - chance))[:, None]).T @ design + ridge * np.eye(len(weights))
        weights += np.linalg.solve(bend, slope)
    own = weights[:-1] / scale
    return own, float(weights[-1] - own @ centre)


if __name__ == "__main__":
    main()
