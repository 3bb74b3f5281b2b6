"""Which parts of a study keep their stored rows, and what the others give."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

import polars as pl

Key = TypeVar("Key", bound=Hashable)
_Item = TypeVar("_Item")
Result = TypeVar("Result")

Fingerprints = frozenset[str]


@dataclass(frozen=True, slots=True)
class Refreshed(Generic[Key, Result]):
    """The parts that stay as they are stored, what the others gave, and the stored parts that are gone."""

    kept: Mapping[Key, Fingerprints]
    fresh: Mapping[Key, Result]
    gone: frozenset[Key]

    @property
    def is_unchanged(self) -> bool:
        """Whether the stored rows are all there is to say."""
        return not (self.fresh or self.gone)

    def keep(self, stored: pl.DataFrame) -> pl.DataFrame:
        """The rows of `stored` that rest on a kept fingerprint."""
        kept = [value for fingerprints in self.kept.values() for value in fingerprints]
        return stored.filter(pl.col("spec_sha256").is_in(kept))


def refresh(
    plan: Iterable[tuple[Key, Fingerprints, _Item]],
    stored: Mapping[Key, Fingerprints],
    compute: Callable[[_Item], Result],
) -> Refreshed[Key, Result]:
    """Compute the planned parts that are not stored under the same fingerprints, one at a time.

    A part is planned once; its fingerprints are of everything that its rows rest on.
    """
    kept: dict[Key, Fingerprints] = {}
    fresh: dict[Key, Result] = {}
    for key, fingerprints, item in plan:
        if stored.get(key) == fingerprints:
            kept[key] = fingerprints
        else:
            fresh[key] = compute(item)
    return Refreshed(kept, fresh, frozenset(stored.keys() - kept.keys() - fresh.keys()))


def stored_fingerprints(rows: Iterable[tuple[Key, str]]) -> dict[Key, Fingerprints]:
    """The fingerprints of each part, of stored (part, spec_sha256) rows."""
    found: dict[Key, set[str]] = {}
    for key, sha256 in rows:
        found.setdefault(key, set()).add(sha256)
    return {key: frozenset(values) for key, values in found.items()}
