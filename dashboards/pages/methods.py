"""How everything is computed, in the order a reader asks."""

from __future__ import annotations

import polars as pl
from markupsafe import Markup

from dashboards.figures.false_alarms import (
    INDEPENDENT,
    LEVEL,
    NOT_NAIVE,
    SizeNumbers,
    draw_test_size,
    is_naive,
    pick_power,
    pick_size,
    replications,
)
from dashboards.fill import fill
from dashboards.glossary import TERMS
from dashboards.numbers import StoredRows, signed_rows
from dashboards.pages.single_size import mix_size_table, single_size_table
from dashboards.shell.frames import Frames, newest
from dashboards.shell.page import Canvas, Page
from dashboards.shell.tables import NOTHING, Cell, Head, Spanning, table
from warehouse.tables.prices import MARKET
from warehouse.tables.size import SINGLE_SIZE, TEST_SIZE
from warehouse.tables.studies import STUDY_RESULT
from warehouse.tables.terms import HEADLINE_TEST, SCENARIO_TITLES, scenario_name, statistic_name
from warehouse.tables.units import count, iso_day, number, plural, share

# The statistics whose conventions the page quotes, as stored with a result.
HEADLINES = ("car", "placebo_rank", "caar", "kp_bmp")

FORMULAS: tuple[tuple[str, str, str], ...] = (
    (
        "returns",
        "Returns",
        "Log returns on a regular grid: r(t) = ln C(t) − ln C(t−1). No return spans a gap, and no price is spliced "
        "across a rename or merger.",
    ),
    (
        "market-model",
        "Expected return",
        "E[r(t)] = α + β·b(t), fitted by least squares on the estimation window before the event, other events "
        "masked. s² = RSS / (L₁ − 2).",
    ),
    (
        "abnormal",
        "Abnormal return",
        "AR(t) = r(t) − E[r(t)]; CAR = Σ AR(t) from the last close before the event. Its variance includes the error "
        "of the fitted line: s²·(L + L²/L₁ + (Σd)²/Sₓₓ).",
    ),
    (
        "placebo",
        "Placebo rank and interval",
        "Score z = CAR / scale, scale² = σ²·Σw² + var(β)·(Σb)²: σ is the volatility of the hours before the window "
        "(half-life 6 h, by medians, so that one leap or a drift does not count), w the rhythm of the week. The rank "
        "counts ordinary windows with |z| at least as large. The interval is CAR ± q·scale, q the size that one "
        "ordinary score in twenty exceeds; under 39 independent windows it is Student's t of the scores, and its row "
        "says so. A second interval takes the volatility of the window's own bars (MedRV) for σ.",
    ),
    (
        "kp-bmp",
        "Group test",
        "KP-BMP = BMP·√((1 − r̄) / (1 + (N − 1)·r̄)), BMP = √N·mean(SAR)/sd(SAR), r̄ from calendar-aligned "
        "residuals, N_eff = N / (1 + (N − 1)·r̄).",
    ),
    (
        "correlation",
        "Correlation before and after",
        "Pearson correlation of log returns in equal windows, with block-bootstrap intervals, and once more with the "
        "benchmark's volatility held equal.",
    ),
)

_SIZES = StoredRows(TEST_SIZE)

SOURCES = (
    "Patell 1976; Brown & Warner 1980, 1985; Corrado 1989; Boehmer, Musumeci & Poulsen 1991; Cowan 1992; Hall 1992; "
    "MacKinlay 1997; "
    "Campbell, Lo & MacKinlay 1997 ch. 4; Andersen, Dobrev & Schaumburg 2012; "
    "Forbes & Rigobon 2002; Jordà 2005; Lee & Mykland 2008; Kolari & Pynnönen "
    "2010, 2011; Simonsohn et al. 2020."
)


