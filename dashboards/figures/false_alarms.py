"""How often each test rejects where nothing happened, by simulated market, with Monte-Carlo bands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from dashboards.figures.axes import vertical_rule
from dashboards.figures.figure import Figure, FigureColumn, Plot, float_array, safe
from dashboards.numbers import StoredRows, counted, derived
from dashboards.shell.frames import extremes
from warehouse.tables.size import TEST_SIZE
from warehouse.tables.terms import scenario_name, statistic_name
from warehouse.tables.units import ascii_number, count, plural, share

LEVEL = 0.05
# What a test declares when it does not allow for tokens that move together.
INDEPENDENT = "independent"
NOT_NAIVE = f"<> '{INDEPENDENT}'"
# The scenarios worth a picture: an easy one, one with tokens that move together, one with a jumpy event.
CALM, TOGETHER, JUMPY = "normal", "clustered 0.1", "event variance x4"
MARKS: tuple[tuple[str, str, str], ...] = (
    ("circle", "var(--blue)", "●"),
    ("diamond", "var(--tao)", "◆"),
    ("square", "var(--purple)", "■"),
)
# Rejecting twice as often as intended is what the title calls crying wolf.
FAR_OFF = 2.0
_ROW_HEIGHT = 24
_SOURCE = StoredRows(TEST_SIZE)
_COLUMNS = (
    FigureColumn("scenario", "Scenario", str, is_number=False),
    FigureColumn("statistic", "Test", statistic_name, is_number=False),
    FigureColumn("dependence", "Declares", str, is_number=False),
    FigureColumn("rejection", "Rejects", share),
    FigureColumn("lower_95", "lower 95%", share),
    FigureColumn("upper_95", "upper 95%", share),
    FigureColumn("n_events", "Events", count),
    FigureColumn("n_replications", "Replications", count),
    FigureColumn("n_absent", "Not applicable", count),
    FigureColumn("seed", "Seed", ascii_number),
)


def pick_size(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows without a planted effect at the 5 % level, of the events and window with most replications."""
    return _most_replicated(rows.filter((pl.col("effect_sd") == 0) & (pl.col("level") == LEVEL)))


