"""Sentences with none, only, first and largest: each says of what, how chosen, and what plain prices say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dashboards.findings.findings import benchmark_word
from dashboards.findings.readings import Horizon, Reaction, tokens_outside, tokens_ranged
from dashboards.numbers import counted, then
from warehouse.tables.units import (
    ABSENT,
    SMALL_NUMBERS,
    count,
    hours_adjective,
    listing,
    number_word,
    percent,
    plain_percent,
    plural,
)

# An interval this wide, in fractions, leaves room for every story.
_TOO_WIDE = 1.0
# "Came close" is said within so many times the edge of the ordinary range.
_CLEAR_DISTANCE = 1.5


def rank_title(horizon: Horizon) -> str:
    """How many windows before, brought to one volatility, moved at least as far."""
    if horizon.n_placebo is None or horizon.n_as_large is None or horizon.car is None:
        return "No ordinary windows to compare with"
    windows = f"{count(horizon.n_placebo)} earlier {hours_adjective(horizon.hours)} windows"
    if horizon.n_as_large:
        return f"{count(horizon.n_as_large)} of {windows}, at equal volatility, moved at least as far"
    far = f"came close to {percent(horizon.car, 0)}" if _is_far(horizon) else f"moved as far as {percent(horizon.car)}"
    return f"At equal volatility, none of {windows} {far}"


def _is_far(horizon: Horizon) -> bool:
    # "Came close" needs a clear distance from the edge of the ordinary range.
    edges = [abs(edge) for edge in (horizon.ordinary_lower, horizon.ordinary_upper) if edge is not None]
    return bool(edges) and horizon.car is not None and abs(horizon.car) > _CLEAR_DISTANCE * max(edges)


def outside_sentence(reaction: Reaction, earlier: Mapping[str, Any] | None = None) -> str:
    """How many earlier windows moved as far beyond the benchmark, and on how many days the plain price did.

    `earlier` is the reaction's row of out.earlier_day; without it nothing is said of plain prices.
    """
    day = reaction.headline
    if day is None or day.car is None:
        return "The move beyond the benchmark could not be measured"
    plain = plain_days(reaction.asset_id, earlier)
    if day.n_placebo is None or day.n_as_large is None:
        lacking = "There are no ordinary windows to compare the move with"
        return f"{lacking}; {plain}" if plain else lacking
    benchmark = benchmark_word(day.benchmark)
    windows = f"{count(day.n_placebo)} earlier 24-hour windows ({separate_words(day)}, at equal volatility)"
    if day.n_as_large == 0:
        scaled = f"None of {windows} moved as far beyond {benchmark}"
    elif day.is_outside:
        scaled = f"The move beyond {benchmark} was unusual: {count(day.n_as_large)} of {windows} moved as far"
    else:
        scaled = f"The move beyond {benchmark} was ordinary: {count(day.n_as_large)} of {windows} moved at least as far"
    return f"{scaled}; {plain}" if plain else scaled


def separate_words(horizon: Horizon) -> str:
    """How many of the windows behind a rank do not overlap."""
    if horizon.n_placebo is None or horizon.n_independent is None:
        return "overlapping"
    if round(horizon.n_independent) >= horizon.n_placebo:
        return "none of which overlap"
    return f"only about {count(horizon.n_independent)} of which do not overlap"


def plain_days(asset_id: str, earlier: Mapping[str, Any] | None) -> str:
    """The clause about plain closes: on how many days before the price itself moved as far in 24 hours; or empty."""
    if earlier is None or not earlier["n_days"]:
        return ""
    verb = "fell" if earlier["raw_return"] < 0 else "rose"
    days = plural(earlier["n_days"], "day")
    if not earlier["n_as_far"]:
        return f"unscaled, {asset_id} itself {verb} as far within 24 hours on none of the {days} before"
    most = plain_percent(abs(earlier["largest_return"]))
    return (
        f"unscaled, {asset_id} itself {verb} at least as far within 24 hours on {count(earlier['n_as_far'])} of the "
        f"{days} before, at most {most}"
    )


def rarity_sentence(day: Horizon) -> str:
    """What a rank can say about rarity: no more than its separate windows allow."""
    independent = then(day.n_independent or 0, "least_one")
    start = f"About {count(independent)} separate windows stand behind the comparison. "
    if day.n_as_large:
        return f"{start}A rank from so few is coarse."
    supported, listed = then(day.n_independent or 0, "next"), then(day.n_placebo or 0, "next")
    rarer = f"“None as large” supports rarer than about one day in {count(supported)}"
    return f"{start}{rarer}." if round(listed) <= round(supported) else f"{start}{rarer}, not one in {count(listed)}."


def fan_title(
    asset_id: str,
    hours: list[float],
    car: list[float | None],
    lower: list[float | None],
    upper: list[float | None],
    key: Mapping[str, str] | None = None,
) -> str:
    """In how many bars the path lay outside its 95 % band and how it ended; `key` are the values of bars_outside."""
    known = [
        (value, low, high)
        for hour, value, low, high in zip(hours, car, lower, upper, strict=True)
        if hour > 0 and value is not None and low is not None and high is not None
    ]
    if not known:
        return f"{asset_id}: no ordinary range to compare the path with"
    outside = [not low <= value <= high for value, low, high in known]
    n_outside, n_bars = (
        counted(value, "query:bars_outside", name, **key) if key else value
        for name, value in (("n_outside", sum(outside)), ("n_bars", len(outside)))
    )
    if not any(outside):
        return f"{asset_id} stayed within 95% of ordinary windows in all {count(n_bars)} bars"
    end = "the last among them" if outside[-1] else "and ended within it"
    return f"{asset_id} was outside its ordinary range in {count(n_outside)} of {count(n_bars)} bars, {end}"


def record_title(total: Mapping[str, Any] | None) -> str:
    """How many events there are, how many are measured, and how many moves lie outside: each move counts once."""
    if total is None or not total["n_events"]:
        return "No event is known yet"
    known = f"{plural(total['n_events'], 'event')}, {count(total['n_measured'])} measured"
    if not total["n_measured"]:
        return known
    if not total["n_outside_events"]:
        return f"{known}; after none of them did a token leave its ordinary range"
    return f"{known}: {count(total['n_outside_events'])} saw a token leave its ordinary range, in {_moves(total)}"


def token_title(asset_id: str, total: Mapping[str, Any] | None) -> str:
    """After how many measured events the token left its ordinary range, in how many moves, and what chance gives."""
    if total is None or not total["n_ranged"]:
        return f"{asset_id}: no reaction has been measured yet"
    events = plural(total["n_ranged"], "event")
    start = f"{asset_id} left its ordinary range after {count(total['n_outside_pairs'])} of {events}"
    if total["n_outside_pairs"]:
        start = f"{start}, in {_moves(total)}"
    return f"{start}; {chance_words(total['n_ranged'])}"


def kind_sentence(total: Mapping[str, Any] | None) -> str:
    """Events, reactions and moves of one kind, told apart."""
    if total is None:
        return "not counted yet"
    events = plural(total["n_events"], "event")
    if not total["n_measured"]:
        return f"{events}, none measured"
    measured = f"{events}, {count(total['n_measured'])} measured ({plural(total['n_pairs'], 'event–token pair')})"
    if not total["n_outside_events"]:
        return f"{measured}; no token left its ordinary range"
    return (
        f"{measured}; after {count(total['n_outside_events'])} a token left its ordinary range "
        f"({outside_words(total)}), in {_moves(total)}; {_pairs_outside(total)}, {chance_words(total['n_ranged'])}"
    )


def outside_words(total: Mapping[str, Any]) -> str:
    """The tokens that were outside, most often first."""
    return ", ".join(total["outside_assets"].split(","))


def _pairs_outside(total: Mapping[str, Any]) -> str:
    # What chance gives is counted in pairs: beside events it would be set against another thing.
    return f"{plural(total['n_outside_pairs'], 'pair')} outside"


def record_sentence(total: Mapping[str, Any]) -> str:
    """How many of the event–token pairs lie outside a 95 % range, beside what chance gives of them."""
    pairs = plural(total["n_ranged"], "event–token pair")
    return f"of {pairs} {chance_words(total['n_ranged'])}; {count(total['n_outside_pairs'])} are outside"


def chance_words(n_ranged: int) -> str:
    """How many reactions lie outside a 95 % range by chance alone."""
    expected = n_ranged / 20
    if expected < 1:
        return "chance alone gives less than one"
    return f"chance alone gives about {count(then(n_ranged, 'twentieth'))}"


def _moves(total: Mapping[str, Any]) -> str:
    return plural(total["n_moves"], "move") if total["n_moves"] == 1 else f"{count(total['n_moves'])} separate moves"


def events_caption(tokens_outside: Sequence[Sequence[str]], n_shown: int) -> str:
    """How many of the shown measured events left a range, and which tokens: one item per measured event."""
    n_measured = len(tokens_outside)
    if not n_measured:
        return "The one event has no prices around it" if n_shown == 1 else "None of these events has prices around it"
    names = sorted({name for names in tokens_outside for name in names})
    n_outside = sum(bool(names) for names in tokens_outside)
    if n_outside and n_measured >= len(SMALL_NUMBERS):
        # A long list is counted where its moves are.
        return f"Tokens that left their ordinary range after one of these events: {', '.join(names)}"
    if n_measured == 1:
        return f"After the one measured event {_left(names)}"
    if not n_outside:
        return f"After none of the {number_word(n_measured)} measured events did a token leave its ordinary range"
    return (
        f"After {number_word(n_outside)} of the {number_word(n_measured)} measured events a token left its ordinary "
        f"range: {', '.join(names)}"
    )


def _left(names: Sequence[str]) -> str:
    return f"{', '.join(names)} left the ordinary range" if names else "no token left its ordinary range"


def outside_caption(reactions: Sequence[Reaction]) -> str:
    """Which tokens of one event stood outside their ordinary range a day on, of how many that have one."""
    ranged, outside = tokens_ranged(reactions), tokens_outside(reactions)
    if not ranged:
        return "No token has an ordinary range to compare with"
    if len(ranged) == 1:
        return f"A day on, {ranged[0]} stood {'outside' if outside else 'within'} its ordinary range"
    n_ranged, n_outside = outside_counts(reactions)
    if not outside:
        return f"A day on, none of {plural(n_ranged, 'token')} stood outside its ordinary range"
    tokens = f"{count(n_outside)} of {plural(n_ranged, 'token')}"
    return f"A day on, {tokens} stood outside the ordinary range: {listing(outside)}"


def outside_counts(reactions: Sequence[Reaction]) -> tuple[int, int]:
    """How many tokens of one event have an ordinary range, and how many left it in a day."""
    event_id = next((item.event_id for item in reactions), "")
    numbers = (("n_ranged", tokens_ranged(reactions)), ("n_outside", tokens_outside(reactions)))
    n_ranged, n_outside = (
        counted(len(found), "query:reaction_counts", name, event_id=event_id) for name, found in numbers
    )
    return n_ranged, n_outside


def rank_words(window: Horizon | None) -> str:
    """How many ordinary windows moved at least as far, of how many; a dash where there is none to compare with."""
    if window is None or window.n_as_large is None or not window.n_placebo:
        return ABSENT
    return f"{count(window.n_as_large)} of {count(window.n_placebo)}"


def interval_words(lower: float | None, upper: float | None) -> str:
    """An interval with both signs, and that it says nothing where it is too wide to; a dash where there is none."""
    if lower is None or upper is None:
        return ABSENT
    words = f"{percent(lower)} to {percent(upper)}"
    return f"{words}: too wide to say anything" if upper - lower > _TOO_WIDE else words
