"""Whatever a page can name has a title: tests, models, categories, venues, simulated markets, benchmarks, roles."""

from typing import get_args

import pytest

from analysis.engine.battery import load_models, load_statistics
from analysis.engine.simulate import SCENARIOS as SIMULATED
from analysis.events.vocabulary import load_vocabulary
from analysis.tape.benchmarks import BENCHMARKS as MEASURED_AGAINST
from flows.jobs.sizes import REAL_SCENARIOS
from ingest.bundle.ledger import Role
from ingest.prices.registry import load_registry
from warehouse.tables import terms

EVENT_CATEGORIES = [c.category_id for c in load_vocabulary().categories if c.is_main and c.is_relevant]
SIMULATED_NAMES = [*(scenario.name for scenario in SIMULATED), *(name for name, _ in REAL_SCENARIOS)]
SHIPPED = {
    "a test": (load_statistics(), terms.STATISTIC_TITLES),
    "a model": (load_models(), terms.MODEL_TITLES),
    "a category": (
        {entry.category_id for entry in load_vocabulary().categories if entry.is_main and entry.is_relevant},
        terms.CATEGORY_TITLES,
    ),
    "a venue": (load_registry(None).venues, terms.VENUE_TITLES),
    "a simulated market": (
        [*(scenario.name for scenario in SIMULATED), *(name for name, _ in REAL_SCENARIOS)],
        terms.SCENARIO_TITLES,
    ),
    "a benchmark": ([benchmark.benchmark_id for benchmark in MEASURED_AGAINST], terms.BENCHMARK_TITLES),
    "a role": (get_args(Role), terms.ROLE_TITLES),
}


@pytest.mark.parametrize("kind", SHIPPED)
def test_everything_that_ships_has_a_title(kind):
    names, titles = SHIPPED[kind]
    assert set(names), f"nothing to check for {kind}"
    assert set(names) - set(titles) == set(), f"{kind} without a title in warehouse/tables/terms.py"


def test_a_test_of_your_own_is_named_by_its_id():
    assert terms.statistic_name("my_own_test") == "my own test"


def test_an_organisation_is_named_on_pages_as_in_the_registry() -> None:
    registered = {entity.entity_id: entity.name for entity in load_vocabulary().entities}
    assert {entity_id: terms.entity_name(entity_id) for entity_id in registered} == registered
