"""What a reader compares are the stored paths, and the page says whose choice the window is."""

from __future__ import annotations

import json

import pytest

from dashboards.findings.readings import path_of, read_reactions
from dashboards.marks import bare
from dashboards.pages.compare import EVENTS_DATA, compose_compare, paths_data, write_paths
from dashboards.shell.frames import Frames
from tests.dashboards.material import make_frames
from tests.dashboards.rows import EVENT_ID, event_row


@pytest.fixture
def frames() -> Frames:
    return make_frames()


def test_the_stored_path_of_each_measured_token_is_given_in_full(frames: Frames) -> None:
    reactions = read_reactions(frames)[EVENT_ID]
    text = write_paths(frames, event_row(), reactions)[paths_data(EVENT_ID)]
    tokens = json.loads(text.split("]=", 1)[1].rstrip(";\n"))
    assert set(tokens) == {item.asset_id for item in reactions if item.is_measured}
    tao = next(item for item in reactions if item.asset_id == "TAO")
    day = path_of(frames, tao).filter(path_of(frames, tao)["hours_after_event"] <= 24).row(-1, named=True)
    place = max(i for i, hour in enumerate(tokens["TAO"]["hours"]) if hour <= 24)
    assert tokens["TAO"]["raw"][place] == pytest.approx(day["raw_return"], abs=1e-4)
    assert tokens["TAO"]["expected"][place] == pytest.approx(day["expected_return"], abs=1e-4)
    assert min(tokens["TAO"]["hours"]) >= -72
    assert max(tokens["TAO"]["hours"]) <= 168


def test_an_event_without_a_measured_token_has_no_file_and_is_not_offered(frames: Frames) -> None:
    assert write_paths(frames, event_row("2026-06-16-omnibus"), []) == {}
    page = compose_compare(frames, read_reactions(frames))
    offered = json.loads(page.files[EVENTS_DATA].split("=", 1)[1].rstrip(";\n"))
    assert EVENT_ID in {item["id"] for item in offered}
    assert "2026-06-16-omnibus" not in {item["id"] for item in offered}


def test_the_page_says_whose_choice_a_window_is(frames: Frames) -> None:
    body = bare(str(compose_compare(frames, read_reactions(frames)).body))
    assert "Your choice, not the study’s" in body
    assert "No event is measured yet." in bare(str(compose_compare(make_frames({}), {}).body))
