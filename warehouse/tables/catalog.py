"""All table contracts by name."""

import importlib
import pkgutil

import warehouse.tables
from warehouse.tables.contract import Table


def load_tables() -> dict[str, Table]:
    """Every `Table` defined in this package, by name, sorted; a name used twice is an error."""
    found: dict[str, Table] = {}
    for info in pkgutil.iter_modules(warehouse.tables.__path__):
        module = importlib.import_module(f"warehouse.tables.{info.name}")
        for value in vars(module).values():
            if not isinstance(value, Table):
                continue
            if found.setdefault(value.name, value) is not value:
                raise ValueError(f"{value.name} is defined twice")
    return dict(sorted(found.items()))
