"""Typed options that commands share: a valid word in any spelling, or exit code 2 with the nearest ones."""

import re
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, NewType

import typer

from flows.output import Format
from warehouse.tables.units import iso_minute

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

Asset = NewType("Asset", str)
EventId = NewType("EventId", str)
Category = NewType("Category", str)
Timeframe = NewType("Timeframe", str)
Market = NewType("Market", str)
ReasonText = NewType("ReasonText", str)
Instant = NewType("Instant", datetime)

FormatOption = Annotated[Format, typer.Option("--format", help="How to print the rows.")]

_NEW_ID = re.compile(r"[a-z0-9][a-z0-9_-]*")
DEFAULT_TIMEFRAME = Timeframe("1h")
# So many suggestions are read; where nothing is near, so many of all names.
NEAREST_NAMES = 5
LISTED_NAMES = 12
# A name is near when this share of its letters stands in the same order.
NEAR_SHARE = 0.55
# A part of what was typed is looked for in names from so many letters on.
SHORTEST_PART = 4
EXAMPLE_EVENT = "2026-06-12-fable-mythos-access-restriction"
EXAMPLE_DAY = "2026-06-13"
EXAMPLE_INSTANT = "2026-06-13T01:00:00Z"
LAST_PORT = 65_535
PAGES_PORT = 8765  # of the pages on loopback, whichever command shows them
LAST_SECOND = time(23, 59, 59, tzinfo=UTC)


class BarLabel(StrEnum):
    """Which end of a bar its time names."""

    OPEN = "open"
    CLOSE = "close"


def asset_option(help_text: str, *names: str) -> Any:
    """An option for an asset, in any case."""
    return typer.Option(*names, help=help_text, parser=parse_asset, metavar="ASSET")


def counterpart_option(help_text: str, *names: str) -> Any:
    """An option for an asset or a basket that assets are compared with."""
    return typer.Option(*names, help=help_text, parser=parse_counterpart, metavar="ASSET")


def event_option(help_text: str, *names: str) -> Any:
    """An option for the id of a published event."""
    return typer.Option(*names, help=help_text, parser=parse_event, metavar="EVENT")


def event_argument(help_text: str = "Event id, as `aftershock events list` prints it.") -> Any:
    """An argument for the id of a published event."""
    return typer.Argument(help=help_text, parser=parse_event, metavar="EVENT")


def new_id_argument(help_text: str) -> Any:
    """An argument for an id that a person gives: of an event, a study."""
    return typer.Argument(help=help_text, parser=parse_new_id, metavar="ID")


def event_part_argument(help_text: str) -> Any:
    """An argument for an event id, or for a part of id or title that only one event has."""
    return typer.Argument(help=help_text, parser=parse_event_part, metavar="EVENT")


def category_option(help_text: str) -> Any:
    """An option for a category of events."""
    return typer.Option(help=help_text, parser=parse_category, metavar="CATEGORY")


def category_argument(help_text: str) -> Any:
    """An argument for a category of events."""
    return typer.Argument(help=help_text, parser=parse_category, metavar="CATEGORY")


def timeframe_option(help_text: str) -> Any:
    """An option for a bar length, views such as 15m included."""
    return typer.Option("--timeframe", help=help_text, parser=parse_timeframe, metavar="BAR")


def stored_timeframe_option(help_text: str) -> Any:
    """An option for a bar length that is kept; one that is only a view is refused with the remedy."""
    return typer.Option("--timeframe", help=help_text, parser=parse_stored_timeframe, metavar="BAR")


def instant_option(help_text: str, *names: str) -> Any:
    """An option for a UTC instant; a day alone is its first instant, 00:00."""
    return typer.Option(*names, help=help_text, parser=parse_instant, metavar="UTC")


def past_instant_option(help_text: str, *names: str) -> Any:
    """An option for a UTC instant that has passed; a day alone is its first instant."""
    return typer.Option(*names, help=help_text, parser=parse_past_instant, metavar="UTC")


def exact_instant_option(help_text: str, *names: str) -> Any:
    """An option for a UTC instant with its time of day; a day alone is refused, because midnight would be a guess."""
    return typer.Option(*names, help=help_text, parser=parse_exact_instant, metavar="UTC")


def last_instant_option(help_text: str, *names: str) -> Any:
    """An option for an upper bound in UTC; a day alone is its last second, so that the bound is never too early."""
    return typer.Option(*names, help=help_text, parser=parse_last_instant, metavar="UTC")


