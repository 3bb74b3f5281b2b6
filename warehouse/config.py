"""The one loader of TOML entries: what ships, then a person's own file, merged key by key and checked strictly."""

from __future__ import annotations

import difflib
import re
import textwrap
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC as UTC_ZONE
from datetime import date, datetime, timedelta
from functools import cached_property
from importlib.resources import files
from typing import Annotated, Any, Generic, TypeVar, cast, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from warehouse.toml_lines import KeyPath, line_of, locate_keys

_Identity = tuple[Any, ...]

# How much of a wrong value a message repeats, in characters.
SHOWN_CHARACTERS = 60


class ConfigError(ValueError):
    """A TOML file cannot be used; one line per fault names file, line, entry, key and remedy."""


class Entry(BaseModel):
    """What every entry keeps to: no unknown key, no value of another type, no change after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def _require_utc(value: datetime) -> datetime:
    if value.utcoffset() != timedelta(0):
        raise ValueError("a time must be UTC: write it with a final Z, such as 2026-06-12T23:56:41Z")
    return value.astimezone(UTC_ZONE)


UtcTime = Annotated[datetime, AfterValidator(_require_utc)]
AnyEntry = TypeVar("AnyEntry", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class ConfigText:
    """The text of one TOML file under the name that messages call it by."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class EntryTable(Generic[AnyEntry]):
    """The `[[name]]` entries of a file.

    `identity` are the keys that tell entries apart (the first must be there). `model` is what an entry must be; a
    mapping chooses by the entry's `kind`, and an own entry of another kind replaces the packaged one. Of the keys in
    one group of `exclusive` an entry has one: naming one takes the others of the packaged entry away.
    """

    name: str
    model: type[AnyEntry] | Mapping[str, type[AnyEntry]]
    identity: tuple[str, ...] = ("id",)
    exclusive: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class FileForm:
    """What may stand in a file: entries, tables of texts (`[groups]`, merged key by key), and single texts."""

    tables: tuple[EntryTable[Any], ...]
    maps: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()

    @property
    def keys(self) -> list[str]:
        """The keys of the file's top level."""
        return [*(table.name for table in self.tables), *self.maps, *self.texts]


class _Source:
    """One parsed text; lines are looked for only once something is wrong."""

    def __init__(self, source: ConfigText) -> None:
        self.name = source.name
        self._text = source.text
        try:
            self.document = tomllib.loads(source.text)
        except tomllib.TOMLDecodeError as exc:
            raise ConfigError(_explain_syntax(source, exc)) from exc

    @cached_property
    def _lines(self) -> dict[KeyPath, int]:
        return locate_keys(self._text)

    def place(self, path: KeyPath) -> str:
        return f"{self.name} line {line_of(self._lines, path)}"


@dataclass(slots=True)
class _Row:
    """One entry as merged so far: its values, and which file wrote each of them and where."""

    values: dict[str, Any]
    source: _Source
    number: int
    origins: dict[str, tuple[_Source, int]] = field(default_factory=dict)

    def place(self, table: str, path: KeyPath = ()) -> str:
        source, number = self.origins.get(str(path[0]) if path else "", (self.source, self.number))
        return source.place((table, number, *path))


@dataclass(frozen=True, slots=True)
class ConfigChange:
    """What the last text says of one entry, or of a table of texts (identity empty): new, or which keys."""

    table: str
    identity: _Identity
    keys: tuple[str, ...]
    is_new: bool


class LoadedFile:
    """The entries of a file after merging; `error` builds faults that only the caller can see."""

    def __init__(
        self,
        rows: dict[str, dict[_Identity, _Row]],
        entries: dict[str, list[Any]],
        rest: dict[str, Any],
        changes: tuple[ConfigChange, ...],
    ) -> None:
        self._rows = rows
        self._entries = entries
        self._rest = rest
        self.changes = changes  # what the last text adds to or changes in those before it

    def entries(self, table: EntryTable[AnyEntry]) -> tuple[AnyEntry, ...]:
        """The checked entries of a table: the packaged ones in their order, then new ones."""
        return tuple(cast("list[AnyEntry]", self._entries[table.name]))

    def texts(self, name: str) -> dict[str, str]:
        """The keys and texts of a table such as `[groups]`."""
        return cast("dict[str, str]", self._rest.get(name, {}))

    def text(self, name: str) -> str:
        """A single text such as `version`: that of the first file."""
        return str(self._rest.get(name, ""))

    def error(self, table: EntryTable[Any], identity: _Identity, key: str, message: str) -> ConfigError:
        """The fault of one key of an entry, with its place."""
        row = self._rows[table.name][identity]
        return ConfigError(f"{row.place(table.name, (key,))}: {table.name} {_show(identity)}: {key}: {message}")