def pick_power(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows of the planted effect, events and window with most replications, at the 5 % level."""
    return _most_replicated(rows.filter((pl.col("effect_sd") > 0) & (pl.col("level") == LEVEL)))


def _most_replicated(rows: pl.DataFrame) -> pl.DataFrame:
    if not rows.height:
        return rows
    key = ["effect_sd", "n_events", "window_bars"]
    best = rows.group_by(key).agg(pl.col("n_replications").sum()).sort("n_replications", *key, descending=True)
    return rows.join(best.head(1).select(key), on=key, how="semi").sort("scenario", "statistic")


def pick_scenarios(rows: pl.DataFrame) -> list[str]:
    """The scenarios drawn: the three worth a picture, or the first three there are."""
    known = rows.filter(pl.col("rejection").is_not_null())["scenario"].unique().sort().to_list()
    wanted = [name for name in (CALM, TOGETHER, JUMPY) if name in known]
    return wanted or known[: len(MARKS)]


def draw_test_size(rows: pl.DataFrame) -> Figure:
    """False alarms of every test at 5 %; `rows` as from `pick_size`."""
    scenarios = pick_scenarios(rows)
    shown = rows.filter(pl.col("scenario").is_in(scenarios))
    frame = _SOURCE.select(shown, [column.name for column in _COLUMNS])
    key = "; ".join(f"{MARKS[index][2]} {scenario_name(name)}" for index, name in enumerate(scenarios))
    subtitle = "Share of worlds without any effect in which a test reports one, where 5% was intended (line)."
    if not scenarios:
        return Figure(
            "size-figure",
            "How often each test is wrong: not measured here",
            subtitle,
            "",
            "",
            frame,
            _COLUMNS,
            why_empty=(
                "The tests have not been put to the proof with this installation.",
                "Run `aftershock study size --save`, then `aftershock run`.",
            ),
        )
    return Figure(
        figure_id="size-figure",
        title=size_title(rows),
        subtitle=f"{subtitle} {key}.",
        summary=" ".join(_sentence(shown, name) for name in scenarios),
        note=_note(shown),
        frame=frame,
        columns=_COLUMNS,
        source=_SOURCE,
        plot=_plot(shown, scenarios),
    )


class SizeNumbers:
    """Numbers over tests of one simulated market, with the aggregate of out.test_size that gives each."""

    def __init__(self, rows: pl.DataFrame, where: str) -> None:
        self._rejection, self._where = rows["rejection"], where
        names = ("effect_sd", "level", "n_events", "window_bars", "scenario")
        self._key = {name: rows[name][0] for name in names} if rows.height else {}

    def of(self, aggregate: str, value: Any, *more: str) -> Any:
        """`value` as what `aggregate` gives over the rows with a rejection rate, narrowed by `more` conditions."""
        where = " and ".join(("rejection is not null", self._where, *more))
        name = counted if isinstance(value, int) else derived
        return name(value, TEST_SIZE, f"{aggregate} filter (where {where})", **self._key)

    def middle_and_ends(self) -> tuple[float, float, float]:
        """Median, smallest and largest rejection rate."""
        low, high = extremes(self._rejection)
        middle = float(np.median(self._rejection.drop_nulls().to_numpy()))
        numbers = (("median(rejection)", middle), ("min(rejection)", low), ("max(rejection)", high))
        first, second, third = (self.of(aggregate, value) for aggregate, value in numbers)
        return first, second, third


def size_title(rows: pl.DataFrame) -> str:
    """What tokens that move together do to the two kinds of test; without that scenario, how many are off."""
    together = rows.filter((pl.col("scenario") == TOGETHER) & pl.col("rejection").is_not_null())
    parts = [(together.filter(is_naive()), f"= '{INDEPENDENT}'"), (together.filter(~is_naive()), NOT_NAIVE)]
    if all(part.height for part, _ in parts):
        naive, aware = (SizeNumbers(part, f"dependence {where}").middle_and_ends()[0] for part, where in parts)
        verb = "cry wolf" if naive > FAR_OFF * LEVEL else "are wrong"
        return (
            f"When tokens move together, tests that assume independence {verb} {share(naive)} of the time; "
            f"the others {share(aware)}"
        )
    measured = rows.filter(pl.col("rejection").is_not_null())
    n_off = measured.filter(pl.col("lower_95") > LEVEL)["statistic"].n_unique()
    return f"{count(n_off)} of {count(measured['statistic'].n_unique())} tests reject more often than intended"


def is_naive() -> pl.Expr:
    """Whether a test assumes that the events are independent."""
    return pl.col("dependence") == INDEPENDENT


def _plot(shown: pl.DataFrame, scenarios: Sequence[str]) -> Plot:
    places, ticks, texts = _places(shown, scenarios[-1] if TOGETHER not in scenarios else TOGETHER)
    spread = 0.22
    data = [
        _trace(shown.filter(pl.col("scenario") == name), places, spread * (len(scenarios) - 1 - 2 * index) / 2, index)
        for index, name in enumerate(scenarios)
    ]
    _, top = extremes(shown["upper_95"])
    high = max(top * 1.05, 2 * LEVEL)
    values = [value / 100 for value in range(0, 101, 10) if value / 100 <= high]
    layout = {
        "hovermode": "closest",
        "xaxis": {
            "range": [0, high],
            "tickvals": sorted([*values, LEVEL]),
            "ticktext": [share(value) for value in sorted([*values, LEVEL])],
            "title": {"text": "False alarms at a nominal 5%"},
            "showgrid": True,
        },
        "yaxis": {"tickvals": ticks, "ticktext": texts, "range": [-0.8, max(ticks) + 0.8], "showgrid": False},
        "margin": {"l": 190, "r": 16, "b": 48},
        "shapes": [vertical_rule(LEVEL)],
    }
    height = 84 + _ROW_HEIGHT * len(ticks)
    few = [value for value in values[::2] if value]
    narrow = {
        "layout.margin.l": 150,
        "layout.xaxis.tickvals": [LEVEL, *few],
        "layout.xaxis.ticktext": [share(value) for value in (LEVEL, *few)],
    }
    return Plot(data, layout, height=height, narrow=narrow, narrow_height=height)


def _places(shown: pl.DataFrame, order_by: str) -> tuple[dict[str, int], list[int], list[str]]:
    """Where each test stands: those that assume independence above the others, the most wrong first."""
    ordered = (
        shown.filter((pl.col("scenario") == order_by) & pl.col("rejection").is_not_null())
        .sort("rejection", "statistic", descending=[True, False])
        .with_columns(is_naive().alias("is_naive"))
    )
    lines: list[tuple[str, str]] = []
    for heading, part in (
        ("Assume independence", ordered.filter("is_naive")),
        ("Allow for dependence", ordered.filter(~pl.col("is_naive"))),
    ):
        if part.height:
            lines.append(("", f"<b>{heading}</b>"))
            lines += [(name, safe(statistic_name(name))) for name in part["statistic"]]
    places = {name: len(lines) - 1 - index for index, (name, _) in enumerate(lines) if name}
    return places, [len(lines) - 1 - index for index in range(len(lines))], [text for _, text in lines]


def _trace(rows: pl.DataFrame, places: dict[str, int], shift: float, index: int) -> dict[str, Any]:
    known = rows.filter(pl.col("rejection").is_not_null() & pl.col("statistic").is_in(list(places)))
    symbol, color, _ = MARKS[index]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": float_array(known["rejection"]),
        "y": [places[name] + shift for name in known["statistic"]],
        "marker": {"size": 8, "symbol": symbol, "color": color},
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": float_array(known["upper_95"] - known["rejection"]),
            "arrayminus": float_array(known["rejection"] - known["lower_95"]),
            "color": "var(--dot)",
            "thickness": 1.2,
            "width": 0,
        },
        "text": [safe(_words(row)) for row in known.iter_rows(named=True)],
        "hovertemplate": "%{text}<extra></extra>",
    }


def _words(row: dict[str, Any]) -> str:
    return (
        f"{statistic_name(row['statistic'])}, {scenario_name(row['scenario'])}: {share(row['rejection'])} "
        f"({share(row['lower_95'])} to {share(row['upper_95'])})"
    )


def _sentence(shown: pl.DataFrame, scenario: str) -> str:
    known = shown.filter((pl.col("scenario") == scenario) & pl.col("rejection").is_not_null()).sort("rejection")
    first, last = _SOURCE.row(known, 0), _SOURCE.row(known, -1)
    return (
        f"{scenario_name(scenario)}: from {share(first['rejection'])} ({statistic_name(first['statistic'])}) to "
        f"{share(last['rejection'])} ({statistic_name(last['statistic'])})."
    )


def _note(shown: pl.DataFrame) -> str:
    known = shown.filter(pl.col("rejection").is_not_null())
    first = _SOURCE.row(known, 0)
    absent = sorted(
        {statistic_name(name) for name in shown["statistic"]} - {statistic_name(n) for n in known["statistic"]}
    )
    left_out = f" · not applicable to these worlds: {', '.join(absent)}" if absent else ""
    return (
        f"n = {count(first['n_events'])} events per replication, {replications(known)} replications · window "
        f"{plural(first['window_bars'], 'bar')}, {first['estimation_bars']} bars of "
        f"estimation · lines: Monte-Carlo band, Wilson 95%{left_out}. Source: `aftershock study size`, seed "
        f"{ascii_number(first['seed'])}; other levels are in out.test_size of the published file."
    ).replace("`", "")


def replications(rows: pl.DataFrame) -> str:
    """The number of replications with a p-value, or its range over tests."""
    known = rows.filter(pl.col("n_replications").is_not_null()).sort("n_replications")
    low, high = (_SOURCE.row(known, place)["n_replications"] for place in (0, -1))
    return count(low) if low == high else f"{count(low)} to {count(high)}"
