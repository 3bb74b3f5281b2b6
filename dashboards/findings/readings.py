"""What pages read out of stored results: one reaction per event and market."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import polars as pl

from dashboards.numbers import Moment, Number, StoredRow, StoredRows, key_text, signed_rows, whole
from dashboards.shell.frames import Frames
from warehouse.tables.choice import MARKET_CHOICE
from warehouse.tables.claims import CLAIM
from warehouse.tables.news import EVENT
from warehouse.tables.prices import MARKET
from warehouse.tables.studies import PLACEBO, REACTION_STUDY, STUDY_PATH, STUDY_RESULT
from warehouse.tables.terms import LOW, MEDIUM, asset_of, is_simulated_market

EVENT_GROUP = "event"
SUBJECT_ASSET = "TAO"
HEADLINE_HOURS = 24.0
# The statistics of out.study_result that a reaction is read from, and the columns it takes of each.
_READ = {
    "raw_return": ("result_id", "estimate", "conventions", "reason"),
    "expected_return": ("result_id", "estimate"),
    "car": (*("result_id", "estimate", "lower_95", "upper_95", "n_estimation", "benchmark", "conventions", "reason"),),
    "car_inside": ("result_id", "lower_95", "upper_95", "value"),
    "placebo_rank": (
        *("result_id", "value", "n", "n_effective", "p_value", "lower_95", "upper_95"),
        *("p_adjusted", "p_false_discovery"),
    ),
}
_SEEN, _LOWEST, _HIGHEST = map(pl.col, ("car estimate", "placebo_rank lower_95", "placebo_rank upper_95"))
# What a file tells of a window, by its name in a horizon, from the columns of statistics side by side.
_FILED = {
    "raw_return": pl.col("raw_return estimate"),
    "expected_return": pl.col("expected_return estimate"),
    "car": _SEEN,
    "car_lower": pl.col("car lower_95"),
    "car_upper": pl.col("car upper_95"),
    "n_as_large": pl.col("placebo_rank value").cast(pl.Int64),
    "n_placebo": pl.col("placebo_rank n"),
    "n_independent": pl.col("placebo_rank n_effective"),
    "p_value": pl.col("placebo_rank p_value"),
    "n_estimation": pl.col("car n_estimation"),
    "benchmark": pl.col("car benchmark"),
    "ordinary_lower": _LOWEST,
    "ordinary_upper": _HIGHEST,
    "reason": pl.coalesce(pl.col("car reason", "raw_return reason").replace("", None)),
    "is_outside": pl.when(~pl.any_horizontal(value.is_null() for value in (_SEEN, _LOWEST, _HIGHEST))).then(
        ~_SEEN.is_between(_LOWEST, _HIGHEST)
    ),
}
_PAIR = ("event_id", "market_id")
_WINDOW = (*_PAIR, "window_end_hours")
_SIGNING = StoredRows(STUDY_RESULT)
# Events made of a status page's incidents: no study of single events takes them.
INCIDENT_ORIGIN = "incident"
# Assets that pages treat as the yardstick, not as a token that reacts.
BENCHMARK_ASSETS = ("BTC", "ETH")


@dataclass(frozen=True, slots=True)
class Horizon:
    """The numbers of one window after the event; an absent number is None and `reason` says why."""

    hours: float
    raw_return: float | None
    expected_return: float | None
    car: float | None
    car_lower: float | None
    car_upper: float | None
    n_as_large: int | None
    n_placebo: int | None
    n_independent: float | None
    p_value: float | None
    n_estimation: int | None
    benchmark: str | None
    conventions: str
    reason: str | None
    ordinary_lower: float | None
    ordinary_upper: float | None
    inside_lower: float | None = None  # interval by the volatility inside the window
    inside_upper: float | None = None
    volatility_ratio: float | None = None  # volatility inside the window over the month's
    p_adjusted: float | None = None  # Holm, over the event's windows and tokens
    p_false_discovery: float | None = None  # Benjamini-Yekutieli, over the same

    @property
    def is_outside(self) -> bool | None:
        """Whether the abnormal return lies outside the middle 95 % of placebo windows; None when unknown."""
        if self.car is None or self.ordinary_lower is None or self.ordinary_upper is None:
            return None
        return not self.ordinary_lower <= self.car <= self.ordinary_upper


@dataclass(frozen=True, slots=True)
class Reaction:
    """How one market moved after one event, by horizon."""

    event_id: str
    market_id: str
    asset_id: str
    horizons: Mapping[float, Horizon]
    spec_sha256: str
    data_as_of: datetime

    @property
    def headline(self) -> Horizon | None:
        """The 24-hour window."""
        return self.horizons.get(HEADLINE_HOURS)

    @property
    def car(self) -> float | None:
        """The abnormal return of 24 hours, for what compares and draws it: without an origin; None when unknown."""
        found: float | None = self._plain("car")
        return found

    @property
    def is_outside(self) -> bool | None:
        """Whether that lies outside the middle 95 % of placebo windows; None when unknown."""
        found: bool | None = self._plain("is_outside")
        return found

    @property
    def is_measured(self) -> bool:
        """Whether the 24-hour abnormal return is known."""
        return self.car is not None

    @property
    def is_simulated(self) -> bool:
        """Whether the prices were invented by a simulation."""
        return is_simulated_market(self.market_id)

    def _plain(self, name: str) -> Any:
        """One value of the 24-hour window; thousands are asked for, of which few are written."""
        if isinstance(self.horizons, _Horizons):
            return self.horizons.plain(HEADLINE_HOURS, name)
        return getattr(self.headline, name, None)


def read_reactions(frames: Frames) -> dict[str, list[Reaction]]:
    """Reactions by event id: one market per asset, the subject token first, benchmarks last."""
    stored = _Results.of(
        frames.get(STUDY_RESULT).filter(
            (pl.col("group_id") == EVENT_GROUP)
            & (pl.col("study_id") == REACTION_STUDY)
            & pl.col("event_id").is_not_null()
            & pl.col("statistic").is_in(_READ)
        )
    )
    assets = dict(frames.get(MARKET).select("market_id", "asset_id").iter_rows())
    choices = frames.get(MARKET_CHOICE).filter(pl.col("purpose") == REACTION_STUDY)
    chosen = set(choices.select(_PAIR).iter_rows())
    found: dict[str, list[Reaction]] = {}
    for event_id, market_id, spec_sha256, data_as_of in stored.pairs.iter_rows():
        asset_id, places = assets.get(market_id, asset_of(market_id)), stored.places[event_id, market_id]
        found.setdefault(event_id, []).append(
            Reaction(event_id, market_id, asset_id, _Horizons(stored, places), spec_sha256, Moment.of(data_as_of))
        )
    return {event_id: _one_per_asset(reactions, chosen) for event_id, reactions in found.items()}


@dataclass(frozen=True)
class _Results:
    """Results of single events, the statistics of one window side by side, and which row each window has."""

    windows: pl.DataFrame
    pairs: pl.DataFrame
    places: Mapping[tuple[str, str], Mapping[float, int]]

    @classmethod
    def of(cls, results: pl.DataFrame) -> _Results:
        windows = results.select(_WINDOW).unique().sort(_WINDOW)
        places: dict[tuple[str, str], dict[float, int]] = {}
        for place, (event_id, market_id, hours) in enumerate(windows.iter_rows()):
            places.setdefault((event_id, market_id), {})[hours] = place
        for statistic, columns in _READ.items():
            own = results.filter(pl.col("statistic") == statistic).unique(_WINDOW, keep="last", maintain_order=True)
            named = own.select(*_WINDOW, pl.col(columns).name.prefix(f"{statistic} "))
            windows = windows.join(named, on=_WINDOW, how="left", validate="1:1", maintain_order="left")
        stated = (pl.col("spec_sha256").first(), pl.col("data_as_of_utc").max())
        pairs = results.group_by(_PAIR, maintain_order=True).agg(*stated).sort(_PAIR)
        return cls(windows.drop(_WINDOW), pairs, places)

    @cached_property
    def plain(self) -> dict[str, list[Any]]:
        """Of every window what pages compare, by column."""
        return self.windows.select(_FILED[name].alias(name) for name in ("car", "is_outside")).to_dict(as_series=False)

    @cached_property
    def bare(self) -> list[dict[str, Any]]:
        """What a file tells of every window, all at once: a file tells thousands of them."""
        return self.windows.select(value.alias(name) for name, value in _FILED.items()).to_dicts()

    def found(self, place: int) -> Iterator[tuple[str, dict[str, Any]]]:
        """The statistics of one window that are stored, each with its columns."""
        values, start = self.windows.row(place), 0
        for statistic, columns in _READ.items():
            if values[start] is not None:
                yield statistic, dict(zip(columns, values[start : start + len(columns)], strict=True))
            start += len(columns)


class _Horizons(Mapping[float, Horizon]):
    """The windows of one reaction, each read when it is first asked for: most pages ask for one of six."""

    def __init__(self, stored: _Results, places: Mapping[float, int]) -> None:
        self._stored = stored
        self._places = places
        self._read: dict[float, Horizon] = {}

    def __getitem__(self, hours: float) -> Horizon:
        if hours not in self._read:
            found = self._stored.found(self._places[hours])
            signed = {statistic: StoredRow(row, _SIGNING, window_end_hours=hours) for statistic, row in found}
            self._read[hours] = _read_horizon(next(iter(signed.values()))["window_end_hours"], signed)
        return self._read[hours]

    def __iter__(self) -> Iterator[float]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def plain(self, hours: float, name: str) -> Any:
        """A compared value of one window as it is stored; None where there is no such window."""
        place = self._places.get(hours)
        return None if place is None else self._stored.plain[name][place]

    def unsigned(self) -> list[dict[str, Any]]:
        """All of them as plain values, for files that programs read."""
        return [{"hours": hours, **self._stored.bare[place]} for hours, place in self._places.items()]


def bare_horizons(reaction: Reaction) -> list[dict[str, Any]]:
    """The windows of a reaction for a file, whose numbers need no origin: hours, and the names of a horizon filed."""
    windows = reaction.horizons
    if isinstance(windows, _Horizons):
        return windows.unsigned()
    return [{name: getattr(horizon, name) for name in ("hours", *_FILED)} for horizon in windows.values()]


def unmeasured_reason(event: Mapping[str, Any], window: Horizon | None = None) -> str:
    """Why an event has no number of its own: its window's reason, its date, or how its kind is measured."""
    if window is not None and window.reason:
        return window.reason
    if event["time_precision"] == "day":
        return "date only: no hour to measure from"
    if event["origin"] == INCIDENT_ORIGIN:
        return "outages of status pages are measured together, not one by one"
    return "no prices around it"


