"""One object that shows only an Arrow stream, in a module that knows no database.

polars keeps the type of what it is given in a cache for the life of the process. Were that type DuckDB's, or did its
module refer to DuckDB, the interpreter would end with thirty lines about leaked DuckDB objects.
"""

from __future__ import annotations

from typing import Protocol


class HasArrowStream(Protocol):
    """Anything that exports the Arrow PyCapsule protocol."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object: ...


class ArrowStream:
    """Passes on the Arrow stream of `source` and nothing else."""

    def __init__(self, source: HasArrowStream) -> None:
        self._source = source

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The stream, as the protocol asks for it."""
        return self._source.__arrow_c_stream__(requested_schema)
