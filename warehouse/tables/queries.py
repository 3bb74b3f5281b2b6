"""The named queries that ship with the program."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def query_text(name: str) -> str:
    """The text of a packaged query."""
    return (files("warehouse") / "sql" / "queries" / f"{name}.sql").read_text(encoding="utf-8")