def market_option(help_text: str) -> Any:
    """An option for a stored market."""
    return typer.Option("--market", help=help_text, parser=parse_market, metavar="MARKET")


def lake_option() -> Any:
    """An option for the lake that a study reads instead of the published file."""
    return typer.Option("--lake", help="Read this lake (aftershock lake publish) instead of the published file.")


def cluster_option() -> Any:
    """An option for the Dask cluster that takes a study's tasks."""
    return typer.Option("--cluster", help="Hand the tasks to this Dask scheduler, e.g. tcp://127.0.0.1:8786.")


def reason_option(help_text: str) -> Any:
    """An option for a reason of refusal."""
    return typer.Option("--reason", help=help_text, parser=parse_reason, metavar="REASON")


def port_option(help_text: str, *names: str, is_any_allowed: bool = True) -> Any:
    """An option for a port on loopback; 0 is any free one where that is allowed."""
    return typer.Option(*names, help=help_text, min=0 if is_any_allowed else 1, max=LAST_PORT)


def parse_asset(text: str) -> Asset:
    """The id of an asset that the registry or a stored market knows, however its letters are written."""
    return Asset(_choose("asset", text, _known_assets(), "TAO", "aftershock query 'select asset_id from core.asset'"))


def parse_counterpart(text: str) -> Asset:
    """The id of an asset, or of a basket that the correlation tables compare with."""
    from analysis.together.moving.pairs import BASKET_ASSET

    known = [*_known_assets(), BASKET_ASSET]
    return Asset(_choose("asset", text, known, "BTC", "aftershock query 'select asset_id from core.asset'"))


def parse_event(text: str) -> EventId:
    """The id of a published event; before the first run there is none to compare with, and the id passes as it is."""
    known = published_event_ids()
    return EventId(_choose("event", text, known, EXAMPLE_EVENT, "aftershock events list")) if known else EventId(text)


def published_event_ids() -> list[str]:
    """Ids of the published events; none before the first run."""
    return _published("event_ids")


def parse_event_part(text: str) -> EventId:
    """Like `parse_event`, but a part of id or title will do where only one event has it."""
    matching = _published("event_matches", part=text.lower())
    return EventId(matching[0]) if len(matching) == 1 else parse_event(text)


def parse_new_id(text: str) -> str:
    """An id that is also a file name and a word of addresses."""
    if not _NEW_ID.fullmatch(text):
        said = "expected small letters, digits, - and _, a letter or digit first"
        raise typer.BadParameter(f"{text!r} cannot be an id; {said}, such as 2026-06-13-what-it-is")
    return text


def parse_category(text: str) -> Category:
    """A category of the tagging rules, the user's own included, or one that a published event has."""
    from flows.jobs.labelled_files import load_user_vocabulary
    from flows.settings import load_settings

    with _named_faults():
        rules = [category.category_id for category in load_user_vocabulary(load_settings().config_path).categories]
    known = list(dict.fromkeys([*rules, *_published("event_categories")]))
    return Category(_choose("category", text.replace(" ", "_").replace("-", "_"), known, "outage"))


def parse_market(text: str) -> Market:
    """The id of a stored market, or of one whose rows were refused."""
    return Market(_choose("market", text, _published("market_ids"), "okx:TAO/USDT", "aftershock coverage"))


def parse_reason(text: str) -> ReasonText:
    """A reason for which candles are refused, or any row was."""
    from ingest.prices.candles import REASONS

    return ReasonText(_choose("reason", text, [*REASONS, *_published("refusal_reasons")], "frozen"))


def parse_timeframe(text: str) -> Timeframe:
    """A bar length of the vocabulary."""
    from warehouse.tables.bars import NAMES

    return Timeframe(_choose("bar length", text, NAMES, "1h"))


def parse_stored_timeframe(text: str) -> Timeframe:
    """A bar length whose bars are kept."""
    from warehouse.tables.bars import parse_stored_bar

    name = parse_timeframe(text)
    try:
        parse_stored_bar(name)
    except ValueError as exc:
        raise typer.BadParameter(str(exc)) from exc
    return name