def result_id_of(value: float | None) -> str:
    """The row of out.study_result that a number of a reaction stands in; empty for a number without an origin."""
    return dict(value.origin.key).get("result_id", "") if isinstance(value, Number) else ""


def subject_of(reactions: list[Reaction]) -> Reaction | None:
    """The reaction a page leads with: the subject token's where measured, else the first measured token."""
    subject = next((item for item in reactions if item.asset_id == SUBJECT_ASSET), None)
    if subject is not None and (subject.is_measured or not any(r.is_measured for r in reactions)):
        return subject
    tokens = [item for item in reactions if item.asset_id not in BENCHMARK_ASSETS]
    return next((item for item in tokens if item.is_measured), subject or (tokens[0] if tokens else None))


def tokens_outside(reactions: Iterable[Reaction]) -> list[str]:
    """The tokens that left their ordinary range in the 24 hours, by name; benchmarks are no tokens."""
    return sorted(item.asset_id for item in reactions if item.asset_id not in BENCHMARK_ASSETS and item.is_outside)


def tokens_ranged(reactions: Iterable[Reaction]) -> list[str]:
    """The tokens that have an ordinary range to lie in or outside of, by name; benchmarks are no tokens."""
    return sorted(
        item.asset_id for item in reactions if item.asset_id not in BENCHMARK_ASSETS and item.is_outside is not None
    )


