"""Run the data checks: SQL files whose every returned row offends."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

from warehouse.store.connection import Reader
from warehouse.store.frames import fetch_frame

ERROR, WARNING = "error", "warning"
_WARNING_MARK = "warning:"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check found: `example_json` is the first offending row, None when there is none.

    A `warning` is told and never blocks a publication; the first line of its text begins with "warning:".
    """

    check_id: str
    description: str
    n_offending: int
    example_json: str | None
    severity: str = ERROR

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


def run_checks(reader: Reader) -> list[CheckResult]:
    """The result of every check; the description is the comment on a check's first line."""
    results = []
    for check_id, sql in check_texts().items():
        rows = fetch_frame(reader.connection, sql)
        example = rows.head(1).write_json() if rows.height else None
        words = sql.splitlines()[0].removeprefix("--").strip()
        severity = WARNING if words.startswith(_WARNING_MARK) else ERROR
        results.append(CheckResult(check_id, words.removeprefix(_WARNING_MARK).strip(), rows.height, example, severity))
    return results
