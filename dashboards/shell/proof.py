"""Every number of a built site, run against the published file and compared with its words."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from dashboards.numbers import NAMED, SENTENCES, TRANSFORMS, Origin, columns_of, key_text, tables_by_name
from dashboards.origins import sql_of
from warehouse.store.connection import Reader, open_reader
from warehouse.tables import terms, units
from warehouse.tables.contract import Table
from warehouse.tables.queries import query_text
from warehouse.tables.spoken import spoken

_TOKEN = re.compile(r"<(script|style|title|option)\b.*?</\1>|<(?P<tag>[^>]*)>|(?P<text>[^<]+)", re.DOTALL)
_ATTRIBUTE = re.compile(r'([a-z-]+)="([^"]*)"')
_DIGIT, _DIGITS, _LETTER = re.compile(r"\d"), re.compile(r"\d+"), re.compile("[A-Za-z]")
_NAME = re.compile(r"\w+")
# Elements whose digits are no numbers of ours: moments, titles and headlines, names of commands, and drawn axes.
_EXEMPT = ("data", "time", "cite", "code", "svg", "pre")
# The names a page may print, by table: what a registry or a publisher calls a thing.
REGISTERED = {
    "core.asset": ("asset_id", "name"),
    "core.market": ("market_id", "symbol", "asset_id"),
    "core.event": ("event_id", "title", "entities", "jurisdiction"),
    "core.event_source": ("title", "outlet"),
    "core.feed": ("feed_id", "title"),
    "core.claim": ("source", "said_by"),
    "out.claim_verdict": ("claim_id", "quote", "episode"),
    "ops.run": ("run_id", "command"),
    "ops.fetch": ("source_id",),
    "raw.quarantine": ("source_id",),
    "ops.check_result": ("check_id", "description"),
    "out.study_result": ("study_id", "group_id"),
    "out.single_size": ("scenario",),
}
# What pages print of a name in words of ours.
_IN_WORDS = {"market_id": terms.market_name, "episode": terms.episode_name}
# The names that this program gives: tests, simulated markets, models and their benchmarks.
_TITLES = (terms.STATISTIC_TITLES, terms.SCENARIO_TITLES, terms.MODEL_TITLES, terms.BENCHMARK_TITLES)
# What the methods fix once for all pages, each with the words it stands in: the same digits in other words are loose.
# tests/dashboards/test_numbers.py holds them to their constants.
_SPAN = r"(?:1|4|12|24) h(?:ours?)?|[37] days|72 hours"
METHOD = re.compile(
    "|".join(
        (
            # Windows: a heading or cell of its own, or in words that say what happened in it.
            rf"^\W*(?:after |in |CAR |Beyond (?:it|Bitcoin|the benchmark), |\w+, |TAO after an outage, )?"
            rf"(?:{_SPAN})\W*$",
            r"^24 h and 7 days$",
            r"\b(?:[Aa]fter|in|over|within|for|window|the|last|next|first) (?:1|4|12|24) h(?:ours?)?\b(?! \d)",
            r"\b24 hours (?:after|of data)\b|\b24-hour (?:abnormal|return|windows?|answer|move|effect)",
            r"\b[Aa]fter [37] days\b|Dots: 12 h(?:, 24 h(?:, 7 days)?)? after\b|window −(?:60 h|2) to \+7 days",
            # Levels of bands, intervals and tests.
            r"\b95 ?% (?:interval|band|range)|\b(?:80|50)% band, (?:lower|upper)|(?:lower|upper) 95%|interval: 95%",
            r"95% \(thin\) and 50% \(thick\) intervals|[Mm]iddle (?:50, 80 and )?95(?:%| percent)(?: of|:)|Wilson 95%",
            r"(?:within|outside) 95% of ordinary windows|\(95% of placebos|±1\.96 standard errors|p < 0\.05|1 in 50",
            r"5 of 100|5% was intended|lies above 5%|allow for dependence, at 5%|(?:95% and )?5% (?:is|are) asked for",
            # Bars, models and axes.
            r"(?:\b1|\b4)-hour(?= bars| closes| returns|\W*$)|errors HC3\b|beta 1\b|[Nn] = 1 event\b",
            r"−\d+% · 0 · \+\d+%|−1 \(opposite\) to \+1",
            # Sizes that a method takes.
            r"rose more than 1%|2\.7 times as many outlets|effect of 15 log percent|(?:with|same) 10%|39 independent",
        )
    )
)


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One number whose words are not those of the published value."""

    page: str
    origin: str
    printed: str
    published: str


@dataclass(frozen=True, slots=True)
class Loose:
    """A text with a digit that no origin covers."""

    page: str
    text: str


@dataclass(slots=True)
class Proof:
    """What a crawl found: how many numbers stand on how many pages, which differ, which have no origin."""

    n_pages: int = 0
    n_numbers: int = 0
    differences: list[Mismatch] = field(default_factory=list)
    loose: list[Loose] = field(default_factory=list)