def compose_methods(frames: Frames) -> Page:
    """Conventions, formulas, size of the tests, glossary, citation."""
    canvas = Canvas("methods.html")
    results = frames.get(STUDY_RESULT)
    each = ("study_id", "statistic")
    first = pl.col("conventions").min().over(each)
    # Of tens of thousands of rows few have the first wording: those alone are sorted.
    specifications = (
        results.filter(pl.col("statistic").is_in(HEADLINES))
        .filter(pl.col("conventions").is_null() | (pl.col("conventions") == first))
        .sort(*each, "conventions", *STUDY_RESULT.key)
        .unique(each, keep="first", maintain_order=True)
        if results.height
        else results
    )
    end = newest(results, "data_as_of_utc")
    body = fill(
        "methods.html.jinja",
        formulas=FORMULAS,
        literature=SOURCES,
        size=_size(canvas, frames.get(TEST_SIZE)),
        single_size=single_size_table(frames.get(SINGLE_SIZE)),
        mix_size=mix_size_table(frames.get(SINGLE_SIZE)),
        conventions=[
            (row["study_id"], statistic_name(row["statistic"]), row["conventions"])
            for row in signed_rows(specifications, STUDY_RESULT)
        ],
        terms=TERMS,
        as_of=iso_day(end) if end else "no data yet",
        n_specifications=count(results["spec_sha256"].n_unique() if results.height else 0),
        n_markets=count(frames.get(MARKET).height),
    )
    return Page(
        canvas.path,
        "Methods",
        "Methods",
        "Formulas, conventions, false-alarm rates of the tests, glossary and how to cite.",
        body,
        files=canvas.files,
    )


def _size(canvas: Canvas, rows: pl.DataFrame) -> Markup:
    picked = pick_size(rows)
    figure = draw_test_size(picked)
    return canvas.draw(figure) + (NOTHING if figure.why_empty else _size_table(picked) + _power_table(rows))


def _size_table(picked: pl.DataFrame) -> Markup:
    heads = (
        Head("Market"),
        Head("Events", is_number=True),
        Head("Replications", is_number=True),
        Head("Assume independence", is_number=True),
        Head("Too often", is_number=True, label="of these, too often"),
        Head("Allow for dependence", is_number=True),
        Head("Too often", is_number=True, label="of these, too often"),
    )
    known = picked.filter(pl.col("rejection").is_not_null())
    order = {name: place for place, name in enumerate(SCENARIO_TITLES)}
    names = sorted(known["scenario"].unique(), key=lambda name: (order.get(name, len(order)), name))
    return table(
        "size-table",
        "False alarms in every market, where 5% was intended",
        "Median over the tests of a kind, lowest and highest in brackets. Too often: tests whose whole Monte-Carlo "
        "band lies above 5%.",
        heads,
        [_size_row(name, known.filter(pl.col("scenario") == name)) for name in names],
    )


def _size_row(scenario: str, rows: pl.DataFrame) -> list[Cell | Spanning]:
    cells: list[Cell | Spanning] = [
        scenario_name(scenario),
        count(_SIZES.row(rows, 0)["n_events"]),
        replications(rows),
    ]
    for part, where in ((rows.filter(is_naive()), f"= '{INDEPENDENT}'"), (rows.filter(~is_naive()), NOT_NAIVE)):
        if not part.height:
            cells += ["–", "–"]
            continue
        numbers = SizeNumbers(part, f"dependence {where}")
        n_often = numbers.of("count(*)", part.filter(pl.col("lower_95") > LEVEL).height, f"lower_95 > {LEVEL}")
        middle, low, high = numbers.middle_and_ends()
        n_all = numbers.of("count(rejection)", part.height)
        cells += [f"{share(middle)} ({share(low)}–{share(high)})", f"{count(n_often)} of {count(n_all)}"]
    return cells


def _power_table(rows: pl.DataFrame) -> Markup:
    """How often the tests that allow for dependence find an effect that is there; nothing where it was not measured."""
    picked = pick_power(rows).filter(pl.col("rejection").is_not_null() & ~is_naive())
    if not picked.height:
        return NOTHING
    first = _SIZES.row(picked, 0)
    order = {name: place for place, name in enumerate(SCENARIO_TITLES)}
    names = sorted(picked["scenario"].unique(), key=lambda name: (order.get(name, len(order)), name))
    heads = (Head("Market"), Head("Headline test", is_number=True), Head("Median", is_number=True), Head("Range"))
    body: list[list[Cell | Spanning]] = []
    for name in names:
        own = picked.filter(pl.col("scenario") == name)
        headline = own.filter(pl.col("statistic") == HEADLINE_TEST)
        median, low, high = SizeNumbers(own, f"dependence {NOT_NAIVE}").middle_and_ends()
        shown = share(_SIZES.row(headline, 0)["rejection"]) if headline.height else "–"
        body.append([scenario_name(name), shown, share(median), f"{share(low)}–{share(high)}"])
    return table(
        "power-table",
        f"How often {plural(first['n_events'], 'event')}, each with an effect of {number(first['effect_sd'], 1)} "
        "residual deviations, are recognised",
        "Of the tests that allow for dependence, at 5%. An effect is harder to see where tokens move together.",
        heads,
        body,
    )
