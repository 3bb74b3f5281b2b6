"""Every model and every statistic there is, found by walking their packages."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

import analysis.engine.models
import analysis.engine.stats
from analysis.engine.model_fit import ExpectedReturnModel
from analysis.engine.statistic import Statistic


@cache
def load_statistics() -> dict[str, Statistic]:
    """All statistics by id, sorted; ValueError when a module has none or an id repeats."""
    found: dict[str, Statistic] = {}
    for info in pkgutil.iter_modules(analysis.engine.stats.__path__):
        module = importlib.import_module(f"analysis.engine.stats.{info.name}")
        statistic = getattr(module, "STATISTIC", None)
        if not isinstance(statistic, Statistic) or statistic.statistic_id != info.name:
            raise ValueError(
                f"analysis/engine/stats/{info.name}.py must define STATISTIC with the file's name as its id"
            )
        found[statistic.statistic_id] = statistic
    return dict(sorted(found.items()))


@cache
def load_models() -> dict[str, ExpectedReturnModel]:
    """All expected-return models by id, sorted; ValueError when a module has none or an id repeats."""
    found: dict[str, ExpectedReturnModel] = {}
    for info in pkgutil.iter_modules(analysis.engine.models.__path__):
        module = importlib.import_module(f"analysis.engine.models.{info.name}")
        model = getattr(module, "MODEL", None)
        if not isinstance(model, ExpectedReturnModel) or model.model_id != info.name:
            raise ValueError(f"analysis/engine/models/{info.name}.py must define MODEL with the file's name as its id")
        found[model.model_id] = model
    return dict(sorted(found.items()))


def choose_model(model_id: str) -> ExpectedReturnModel:
    """The model of that id; ValueError names the ones there are."""
    models = load_models()
    if model_id not in models:
        raise ValueError(f"model {model_id!r} is unknown; expected one of {', '.join(models)}")
    return models[model_id]
