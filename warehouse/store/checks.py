"""Run the data checks: SQL files whose every returned row offends."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from warehouse.store.connection import Reader
from warehouse.store.frames import fetch_frame
from warehouse.store.migrate import view_files
from warehouse.tables.catalog import load_tables

ERROR, WARNING = "error", "warning"
_WARNING_MARK = "warning:"
_VIEW = re.compile(r"\bview ([\w.]+) as\b")
# A table or view as it is written: a word in a schema, whatever column of it follows.
_NAME = re.compile(r"\b[a-z_]\w*\.[a-z_]\w*")


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check found: `example_json` is the first offending row, None when there is none.

    A `warning` is told and never blocks a publication; the first line of its text begins with "warning:". `rests_on` is
    a digest of who ran it, of the text and of every row that it reads; empty where nobody asked for it.
    """

    check_id: str
    description: str
    n_offending: int
    example_json: str | None
    severity: str = ERROR
    rests_on: str = ""

    @property
    def is_failed(self) -> bool:
        """Whether rows offend and that is an error."""
        return bool(self.n_offending) and self.severity == ERROR


def check_texts() -> dict[str, str]:
    """Check texts by id, sorted."""
    folder = files("warehouse") / "sql" / "checks"
    texts = {
        e.name.removesuffix(".sql"): e.read_text(encoding="utf-8") for e in folder.iterdir() if e.name.endswith(".sql")
    }
    return dict(sorted(texts.items()))


def run_checks(reader: Reader, known: Mapping[str, CheckResult] | None = None, stamp: str = "") -> list[CheckResult]:
    """The result of every check; the description is the comment on a check's first line.

    With `known` results, by id, a check that rests on what it rested on is not run again. `stamp` stands for the
    program that runs it, DuckDB among it, on which every result rests.
    """
    results, views = [], _views() if known is not None else {}
    for check_id, sql in check_texts().items():
        rests_on = _rests_on(reader, sql, stamp, views) if known is not None else ""
        if known and check_id in known and known[check_id].rests_on == rests_on:
            results.append(known[check_id])
            continue
        rows = fetch_frame(reader.connection, sql)
        example = rows.head(1).write_json() if rows.height else None
        words = sql.splitlines()[0].removeprefix("--").strip()
        severity = WARNING if words.startswith(_WARNING_MARK) else ERROR
        said = words.removeprefix(_WARNING_MARK).strip()
        results.append(CheckResult(check_id, said, rows.height, example, severity, rests_on))
    return results


def _rests_on(reader: Reader, sql: str, stamp: str, views: Mapping[str, str]) -> str:
    """A digest of `stamp`, a check's text, the `views` that it reads, directly or not, and of the tables behind."""
    texts, named, unread = [sql], set[str](), dict(views)
    for text in texts:
        words = set(_NAME.findall(text))
        named |= words
        texts += [unread.pop(name) for name in sorted(words & unread.keys())]
    tables = [table for name, table in load_tables().items() if name in named]
    parts = [stamp, *texts, *(f"{table.name} {reader.digest(table)}" for table in tables)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _views() -> dict[str, str]:
    """The text of the file that makes each view."""
    return {name: text for text in view_files().values() for name in _VIEW.findall(text)}