def simple_return(column: str) -> pl.Expr:
    """A column of log points as a simple return, the unit of every number a page shows."""
    return (pl.col(column).exp() - 1).alias(column)


def path_of(frames: Frames, reaction: Reaction) -> pl.DataFrame:
    """The stored path of a reaction, by time."""
    own = {"market_id": reaction.market_id, "study_id": REACTION_STUDY}
    path = frames.part(STUDY_PATH, "event_id", reaction.event_id, **own)
    return _by_time(path, "close_time_utc")


def _by_time(rows: pl.DataFrame, column: str) -> pl.DataFrame:
    return rows if rows[column].is_sorted() else rows.sort(column)


def between_hours(path: pl.DataFrame, first: float, last: float) -> pl.DataFrame:
    """The rows of a path from `first` to `last` hours after the event, both included."""
    hours = path["hours_after_event"].to_list()
    start = bisect_left(hours, first)
    return path.slice(start, bisect_right(hours, last) - start)


def source_of_path(reaction: Reaction, simple: tuple[str, ...] = ()) -> StoredRows:
    """The rows of out.study_path of one reaction, by the moment of the close."""
    return StoredRows(STUDY_PATH, simple, _key_of(reaction))


def source_of_placebos(reaction: Reaction, hours: float) -> StoredRows:
    """The rows of out.placebo of one reaction and horizon, by start, as returns."""
    return StoredRows(PLACEBO, ("car", "car_scaled"), {**_key_of(reaction), "window_end_hours": key_text(hours)})