def packaged_text(package: str, file_name: str) -> ConfigText:
    """The text of a file that ships inside a package."""
    text = files(package).joinpath(file_name).read_text(encoding="utf-8")
    return ConfigText(f"{package.replace('.', '/')}/{file_name}", text)


def load_config(form: FileForm, *texts: ConfigText | None) -> LoadedFile:
    """The entries of all texts, later ones extending or overriding earlier ones by id; None stands for no file.

    An entry whose id is known changes only the keys it names, and a list or table among them is replaced as a whole; a
    new id must be complete. ConfigError names every fault: an unknown key, a wrong type, a missing key, an id that is
    missing or stands twice in one text.
    """
    faults: list[str] = []
    rows: dict[str, dict[_Identity, _Row]] = {table.name: {} for table in form.tables}
    rest: dict[str, Any] = {}
    ids: dict[str, list[_Identity]] = {}  # of the texts before the last
    sources = [_Source(text) for text in texts if text is not None]
    for source in sources:
        ids = {name: list(entries) for name, entries in rows.items()}
        faults += _unknown_tables(source, form)
        for name in form.maps:
            faults += _merge_map(rest, source, name)
        for name in form.texts:
            rest.setdefault(name, source.document.get(name, ""))
        for table in form.tables:
            faults += _merge_entries(rows[table.name], source, table)
    built: dict[str, list[Any]] = {}
    for table in form.tables:
        built[table.name] = []
        for identity, row in rows[table.name].items():
            entry, wrong = _check(table, identity, row, ids.get(table.name, []))
            built[table.name] += [entry] if entry is not None else []
            faults += wrong
    if faults:
        raise ConfigError("\n".join(faults))
    changes = tuple(_changes(form, rows, ids, sources[-1])) if sources else ()
    return LoadedFile(rows, built, rest, changes)


def nearest(word: str, known: list[str]) -> str | None:
    """The known word that looks most like this one; None when none does."""
    by_folded = {name.casefold(): name for name in known}
    found = difflib.get_close_matches(word.casefold(), list(by_folded), n=1)
    return by_folded[found[0]] if found else None


def _unknown_tables(source: _Source, form: FileForm) -> Iterator[str]:
    tables = {table.name for table in form.tables}
    for key in source.document:
        if key not in form.keys:
            meant = nearest(key, form.keys)
            written = f"[[{meant}]]" if meant in tables else meant
            hint = f"did you mean {written}?" if meant else f"expected {', '.join(f'[[{n}]]' for n in sorted(tables))}"
            yield f"{source.place((key,))}: unknown key {key!r}; {hint}"


def _merge_map(rest: dict[str, Any], source: _Source, name: str) -> Iterator[str]:
    values = source.document.get(name, {})
    if not isinstance(values, dict):
        yield f"{source.place((name,))}: {name}: expected a table; start it with [{name}]"
        return
    for key, value in values.items():
        if not isinstance(value, str):
            yield f"{source.place((name, key))}: {name}: {key}: {value!r} should be a text; put it in quotes"
    rest[name] = {**rest.get(name, {}), **values}


