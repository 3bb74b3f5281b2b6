"""Bar lengths and the writing of numbers have one home each; copies of either are seen."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.paths import PROJECT
from warehouse.tables.bars import NAMES, STORED, STORED_SECONDS

PACKAGES = ("flows", "ingest", "analysis", "warehouse", "dashboards")
BARS, UNITS = "warehouse/tables/bars.py", "warehouse/tables/units.py"

# Seconds of an hour and a day; microseconds of a minute, an hour and a day.
CONVERSIONS = {3_600, 86_400, 60_000_000, 3_600_000_000, 86_400_000_000}
DIVISIONS = (ast.Div, ast.FloorDiv, ast.Mod)
# Tables keyed by bar length that hold a choice, not the length: what is measured, over how much, on such bars.
CHOICES_BY_BAR = {
    "analysis/together/leads/order.py": "longest lead or lag looked at",
    "analysis/together/moving/moving.py": "windows and half-lives of moving correlations",
    "analysis/together/moving/regimes.py": "length of the blocks that regimes are made of",
    "ingest/prices/fallback.py": "how many days a first run fetches",
}
# Formats that no person reads as a number, a time or an amount.
NOT_FOR_PEOPLE = {
    "dashboards/figures/clock_strip.py": "places in a picture",
    "dashboards/figures/figure.py": "an escaped character of a script",
    "dashboards/shell/inline.py": "places in a picture",
    "flows/configuration.py": "a byte of a file",
    "ingest/news/parse/gdelt.py": "the stamp that the service's address takes",
}
# Fill, alignment and width of a column; the value is text already.
_LAYOUT = re.compile(r"^(?:.?[<>^])?\d*$")
_BRACES_WITH_SPEC = re.compile(r"\{[^{}:]*:[^{}]+\}")


def source_files(*packages: str) -> list[Path]:
    return sorted(path for package in packages for path in (PROJECT / package).rglob("*.py"))


def bar_arithmetic(source: str) -> Iterator[str]:
    """What a module does that only the vocabulary of bar lengths may: convert, or hold a length by its name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and type(node.value) in (int, float) and node.value in CONVERSIONS:
            yield f"line {node.lineno}: the number {node.value}; take the unit of time from {BARS}"
        if isinstance(node, ast.BinOp) and isinstance(node.op, DIVISIONS) and _is_unit_of_time(node.right):
            yield f"line {node.lineno}: divides by {ast.unparse(node.right)}; divide by a unit of {BARS}"
        if _is_timedelta(node) and any(_names_a_bar(word.value) for word in node.keywords):
            yield f"line {node.lineno}: {ast.unparse(node)}; a bar's length is bar_length(name)"


def tables_by_bar(source: str) -> Iterator[str]:
    """Dict displays with a bar length among keys or values."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Dict):
            texts = {part.value for part in (*node.keys, *node.values) if isinstance(part, ast.Constant)}
            if texts & set(NAMES):
                yield f"line {node.lineno}: {ast.unparse(node)[:60]}; ask {BARS} for length and words"


def formats(source: str) -> Iterator[str]:
    """Places where a value becomes text by a format of its own: spelled, rounded for show, or with an "s" put on."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.IfExp) and {_text(node.body), _text(node.orelse)} == {"", "s"}:
            yield f"line {node.lineno}: {ast.unparse(node)}; ask plural()"
        elif isinstance(node, ast.FormattedValue) and any(_is_rounding(part) for part in ast.walk(node.value)):
            yield f"line {node.lineno}: {ast.unparse(node.value)} is rounded for show"
        elif isinstance(node, ast.FormattedValue) and node.format_spec is not None and not _is_layout(node.format_spec):
            yield f"line {node.lineno}: {ast.unparse(node.value)} with a format of its own"
        elif isinstance(node, ast.Call):
            yield from _format_calls(node)


def _format_calls(node: ast.Call) -> Iterator[str]:
    name = ast.unparse(node.func)
    if name == "pl.format" and any(_is_rounding(part) for arg in node.args for part in ast.walk(arg)):
        yield f"line {node.lineno}: {ast.unparse(node)[:60]} is rounded for show"
    if name == "format" and len(node.args) > 1:
        yield f"line {node.lineno}: {ast.unparse(node)}"
    if name.endswith((".strftime", ".to_string")) and any(isinstance(arg, ast.Constant) for arg in node.args):
        yield f"line {node.lineno}: {name} with a pattern of its own"
    if name.endswith(".strftime") and any(isinstance(arg, ast.Name) and arg.id.startswith("_") for arg in node.args):
        yield f"line {node.lineno}: {name} with a pattern of its own"
    texts = [part.value for part in ast.walk(node.func) if isinstance(part, ast.Constant)]
    if name.endswith(".format") and any(isinstance(text, str) and _BRACES_WITH_SPEC.search(text) for text in texts):
        yield f"line {node.lineno}: a template with a format of its own"


def _is_rounding(node: ast.AST) -> bool:
    """A call that rounds to decimals; rounding to a whole number makes a count."""
    if not isinstance(node, ast.Call):
        return False
    name = ast.unparse(node.func)
    return (name == "round" and len(node.args) > 1) or (name.endswith(".round") and bool(node.args))


def _text(node: ast.AST) -> object:
    return node.value if isinstance(node, ast.Constant) else None