def prove_site(site: Path, published: Path) -> Proof:
    """Read every page below `site` and compare each number with the file it was published in."""
    proof = Proof()
    with open_reader(published) as reader:
        values = _Values(reader)
        names = _names(reader)
        for path in sorted(site.rglob("*.html")):
            prove_page(path.relative_to(site).as_posix(), path.read_text(encoding="utf-8"), values, names, proof)
    return proof


def prove_page(page: str, text: str, values: _Values, names: KnownNames, proof: Proof) -> None:
    """Add what one page prints to `proof`."""
    proof.n_pages += 1
    for item in read_page(text):
        if isinstance(item, str):
            if _DIGIT.search(METHOD.sub("", item)) and _DIGIT.search(METHOD.sub("", names.without(item))):
                proof.loose.append(Loose(page, " ".join(item.split())))
            continue
        proof.n_numbers += 1
        expected = values.words(item.origin, item.form)
        if expected != item.words:
            proof.differences.append(Mismatch(page, item.origin, item.words, expected))


@dataclass(frozen=True, slots=True)
class Printed:
    """One `<data>` of a page."""

    origin: str
    form: str
    words: str


def read_page(text: str) -> Iterator[Printed | str]:
    """Each number of a page, and each text outside the exempt elements that holds a digit."""
    return _Reading().read(text)


class _Reading:
    """The state of reading one page: which element the text stands in, and the origin that a table gives its cells."""

    def __init__(self) -> None:
        self.exempt: list[str] = []
        self.number: dict[str, str] | None = None
        self.words: list[str] = []
        self.table: str | None = None
        self.columns: list[dict[str, str]] = []
        self.row, self.cell = "", -1

    def read(self, text: str) -> Iterator[Printed | str]:
        for token in _TOKEN.finditer(text):
            if token["text"] is not None:
                yield from self._text(token["text"])
            elif token["tag"] is not None:
                yield from self._tag(token["tag"])

    def _text(self, text: str) -> Iterator[Printed | str]:
        if self.number is not None:
            self.words.append(text)
        elif not self.exempt and _DIGIT.search(text):
            words = html.unescape(text)
            column = self.columns[self.cell] if self.table is not None and 0 <= self.cell < len(self.columns) else {}
            if column:
                key = "&".join(filter(None, (self.table, self.row)))
                yield Printed(f"{column['source']}|{key}|{column['data-col']}", column["data-as"], words)
            else:
                yield words

    def _tag(self, tag: str) -> Iterator[Printed | str]:
        name, is_end = tag.lstrip("/").split(" ", 1)[0].rstrip("/"), tag.startswith("/")
        if name == "data":
            if is_end and self.number is not None:
                words = html.unescape("".join(self.words))
                yield Printed(self.number["data-from"], self.number["data-as"], words)
            self.number, self.words = (None, []) if is_end else (_attributes(tag), [])
        elif name in _EXEMPT and not tag.endswith("/"):
            if is_end:
                self.exempt.remove(name)
            else:
                self.exempt.append(name)
        elif name == "table":
            self._open_table("" if is_end else _attributes(tag).get("data-from", ""))
        elif name == "th" and not is_end and self.table is not None:
            found = _attributes(tag)
            self.columns.append({**found, "source": self.source} if "data-col" in found else {})
        elif name == "tr" and not is_end:
            self.row, self.cell = _attributes(tag).get("data-key", ""), -1
        elif name == "td" and not is_end:
            self.cell += 1

    def _open_table(self, origin: str) -> None:
        self.source, self.table = origin.split("|")[:2] if origin else ("", None)
        self.columns, self.cell = [], -1


def _attributes(tag: str) -> dict[str, str]:
    return {name: html.unescape(value) for name, value in _ATTRIBUTE.findall(tag)}