def _merge_entries(rows: dict[_Identity, _Row], source: _Source, table: EntryTable[Any]) -> Iterator[str]:
    entries = source.document.get(table.name, [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        yield f"{source.place((table.name,))}: {table.name}: expected entries; start each with [[{table.name}]]"
        return
    here: dict[_Identity, int] = {}
    for number, written in enumerate(entries):
        values = {key: _freeze(value) for key, value in written.items()}
        identity = tuple(values.get(name) for name in table.identity)
        first = table.identity[0]
        if not isinstance(identity[0], str) or not identity[0]:
            place = source.place((table.name, number, first))
            yield f"{place}: {table.name} number {number + 1}: {first}: missing; give the entry a text as its {first}"
        elif identity in here:
            place = source.place((table.name, number, first))
            before = source.place((table.name, here[identity], first)).rpartition(" ")[2]
            said = f"stands on line {before} already; keep one of the two"
            yield f"{place}: {table.name} {_show(identity)}: {first}: {said}"
        else:
            here[identity] = number
            is_known = identity in rows
            kept = _kept(rows[identity], values, table) if is_known else {}
            origins = {key: rows[identity].origins[key] for key in kept}
            origins |= dict.fromkeys(values, (source, number))
            rows[identity] = _Row(kept | values, source, number, origins)


def _changes(
    form: FileForm, rows: dict[str, dict[_Identity, _Row]], ids: dict[str, list[_Identity]], last: _Source
) -> Iterator[ConfigChange]:
    for name in form.maps:
        if written := last.document.get(name):
            yield ConfigChange(name, (), tuple(written), is_new=False)
    for table in form.tables:
        for identity, row in rows[table.name].items():
            if row.source is last:
                keys = tuple(key for key, (source, _) in row.origins.items() if source is last)
                named = tuple(key for key in keys if key not in table.identity)
                yield ConfigChange(table.name, identity, named, identity not in ids[table.name])


def _kept(row: _Row, values: dict[str, Any], table: EntryTable[Any]) -> dict[str, Any]:
    """What an entry of a later file leaves of the earlier one."""
    if isinstance(table.model, Mapping) and values.get("kind", row.values.get("kind")) != row.values.get("kind"):
        return {}
    displaced = {other for group in table.exclusive if set(group) & set(values) for other in group}
    return {key: value for key, value in row.values.items() if key not in displaced}


def _freeze(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_freeze(item) for item in value)
    if isinstance(value, dict):
        return {key: _freeze(item) for key, item in value.items()}
    return value


def _check(
    table: EntryTable[Any], identity: _Identity, row: _Row, known: list[_Identity]
) -> tuple[BaseModel | None, list[str]]:
    name = f"{table.name} {_show(identity)}"
    model = table.model
    if isinstance(model, Mapping):
        kind = row.values.get("kind")
        if not isinstance(kind, str) or kind not in model:
            hint = _suggest(kind, list(model)) or f"expected one of {', '.join(model)}"
            return None, [f"{row.place(table.name, ('kind',))}: {name}: kind: {kind!r} is not a kind; {hint}"]
        name_of_kind = f"{table.name} of kind {kind!r}"
        model = model[kind]
    else:
        name_of_kind = table.name
    try:
        return model.model_validate(row.values), []
    except ValidationError as exc:
        errors = exc.errors()
    # A misspelt key is both unknown and missing; the line with the misspelling helps more.
    unknown = [error for error in errors if error["type"] == "extra_forbidden"]
    faults = []
    for error in unknown or errors:
        key = ".".join(part if isinstance(part, str) else f"#{part + 1}" for part in error["loc"])
        said = _explain(error, model, name_of_kind)
        if error["type"] == "missing" and identity not in known:
            meant = nearest(_show(identity, quote=False), [_show(other, quote=False) for other in known])
            said += f"; did you mean {meant!r}, which is known?" if meant else ""
        faults.append(f"{row.place(table.name, error['loc'])}: {name}: {key + ': ' if key else ''}{said}")
    return None, faults


def _explain(error: Mapping[str, Any], model: type[BaseModel], kind: str) -> str:
    """What is wrong with a value, what was expected, and the nearest thing that would do."""
    if error["type"] == "extra_forbidden":
        known = _keys_at(model, error["loc"][:-1])
        return f"unknown key for {kind}; {_suggest(error['loc'][-1], known) or 'expected some of ' + ', '.join(known)}"
    if error["type"] == "missing":
        return f"missing; a new {kind} needs it"
    if error["type"] == "value_error":
        return str(error["msg"]).removeprefix("Value error, ")
    expected = re.sub(r"^\w+ should", "should", error["msg"])
    hint = _suggest(error["input"], re.findall(r"'([^']*)'", error["msg"])) if error["type"] == "literal_error" else ""
    value = error["input"]
    written = value.isoformat() if isinstance(value, date) else repr(list(value) if isinstance(value, tuple) else value)
    return f"{textwrap.shorten(written, SHOWN_CHARACTERS)} {expected}{'; ' + hint if hint else ''}"


def _keys_at(model: type[BaseModel], path: tuple[str | int, ...]) -> list[str]:
    """The keys of the model that stands at this path of nested tables."""
    for part in path:
        if isinstance(part, str):
            model = _model_in(model.model_fields[part].annotation) or model
    return list(model.model_fields)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in get_args(annotation) if (found := _model_in(inner))), None)


def _suggest(word: object, known: list[str]) -> str:
    meant = nearest(word, known) if isinstance(word, str) else None
    return f"did you mean {meant!r}?" if meant else ""


def _show(identity: _Identity, *, quote: bool = True) -> str:
    text = " ".join(str(part) for part in identity if part is not None)
    return repr(text) if quote else text


def _explain_syntax(source: ConfigText, exc: tomllib.TOMLDecodeError) -> str:
    """`FILE line N: not valid TOML: …`, the parser's words without its own way to name the place."""
    said = re.match(r"(.*?) \(at (?:line (\d+), column (\d+)|end of document)\)", str(exc), re.DOTALL)
    if said is None:
        return f"{source.name}: not valid TOML: {exc}"
    line = said.group(2) or str(len(source.text.splitlines()))
    column = f" (column {said.group(3)})" if said.group(3) else " (the text ends there)"
    return f"{source.name} line {line}: not valid TOML: {said.group(1)}{column}; correct that line"