def _key_of(reaction: Reaction) -> dict[str, str]:
    return {"study_id": REACTION_STUDY, "event_id": reaction.event_id, "market_id": reaction.market_id}


def placebos_of(frames: Frames, reaction: Reaction, hours: float) -> pl.DataFrame:
    """The placebo windows of a reaction at one horizon, by start."""
    own = {"market_id": reaction.market_id, "study_id": REACTION_STUDY, "window_end_hours": str(hours)}
    return _by_time(frames.part(PLACEBO, "event_id", reaction.event_id, **own), "placebo_start_utc")


def lead_event(frames: Frames, reactions: Mapping[str, list[Reaction]]) -> dict[str, Any] | None:
    """The event the overview opens with: the newest measured one with claims, else the largest move."""
    events = {row["event_id"]: row for row in signed_rows(frames.get(EVENT), EVENT)}
    claimed = set(frames.get(CLAIM)["event_id"].drop_nulls().to_list())
    measured = [
        (events[event_id]["best_at_utc"], event_id, subject)
        for event_id, items in reactions.items()
        if event_id in events and (subject := subject_of(items)) is not None and subject.is_measured
    ]
    about_claims = [item for item in measured if item[1] in claimed]
    if about_claims:
        return events[max(about_claims)[1]]
    if measured:
        return events[max(measured, key=lambda item: (abs(item[2].car or 0), item[1]))[1]]
    return None


def _one_per_asset(reactions: list[Reaction], chosen: Set[tuple[str, str]]) -> list[Reaction]:
    """The reaction on the market that was chosen for each asset; a file without the choice gives the first by name."""
    ordered = sorted(reactions, key=lambda r: ((r.event_id, r.market_id) not in chosen, r.market_id))
    best: dict[str, Reaction] = {}
    for reaction in ordered:
        best.setdefault(reaction.asset_id, reaction)
    return sorted(
        best.values(), key=lambda r: (r.asset_id != SUBJECT_ASSET, r.asset_id in BENCHMARK_ASSETS, r.asset_id)
    )


def _read_horizon(hours: float, found: Mapping[str, dict[str, Any]]) -> Horizon:
    empty: dict[str, Any] = {}
    raw, expected = found.get("raw_return", empty), found.get("expected_return", empty)
    car, rank = found.get("car", empty), found.get("placebo_rank", empty)
    inside = found.get("car_inside", empty)
    rank_value = rank.get("value")
    return Horizon(
        hours=hours,
        raw_return=raw.get("estimate"),
        expected_return=expected.get("estimate"),
        car=car.get("estimate"),
        car_lower=car.get("lower_95"),
        car_upper=car.get("upper_95"),
        n_as_large=None if rank_value is None else whole(rank_value),
        n_placebo=rank.get("n"),
        n_independent=rank.get("n_effective"),
        p_value=rank.get("p_value"),
        n_estimation=car.get("n_estimation"),
        benchmark=car.get("benchmark"),
        conventions=car.get("conventions") or raw.get("conventions") or "",
        reason=car.get("reason") or raw.get("reason"),
        ordinary_lower=rank.get("lower_95"),
        ordinary_upper=rank.get("upper_95"),
        inside_lower=inside.get("lower_95"),
        inside_upper=inside.get("upper_95"),
        volatility_ratio=inside.get("value"),
        p_adjusted=rank.get("p_adjusted"),
        p_false_discovery=rank.get("p_false_discovery"),
    )


def listed_first(events: pl.DataFrame) -> pl.DataFrame:
    """`core.event` rows that lists begin with: of high or medium relevance, or of none on record; not rejected."""
    return events.filter((pl.col("status") != "rejected") & pl.col("relevance").fill_null(MEDIUM).ne(LOW))


def newest_first(events: pl.DataFrame) -> pl.DataFrame:
    """`core.event` rows from the newest on, those of one instant by their id."""
    return events.sort("best_at_utc", "event_id", descending=[True, False])