def _is_timedelta(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "timedelta"


def _is_unit_of_time(node: ast.AST) -> bool:
    """Whether it is the timedelta of one hour, one day, …"""
    if not (isinstance(node, ast.Call) and _is_timedelta(node)):
        return False
    return all(isinstance(word.value, ast.Constant) and word.value.value == 1 for word in node.keywords)


def _names_a_bar(node: ast.AST) -> bool:
    return any(re.search(r"bar_hours|bar_seconds|BAR_HOURS|TIMEFRAME_SECONDS|LENGTHS", name) for name in _words(node))


def _words(node: ast.AST) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            yield part.id
        elif isinstance(part, ast.Attribute):
            yield part.attr


def _is_layout(spec: ast.AST) -> bool:
    parts = spec.values if isinstance(spec, ast.JoinedStr) else []
    text = "".join(str(part.value) if isinstance(part, ast.Constant) else "1" for part in parts)
    return bool(_LAYOUT.match(text))


def relative(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


@pytest.mark.parametrize("path", source_files(*PACKAGES), ids=relative)
def test_lengths_and_units_of_time_come_from_the_vocabulary(path: Path) -> None:
    if relative(path) == BARS:
        return
    assert list(bar_arithmetic(path.read_text())) == []
    if relative(path) not in CHOICES_BY_BAR:
        assert list(tables_by_bar(path.read_text())) == []


@pytest.mark.parametrize("path", source_files(*PACKAGES), ids=relative)
def test_values_become_text_in_one_place(path: Path) -> None:
    if relative(path) not in (BARS, UNITS, *NOT_FOR_PEOPLE):
        assert list(formats(path.read_text())) == [], f"write it with {UNITS}"


@pytest.mark.parametrize(
    ("path", "rule"), [(p, tables_by_bar) for p in CHOICES_BY_BAR] + [(p, formats) for p in NOT_FOR_PEOPLE]
)
def test_every_exception_is_still_needed(path: str, rule) -> None:
    assert list(rule((PROJECT / path).read_text())), f"{path} needs no exception any more"


@pytest.mark.parametrize(
    "line",
    [
        "hours = seconds / 3600",
        "hours = seconds / 3600.0",
        "step = bar_hours * 3_600_000_000",
        "days = span / 86_400",
        "hours = (end - start) / timedelta(hours=1)",
        "n = length // dt.timedelta(days=1)",
        "bar = timedelta(hours=BAR_HOURS[name])",
        "bar = timedelta(hours=series.bar_hours)",
        "bar = timedelta(seconds=LENGTHS[timeframe])",
    ],
)
def test_a_length_of_its_own_is_seen(line: str) -> None:
    assert list(bar_arithmetic(line))


@pytest.mark.parametrize("line", ['{"1h": 1.0, "4h": 4.0}', '{"hourly": "1h"}', '{"15m": timedelta(minutes=15)}'])
def test_a_table_of_bar_lengths_is_seen(line: str) -> None:
    assert list(tables_by_bar(line))


@pytest.mark.parametrize(
    "line",
    [
        'f"{move:+.1%}"',
        'f"{round(move, 1)} points"',
        'pl.format("{} %", (pl.col("move") * 100).round(1))',
        """f"{n} event{'s' if n != 1 else ''}\"""",
        'f"{n:,} rows"',
        'f"{hours:g} h"',
        'f"{at:%Y-%m-%d}"',
        'f"{value:{width}.2f}"',
        'format(value, ".2f")',
        '"{:.1f} %".format(value)',
        'Markup("<b>{:,}</b>").format(n)',
        'at.strftime("%d %b")',
        'pl.col("at").dt.strftime("%Y-%m")',
        "at.strftime(_STAMP)",
    ],
)
def test_a_format_of_its_own_is_seen(line: str) -> None:
    assert list(formats(line))


@pytest.mark.parametrize(
    "line",
    [
        'f"{words:<14} {quote}"',
        'f"{words:>{width}}"',
        'f"{percent(move)} in {hours_plain(hours)}"',
        'Markup("<b>{}</b>").format(percent(move))',
        'pl.col("at").dt.strftime(ISO_DAY)',
        "SAME_NEWS = timedelta(hours=24)",
        'LIVE = ("1h", "1d")',
    ],
)
def test_layout_and_choices_are_allowed(line: str) -> None:
    assert [*formats(line), *bar_arithmetic(line), *tables_by_bar(line)] == []


@pytest.mark.parametrize("path", sorted((PROJECT / "warehouse/sql").rglob("*.sql")), ids=relative)
def test_queries_know_the_bar_lengths_that_are_stored(path: Path) -> None:
    assert list(bar_lengths_of_sql(path.read_text())) == []


@pytest.mark.parametrize(
    "text",
    [
        "case timeframe when '1m' then 60 when '4h' then 14000 end",
        "unnest(['1m', '5m', '1h', '1d'])",
        "list_position(['1m', '1h', '5m', '4h', '1d'], timeframe)",
    ],
)
def test_a_query_with_another_length_or_order_is_seen(text: str) -> None:
    assert list(bar_lengths_of_sql(text))


def bar_lengths_of_sql(text: str) -> Iterator[str]:
    """Lengths and lists of bar lengths in a query that are not those of the vocabulary."""
    for name, seconds in re.findall(r"when '(\d+[mhdw])' then (\d+)", text):
        if STORED_SECONDS.get(name) != int(seconds):
            yield f"{name} has {STORED_SECONDS.get(name)} seconds, not {seconds}"
    for listed in re.findall(r"\[((?:'\d+[mhdw]'(?:, )?)+)\]", text):
        if tuple(re.findall(r"'(\w+)'", listed)) != STORED:
            yield f"[{listed}] is not {STORED}"
