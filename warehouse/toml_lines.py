"""On which line of a TOML text each table and key stands."""

from __future__ import annotations

import re

KeyPath = tuple[str | int, ...]

# One piece of a TOML text: what it is decides whether a new line ends a statement.
_PIECE = re.compile(
    r"""
      (?P<comment>\#[^\n]*)
    | (?P<text>\"{3}(?:\\.|[^\\])*?\"{3,5} | '{3}.*?'{3,5} | "(?:\\.|[^"\\\n])*" | '[^'\n]*')
    | (?P<open>[\[{])
    | (?P<close>[\]}])
    | (?P<end>\n)
    | (?P<other>[^\#"'\[\]{}\n]+|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_NAME = re.compile(r"\"((?:\\.|[^\"\\])*)\"|'([^']*)'|([^\s.\[\]\"']+)")
_BEFORE_EQUALS = re.compile(r"(?:\"(?:\\.|[^\"\\])*\"|'[^']*'|[^\"'=])*")


def locate_keys(text: str) -> dict[KeyPath, int]:
    """Line (from 1) of each table and key of a valid TOML text; an entry of `[[feed]]` is `("feed", number from 0)`."""
    lines: dict[KeyPath, int] = {}
    n_entries: dict[KeyPath, int] = {}
    table: KeyPath = ()
    for line, statement in _statements(text):
        if not statement.startswith("["):
            names = _names(_BEFORE_EQUALS.match(statement).group())  # type: ignore[union-attr] # matches nothing, too
            _note(lines, table, (*table, *names), line)
            continue
        *parents, last = _names(statement)
        table = ()
        for name in parents:
            table = (*table, name)
            table += (n_entries[table] - 1,) if table in n_entries else ()
        parent, table = table, (*table, last)
        if statement.startswith("[["):
            n_entries[table] = n_entries.get(table, 0) + 1
            lines.setdefault(table, line)
            table = (*table, n_entries[table] - 1)
        _note(lines, parent, table, line)
    return lines


def line_of(lines: dict[KeyPath, int], path: KeyPath) -> int:
    """The line of a key, else of the nearest table or key around it, else the first."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


def _note(lines: dict[KeyPath, int], known: KeyPath, path: KeyPath, line: int) -> None:
    for length in range(len(known) + 1, len(path) + 1):
        lines.setdefault(path[:length], line)


def _names(dotted: str) -> list[str]:
    return [next(part for part in found if part is not None) for found in map(_parts, _NAME.finditer(dotted))]


def _parts(found: re.Match[str]) -> tuple[str | None, ...]:
    return found.groups()


def _statements(text: str) -> list[tuple[int, str]]:
    """Each header and each key with its value, comments left out, beside the line where it starts."""
    statements: list[tuple[int, str]] = []
    line, start, depth, pieces = 1, 1, 0, ""
    for piece in _PIECE.finditer(text.replace("\r\n", "\n") + "\n"):
        kind = piece.lastgroup
        depth += (kind == "open") - (kind == "close")
        if kind == "end" and depth == 0:
            if pieces.strip():
                statements.append((start, pieces.strip()))
            pieces = ""
        elif kind != "comment":
            start = start if pieces.strip() else line
            pieces += piece.group()
        line += piece.group().count("\n")
    return statements
