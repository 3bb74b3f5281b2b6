"""A step is taken again when code or packaged files that it reaches are others, and only then."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache

import pytest

from analysis.results import source
from flows import freshness
from flows.freshness import hash_step, inputs_of
from flows.pipeline import STEPS
from flows.steps.press import fingerprint_of_reader


@pytest.fixture
def woken_by(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., set[str]]]:
    """The steps whose code is another when some modules or packaged files are."""
    real, before = source.read_sources(), {step: hash_step(step) for step in inputs_of()}

    def change(*modules: str, files: Iterable[tuple[str, str]] = ()) -> set[str]:
        texts = dict(real.modules) | {name: real.modules.get(name, "") + "# another\n" for name in modules}
        packaged = {package: dict(found) for package, found in real.packaged.items()}
        for package, name in files:
            packaged[package][name] = packaged[package].get(name, b"") + b" "
        monkeypatch.setattr(source, "read_sources", cache(lambda: source.Sources(texts, packaged, real.versions)))
        source.forget_sources()
        return {step for step, digest in before.items() if hash_step(step) != digest}

    yield change
    monkeypatch.undo()
    source.forget_sources()


def test_a_change_of_commands_pages_or_servers_wakes_no_step(woken_by) -> None:
    rooms = ("flows.cli", "flows.commands", "flows.serve", "flows.pipeline", "flows.summary", "flows.progress")
    assert woken_by(*(name for name in source.read_sources().modules if name.startswith(rooms))) == set()


ON_THE_KERNEL = {"studies", "groups", "activity", "models", "resilience", "claims"}


def test_a_change_in_the_engine_wakes_what_measures_and_what_publishes_it_but_no_events(woken_by) -> None:
    assert ON_THE_KERNEL | {"publish"} <= woken_by("analysis.engine.kernel") <= inputs_of().keys() - {"events"}
    assert (
        {"groups", "models", "publish"}
        <= woken_by("analysis.engine.panel")
        <= inputs_of().keys() - {"events", "studies"}
    )
    every_engine = [name for name in source.read_sources().modules if name.startswith("analysis.engine.")]
    assert "events" not in woken_by(*every_engine)


@pytest.mark.parametrize("name", ["analysis.engine.stats.newcomer", "analysis.engine.models.newcomer"])
def test_a_statistic_or_model_that_is_dropped_in_wakes_the_studies_of_groups_and_models(woken_by, name: str) -> None:
    assert {"groups", "models", "publish"} <= woken_by(name) <= inputs_of().keys() - {"events", "studies"}


def test_a_change_of_rules_in_words_or_of_a_query_wakes_its_readers(woken_by) -> None:
    assert {"events", "correlations:attention", "publish"} <= woken_by(files=[("analysis.events", "tags.toml")])
    assert woken_by(files=[("ingest.news", "feeds.toml")]) == {"publish"}
    recent = woken_by(files=[("warehouse", "sql/queries/recent_candles.sql")])
    assert {"moves", "publish"} <= recent
    assert not recent & {"events", "studies", "groups", "claims"}
    assert {"studies", "groups", "models"} <= woken_by(files=[("warehouse", "sql/queries/study_candles.sql")])
    assert woken_by(files=[("warehouse", "sql/views/new.sql")]) == set(inputs_of())


def test_a_change_of_how_events_are_told_wakes_events_and_no_study(woken_by) -> None:
    assert (
        {"events", "publish"} <= woken_by("analysis.events.titles") <= inputs_of().keys() - ON_THE_KERNEL | {"claims"}
    )


@pytest.mark.parametrize("name", ["ingest.news.parse.entries", "flows.steps.press", "ingest.prices.candles"])
def test_other_code_of_a_step_that_asks_the_outside_world_is_a_new_rule_to_the_publication(woken_by, name: str) -> None:
    assert "publish" in woken_by(name)


def test_every_step_is_in_the_module_that_its_code_is_told_from() -> None:
    references = dict(STEPS)
    for step in inputs_of():
        assert f"{freshness._module_of(step)}:" in references[step.partition(":")[0]]


@pytest.mark.parametrize(
    "name", ["analysis.claims.judging.windows", "analysis.claims.sentences.reader", "analysis.tape.returns"]
)
def test_headlines_are_judged_again_by_other_code_of_reader_judge_or_prices(woken_by, name: str) -> None:
    before = fingerprint_of_reader(None)
    woken_by(name)
    assert fingerprint_of_reader(None) != before


def test_headlines_are_not_judged_again_for_another_help_text_or_study(woken_by) -> None:
    before = fingerprint_of_reader(None)
    woken_by("flows.commands.events", "analysis.together.network")
    assert fingerprint_of_reader(None) == before
