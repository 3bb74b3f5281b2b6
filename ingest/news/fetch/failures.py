"""Many failures of one pass in few lines that a person can act on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

# Up to this many failures of one kind are a line each; more are one line that names the first ones.
LINES_PER_KIND = 4
NAMES_PER_LINE = 5
DETAILS_COMMAND = (
    'aftershock query "select source_id, reason, detail from ops.fetch where n_failures > 0 '
    'order by attempted_at_utc desc"'
)
_WORDS = {
    "no_network": "no network: no name resolves; check the connection, then run again",
    "unknown_host": "names that do not resolve; tried again later",
    "no_connection": "no connection; tried again later",
    "timeout": "no answer in time; tried again later",
    "cut_off": "answers that stop early; tried again later",
    "html_page": "web pages instead of feeds; tried again later",
    "http_403": "answered 403 (closed to us); disable them in config/feeds.toml if it stays so",
    "http_404": "answered 404 (gone); change the addresses in config/feeds.toml",
    "http_429": "answered 429 (too many requests); tried again when the host allows",
}


@dataclass(frozen=True, slots=True)
class SourceProblem:
    """One source that gave nothing: its id, a short reason and the full sentence."""

    source_id: str
    reason: str
    sentence: str


def summarise(problems: Iterable[SourceProblem]) -> tuple[str, ...]:
    """One line per failure, or one per reason where many share it; most frequent reasons first."""
    groups: dict[str, list[SourceProblem]] = {}
    for problem in problems:
        groups.setdefault(problem.reason, []).append(problem)
    lines: list[str] = []
    for reason, group in sorted(groups.items(), key=lambda pair: (-len(pair[1]), pair[0])):
        if len(group) <= LINES_PER_KIND:
            lines.extend(problem.sentence for problem in group)
            continue
        words = _WORDS.get(reason, f"{reason.replace('_', ' ')}; tried again later")
        if reason == "no_network":
            lines.append(f"{len(group)} feeds not reached: {words}")
            continue
        names = ", ".join(problem.source_id for problem in group[:NAMES_PER_LINE])
        more = f" and {len(group) - NAMES_PER_LINE} more" if len(group) > NAMES_PER_LINE else ""
        lines.append(f"{len(group)} feeds: {words} ({names}{more}); details: {DETAILS_COMMAND}")
    return tuple(lines)