def parse_instant(text: str) -> Instant:
    """A UTC instant: 2026-06-13, 2026-06-13T01:00, 2026-06-13T01:00:00Z or +00:00; a day alone is its 00:00.

    Without a zone it is UTC; another zone is refused rather than converted without a word.
    """
    try:
        instant = datetime.fromisoformat(text.strip())
    except ValueError as exc:
        raise typer.BadParameter(
            f"{text!r} is no UTC date or time; expected a form such as {EXAMPLE_DAY} or {EXAMPLE_INSTANT}"
        ) from exc
    if instant.utcoffset() not in (None, timedelta(0)):
        in_utc = instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
        raise typer.BadParameter(f"{text!r} is not in UTC; the same instant in UTC is {in_utc}")
    return Instant(instant.replace(tzinfo=UTC))


def parse_past_instant(text: str) -> Instant:
    """Like `parse_instant`; an instant that has not come is refused."""
    instant, now = parse_instant(text), datetime.now(UTC)
    if instant >= now:
        raise typer.BadParameter(
            f"{text!r} lies in the future (now it is {iso_minute(now)} UTC): nothing can be fetched since then"
        )
    return instant


def parse_exact_instant(text: str) -> Instant:
    """Like `parse_instant`; a day alone is refused."""
    instant = parse_instant(text)
    if _is_day(text):
        raise typer.BadParameter(f"{text!r} says no time of day; expected a form such as {EXAMPLE_INSTANT}")
    return instant


def parse_last_instant(text: str) -> Instant:
    """Like `parse_instant`; a day alone is its last second."""
    instant = parse_instant(text)
    return Instant(datetime.combine(instant, LAST_SECOND)) if _is_day(text) else instant


def name_nearest(text: str, known: "Iterable[str]", listing: str = "") -> str:
    """The known names that look most like `text` or share its words, else the first ones, as words for a message.

    Of many names none is listed where a command, `listing`, shows them all.
    """
    from difflib import get_close_matches

    by_folded = {name.casefold(): name for name in known}
    holding = [name for name in by_folded if text.casefold() in name]
    alike = get_close_matches(text.casefold(), by_folded, NEAREST_NAMES, NEAR_SHARE)
    parts = [part for part in re.findall(r"[^\W\d_]+", text.casefold()) if len(part) >= SHORTEST_PART]
    sharing = sorted(by_folded, key=lambda name: -sum(part in name for part in parts))
    sharing = [name for name in sharing[:NEAREST_NAMES] if any(part in name for part in parts)]
    near = [by_folded[name] for name in dict.fromkeys([*holding[:NEAREST_NAMES], *alike, *sharing])][:NEAREST_NAMES]
    if near:
        return f"nearest: {', '.join(near)}"
    names = list(by_folded.values())
    if listing and len(names) > LISTED_NAMES:
        return "none looks like it"
    return f"there are: {', '.join(names[:LISTED_NAMES]) or 'none yet'}{', …' if len(names) > LISTED_NAMES else ''}"


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text.strip())
    except ValueError:
        return False
    return True


def _choose(what: str, text: str, known: "Iterable[str]", example: str, listing: str = "") -> str:
    """The known name that `text` spells, in any case; BadParameter with the nearest names and an example."""
    names = list(known)
    if text in names:
        return text
    same = [name for name in names if name.casefold() == text.strip().casefold()]
    if same:
        return same[0]
    see = f"; all: {listing}" if listing else ""
    raise typer.BadParameter(f"no {what} {text!r}; {name_nearest(text, names, listing)}; for example {example}{see}")


def _known_assets() -> list[str]:
    """Ids of the registry, the user's entries included, and of markets that only the published file knows."""
    from flows.configuration import read_own
    from flows.settings import load_settings
    from ingest.prices.registry import load_registry

    config_path = load_settings().config_path
    with _named_faults():
        registry = load_registry(read_own(config_path, "assets.toml"), read_own(config_path, "markets.toml"))
    registered = registry.assets["asset_id"].to_list()
    return list(dict.fromkeys([*registered, *_published("market_assets")]))


@contextmanager
def _named_faults() -> "Iterator[None]":
    """A fault in a person's own files as CommandError: where values are parsed, a ValueError would lose its words."""
    from flows.errors import CommandError
    from warehouse.config import ConfigError

    try:
        yield
    except ConfigError as exc:
        raise CommandError(str(exc)) from exc


def _published(query: str, **parameters: str) -> list[str]:
    """The one column of a packaged query on the published file; nothing before the first run."""
    from flows.settings import load_settings
    from warehouse.store.connection import open_reader

    path: Path = load_settings().published_path
    if not path.exists():
        return []
    with open_reader(path) as reader:
        return reader.query(query, **parameters).to_series().to_list()