class _Values:
    """Published values by origin: rows of a table are read once per column, sums and queries as they are asked for."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._columns: dict[tuple[str, ...], dict[tuple[str, ...], Any]] = {}
        self._single: dict[str, Any] = {}

    def words(self, text: str, form: str) -> str:
        """What a page should print for this origin; a reason in brackets where there is nothing to print."""
        try:
            origin = Origin.read(text)
            value = self.value(origin)
            is_spoken = isinstance(value, str) and not SENTENCES.isdisjoint(_NAME.findall(origin.column))
            return write_form(spoken(value) if is_spoken else value, form)
        except (KeyError, ValueError, LookupError) as exc:
            return f"[{type(exc).__name__}: {exc}]"

    def value(self, origin: Origin) -> Any:
        """The published value; LookupError when no row or more than one answers."""
        table, key = tables_by_name().get(origin.source), dict(origin.key)
        if table is not None and set(key) == set(table.key) and "(" not in origin.column:
            return self._column(table, origin.column)[tuple(key[part] for part in table.key)]
        name = str(origin)
        if name not in self._single:
            self._single[name] = self._ask(origin)
        return self._single[name]

    def _column(self, table: Table, column: str) -> dict[tuple[str, ...], Any]:
        if (table.name, column) not in self._columns:
            if column not in columns_of(table):
                raise LookupError(f"{table.name} has no column {column}")
            names = ", ".join([*table.key, f"{column} as printed_value"])
            rows = self._reader.sql(f"select {names} from {table.name}")
            self._columns[table.name, column] = _by_key(rows)
        return self._columns[table.name, column]

    def _ask(self, origin: Origin) -> Any:
        if origin.source.startswith(NAMED) and "$" not in query_text(origin.source.removeprefix(NAMED)):
            names = tuple(name for name, _ in origin.key)
            return self._indexed(origin.source, names, origin.column)[tuple(value for _, value in origin.key)]
        if origin.source.startswith(NAMED):
            frame = self._reader.query(origin.source.removeprefix(NAMED), **dict(origin.key))
            if frame.height != 1:
                raise LookupError(f"{origin.source} gives {frame.height} rows")
            return frame[origin.column][0]
        is_aggregate = "(" in origin.column and not origin.column.startswith("(")
        if is_aggregate and origin.key and (found := self._aggregate(origin)) is not None:
            return found
        frame = self._reader.sql(sql_of(origin))
        if frame.height != 1:
            raise LookupError(f"{frame.height} rows answer {origin}")
        return _whole(frame.to_series(0)[0])

    def _aggregate(self, origin: Origin) -> Any:
        """An aggregate over the rows that share the key, all such groups read at once; None where no row shares it."""
        names = tuple(name for name, _ in origin.key)
        cached = (origin.source, origin.column, *names)
        if cached not in self._columns:
            parts = ", ".join(names)
            rows = self._reader.sql(f"select {parts}, {origin.column} from {origin.source} group by {parts}")
            self._columns[cached] = _by_key(rows)
        return self._columns[cached].get(tuple(value for _, value in origin.key))

    def _indexed(self, source: str, names: tuple[str, ...], column: str) -> dict[tuple[str, ...], Any]:
        """One column of a query that takes no parameters, by the columns that tell its rows apart."""
        if (source, column, *names) not in self._columns:
            rows = self._reader.query(source.removeprefix(NAMED)).select(*names, pl.col(column).alias("printed_value"))
            # Of the groupings in one query, the one asked for: others leave these columns empty.
            self._columns[source, column, *names] = _by_key(rows.drop_nulls(names))
        return self._columns[source, column, *names]


def _by_key(rows: pl.DataFrame) -> dict[tuple[str, ...], Any]:
    """The last column by the texts of those before: each value of a key is written once, however often it stands."""
    *parts, values = rows.get_columns()
    texts = []
    for part in parts:
        known = part.unique()
        words = {value: key_text(value) for value in known}
        texts.append([words[value] for value in part])
    keys = zip(*texts, strict=True) if texts else [()] * rows.height
    return dict(zip(keys, map(_whole, values), strict=True))


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, Decimal) else value


def write_form(value: Any, form: str) -> str:
    """A published value as the form of a page writes it: steps, then the writer with its arguments."""
    *steps, last = form.split("+")
    name, *rest = last.split(":")
    if name == "text" or value is None:
        return units.ABSENT if value is None else str(value)
    for step in steps:
        value = TRANSFORMS[step](value)
    positional = [_argument(part) for part in rest if "=" not in part]
    named = dict(part.split("=", 1) for part in rest if "=" in part)
    writer = getattr(units, name, None) or getattr(terms, name, None)
    if writer is None:
        raise LookupError(f"no writer is called {name!r}")
    words: str = writer(value, *positional, **{key: _argument(part) for key, part in named.items()})
    return words


def _argument(text: str) -> Any:
    if text in ("None", "True", "False"):
        return {"None": None, "True": True, "False": False}[text]
    try:
        return int(text)
    except ValueError:
        return text


def _names(reader: Reader) -> KnownNames:
    """Every name that a registry or publisher gave."""
    found = {title for titles in _TITLES for title in titles.values()}
    for name, columns in REGISTERED.items():
        table = tables_by_name()[name]
        if not reader.has(table):
            continue
        for column in columns:
            rows = reader.sql(f"select distinct {column} from {name}").to_series(0)
            found |= {str(text) for text in rows.drop_nulls()}
            if column in _IN_WORDS:
                found |= {_IN_WORDS[column](text) for text in rows.drop_nulls()}
    return KnownNames(found)


class KnownNames:
    """KnownNames that hold a digit beside letters, found in a text by the digits they share with it."""

    def __init__(self, names: Iterable[str]) -> None:
        self._by_digits: dict[str, list[str]] = {}
        for name in sorted({" ".join(name.split()) for name in names}, key=len, reverse=True):
            digits = _DIGITS.search(name)
            if digits and _LETTER.search(name):
                self._by_digits.setdefault(digits[0], []).append(name)

    def without(self, text: str) -> str:
        """`text` without the names in it, the longest taken first."""
        rest = " ".join(text.split())
        for digits in dict.fromkeys(_DIGITS.findall(rest)):
            for name in self._by_digits.get(digits, ()):
                rest = rest.replace(name, "")
        return rest
