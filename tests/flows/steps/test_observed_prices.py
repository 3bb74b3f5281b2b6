"""An asset without candles is measured on observed prices, labelled as such, and on nothing that came later."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from analysis.groups.plan import plan_groups
from analysis.tape.observations import is_observed
from flows.context import RunContext
from flows.jobs.price_files import FileRequest, import_prices
from flows.settings import Settings
from flows.steps.groups import _specify
from flows.steps.studies import measure_one_event, update_studies
from flows.study_registry import DeclaredStudy, load_studies
from flows.tape import StoredTape
from ingest.bundle.loader import load_bundle
from tests.builders import make_rows
from tests.paths import shared
from warehouse.config import ConfigError
from warehouse.store.connection import Warehouse, open_writer
from warehouse.tables.news import EVENT
from warehouse.tables.ops import RUN
from warehouse.tables.prices import ASSET, CANDLE, MARKET, OBSERVATION, QUARANTINE
from warehouse.tables.studies import EXCLUSION, STUDY_RESULT

EPISODE = "2026-06-12-fable-mythos-access-restriction"
START = datetime(2026, 4, 1, tzinfo=UTC)
AT = START + timedelta(days=50, hours=2, minutes=10)
SEEN = datetime(2026, 7, 2, tzinfo=UTC)
N_BARS = 60 * 6
BITCOIN, TAO = "binanceusdm:BTC/USDT:USDT", "binanceusdm:TAO/USDT:USDT"


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with open_writer(tmp_path / "warehouse.duckdb", 1) as writer:
        store_world(writer)
        yield writer


def store_world(warehouse: Warehouse) -> None:
    """Four-hour candles of BTC and TAO, observations of BTC, TAO and RENDER every 100 minutes, one event."""
    random = np.random.default_rng(5)
    common = np.cumsum(random.normal(0, 0.01, N_BARS + 1))
    paths = {name: 100 * np.exp(common + np.cumsum(random.normal(0, 0.01, N_BARS + 1))) for name in ("TAO", "RENDER")}
    paths["BTC"] = 50_000 * np.exp(common)
    candles = [
        {
            "market_id": market,
            "timeframe": "4h",
            "open_time_utc": START + timedelta(hours=4 * bar),
            "close_quote": float(paths[asset][bar + 1]),
            "volume_base": 1.0,
            "first_seen_at_utc": SEEN,
        }
        for market, asset in ((BITCOIN, "BTC"), (TAO, "TAO"))
        for bar in range(N_BARS)
    ]
    warehouse.merge(CANDLE, make_rows(CANDLE, *candles))
    warehouse.merge(OBSERVATION, make_observations(paths))
    warehouse.merge(
        MARKET, make_rows(MARKET, *({"market_id": m, "asset_id": a} for m, a in ((BITCOIN, "BTC"), (TAO, "TAO"))))
    )
    times = {f"{name}_at_utc": AT for name in ("earliest", "best", "latest")}
    row = {
        "event_id": "event",
        "category": "outage",
        "origin": "ledger",
        "status": "confirmed",
        "selected_from": "news",
    }
    warehouse.merge(EVENT, make_rows(EVENT, row | times | {"time_precision": "second"}))


def make_observations(paths: dict[str, np.ndarray], **more: Any) -> pl.DataFrame:
    minutes = np.arange(0, N_BARS * 240, 100)
    rows = [
        {
            "source_id": "snapshots.parquet",
            "asset_id": asset,
            "observed_at_utc": START + timedelta(minutes=int(minute)),
            "price_quote": float(np.interp(minute, np.arange(N_BARS + 1) * 240, path)),
            "first_seen_at_utc": SEEN,
        }
        | more
        for asset, path in paths.items()
        for minute in minutes
    ]
    return make_rows(OBSERVATION, *rows)


def the_study() -> DeclaredStudy:
    [study] = load_studies(Path("/nonexistent"))
    return study


def measure(warehouse: Warehouse, as_of: datetime | None = None) -> tuple[pl.DataFrame, pl.DataFrame]:
    return measure_one_event(warehouse, the_study(), "event", as_of)


def make_context(warehouse: Warehouse, home: Path, now: datetime = SEEN) -> RunContext:
    return RunContext(Settings(home, None, True, 1, None, None), warehouse, "run", now, lambda _line: None)


def test_an_asset_without_candles_is_measured_and_labelled(warehouse: Warehouse) -> None:
    results, exclusions = measure(warehouse)
    render = results.filter(pl.col("market_id") == "observed:RENDER/USD")
    car = render.filter((pl.col("statistic") == "car") & (pl.col("window_end_hours") == 24)).row(0, named=True)
    assert car["estimate"] is not None
    assert all("prices observed at uneven times" in words for words in render["conventions"])
    assert all("at most 180 minutes old" in words for words in render["conventions"])
    assert car["benchmark"].startswith("BTC: observed:BTC/USD (")
    candles = results.filter(pl.col("market_id") == TAO)
    assert candles.height > 0
    assert not any("observed" in words for words in candles["conventions"])
    assert set(results["market_id"]) == {BITCOIN, TAO, "observed:RENDER/USD"}
    reasons = dict(exclusions.select("market_id", "reason").iter_rows())
    assert reasons["observed:TAO/USD"] == f"not needed: candles of TAO are there ({TAO})"
    assert reasons["observed:BTC/USD"] == f"not needed: candles of BTC are there ({BITCOIN})"


def test_candles_that_end_before_the_event_make_room_for_observed_prices(warehouse: Warehouse) -> None:
    warehouse.connection.execute(
        "delete from core.candle where market_id = $m and open_time_utc > $t", {"m": TAO, "t": AT - timedelta(days=3)}
    ).fetchall()
    results, exclusions = measure(warehouse)
    assert "observed:TAO/USD" in results["market_id"].to_list()
    reasons = dict(exclusions.select("market_id", "reason").iter_rows())
    assert "ends before the event" in reasons[TAO]
    assert "observed:TAO/USD" not in reasons


def test_numbers_on_candles_are_the_same_with_and_without_observations(warehouse: Warehouse) -> None:
    def numbers(frame: pl.DataFrame) -> pl.DataFrame:
        shown = ["market_id", "window_end_hours", "statistic", "estimate", "lower_95", "upper_95", "value", "p_value"]
        own = frame.filter(pl.col("market_id").is_in([BITCOIN, TAO]) & (pl.col("statistic") != "max_statistic"))
        return own.select(shown).sort(shown[:3])

    with_observations = numbers(measure(warehouse)[0])
    warehouse.replace(OBSERVATION, OBSERVATION.empty())
    without = numbers(measure(warehouse)[0])
    assert with_observations.equals(without)


def test_as_of_an_instant_observations_that_came_later_do_not_exist(warehouse: Warehouse) -> None:
    before, after = SEEN - timedelta(seconds=1), SEEN
    assert not any(is_observed(m) for g in StoredTape(warehouse, before).grids(the_study()) for m in g.market_ids)
    assert any(is_observed(m) for g in StoredTape(warehouse, after).grids(the_study()) for m in g.market_ids)
    warehouse.connection.execute(
        "update core.observation set first_seen_at_utc = $later where observed_at_utc > $t",
        {"later": SEEN + timedelta(days=1), "t": AT - timedelta(days=1)},
    ).fetchall()
    results, exclusions = measure(warehouse, SEEN)
    assert "observed:RENDER/USD" not in results["market_id"].to_list()
    assert "observed:RENDER/USD" in exclusions["market_id"].to_list()
    assert "observed:RENDER/USD" in measure(warehouse, SEEN + timedelta(days=1))[0]["market_id"].to_list()


def test_rows_of_earlier_versions_were_seen_when_their_run_was(warehouse: Warehouse) -> None:
    warehouse.connection.execute("update core.observation set first_seen_at_utc = null").fetchall()
    grids = StoredTape(warehouse, SEEN).grids(the_study())
    assert not any(is_observed(market) for grid in grids for market in grid.market_ids)
    warehouse.merge(RUN, make_rows(RUN, {"run_id": "x", "started_at_utc": SEEN}))
    assert any(
        is_observed(market) for grid in StoredTape(warehouse, SEEN).grids(the_study()) for market in grid.market_ids
    )


def test_observations_after_the_end_of_an_asset_are_not_used(warehouse: Warehouse) -> None:
    ended = AT - timedelta(days=1)
    warehouse.merge(ASSET, make_rows(ASSET, {"asset_id": "RENDER", "role": "ai_token", "valid_to_utc": ended}))
    results, exclusions = measure(warehouse)
    assert "observed:RENDER/USD" not in results["market_id"].to_list()
    reasons = dict(exclusions.select("market_id", "reason").iter_rows())
    assert "ends before the event" in reasons["observed:RENDER/USD"]


def test_prices_of_two_sources_are_never_mixed(warehouse: Warehouse) -> None:
    few = make_observations({"RENDER": np.full(N_BARS + 1, 7.0)}, source_id="other.parquet").head(50)
    warehouse.merge(OBSERVATION, few)
    grids = StoredTape(warehouse).grids(the_study())
    closes = np.concatenate([grid.close[grid.row("observed:RENDER/USD")] for grid in grids])
    assert np.nanmin(closes) > 10


def test_a_run_stores_results_and_the_market_they_stand_for_once(warehouse: Warehouse, tmp_path: Path) -> None:
    first = update_studies(make_context(warehouse, tmp_path))
    assert first.n_changed > 0
    market = warehouse.frame(MARKET, where="market_id = 'observed:RENDER/USD'").row(0, named=True)
    assert (market["kind"], market["asset_id"], market["is_registered"]) == ("observed", "RENDER", False)
    assert warehouse.frame(STUDY_RESULT, where="market_id = 'observed:RENDER/USD'").height > 0
    assert warehouse.frame(EXCLUSION, where="market_id = 'observed:TAO/USD'").height == 1
    assert warehouse.frame(CANDLE, where="market_id like 'observed%'").height == 0
    assert update_studies(make_context(warehouse, tmp_path)).n_changed == 0


def test_groups_take_observed_prices_only_where_candles_are_missing(warehouse: Warehouse) -> None:
    study = the_study()
    events = warehouse.frame(EVENT)
    plan = plan_groups(_specify(study), events, events, StoredTape(warehouse).markets(study))
    markets = {item.market_id for group in plan.groups for item in group.pairs}
    assert markets == {TAO, "observed:RENDER/USD"}


@pytest.mark.parametrize(("minutes", "is_good"), [(180, True), (0, True), (239, True), (240, False), (-1, False)])
def test_a_limit_as_long_as_the_longest_bar_is_refused_with_its_place(
    tmp_path: Path, minutes: int, is_good: bool
) -> None:
    packaged = (
        Path("flows/studies.toml").read_text().replace("staleness_minutes = 180", f"staleness_minutes = {minutes}")
    )
    (tmp_path / "studies.toml").write_text(packaged)
    if is_good:
        assert load_studies(tmp_path)[0].observed_staleness == timedelta(minutes=minutes)
        return
    with pytest.raises(ConfigError, match=r"studies\.toml line \d+: study 'reaction': observed_staleness_minutes"):
        load_studies(tmp_path)


def test_a_study_with_a_limit_of_zero_uses_no_observed_prices(tmp_path: Path, warehouse: Warehouse) -> None:
    (tmp_path / "studies.toml").write_text('[[study]]\nid = "reaction"\nobserved_staleness_minutes = 0\n')
    [study] = load_studies(tmp_path)
    results, exclusions = measure_one_event(warehouse, study, "event", None)
    assert not any(is_observed(market) for market in [*results["market_id"], *exclusions["market_id"]])


def test_a_later_file_cannot_change_what_was_observed(warehouse: Warehouse, tmp_path: Path) -> None:
    path, stamps = tmp_path / "prices.parquet", [AT + timedelta(hours=hour) for hour in range(3)]
    file = pl.DataFrame({"symbol": ["AKT"] * 3, "observed_at_utc": stamps, "price_usd": [1.0, 1.1, 1.2]})
    file.head(2).write_parquet(path)
    import_prices(make_context(warehouse, tmp_path), FileRequest((path,)))
    changed = pl.when(pl.col("observed_at_utc") == AT).then(1.05).otherwise(pl.col("price_usd")).alias("price_usd")
    file.with_columns(changed).write_parquet(path)
    later = SEEN + timedelta(days=1)
    report = import_prices(make_context(warehouse, tmp_path, later), FileRequest((path,))).report
    assert report.row(0, named=True)["n_new"] == 1
    assert report["reasons"].drop_nulls().to_list() == ["1 contested"]
    stored = warehouse.frame(OBSERVATION, where="asset_id = 'AKT'", order_by="observed_at_utc")
    assert stored["price_quote"].to_list() == [1.0, 1.1, 1.2]
    assert stored["first_seen_at_utc"].to_list() == [SEEN, SEEN, later]
    [refused] = warehouse.frame(QUARANTINE, where="reason = 'contested'").to_dicts()
    assert refused["detail"] == "price 1.05 where 1.0 was observed before"


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """The shipped record with the shared four-hour candles and observations."""
    paths = [shared("data", "market", f"{name}.parquet") for name in ("candles_4h", "snapshots")]
    home = tmp_path_factory.mktemp("record")
    with open_writer(home / "warehouse.duckdb", 1) as writer:
        context = make_context(writer, home, datetime(2026, 11, 1, tzinfo=UTC))
        bundle = load_bundle(context.now, "run")
        writer.merge(CANDLE, bundle.candles)
        writer.merge(EVENT, bundle.events)
        import_prices(context, FileRequest(tuple(paths)))
        yield writer


def estimate(results: pl.DataFrame, market: str, hours: float, statistic: str = "raw_return") -> float:
    wanted = pl.col("market_id").eq(market) & pl.col("statistic").eq(statistic) & pl.col("window_end_hours").eq(hours)
    return float(results.filter(wanted)["estimate"].item())


@pytest.mark.slow
def test_render_and_virtual_are_measured_around_the_restriction_of_june_2026(record: Warehouse) -> None:
    results, _ = measure_one_event(record, the_study(), EPISODE, None)
    assert estimate(results, "observed:RENDER/USD", 24) == pytest.approx(0.0606, abs=1e-4)
    assert estimate(results, "observed:RENDER/USD", 24, "car") == pytest.approx(0.048, abs=0.005)
    assert estimate(results, "observed:VIRTUAL/USD", 24) == pytest.approx(0.0495, abs=1e-4)
    assert estimate(results, "observed:VIRTUAL/USD", 24, "car") == pytest.approx(0.037, abs=0.005)
    observed = {market for market in results["market_id"].unique() if is_observed(market)}
    assert observed >= {"observed:RENDER/USD", "observed:VIRTUAL/USD"}
    assert "observed:TAO/USD" not in observed


@pytest.mark.slow
def test_observed_prices_of_tao_agree_with_its_candles_as_far_as_their_age_allows(record: Warehouse) -> None:
    candles = record.frame(CANDLE, where="market_id = $m and timeframe = '4h'", m=TAO)
    closes = dict(candles.select("open_time_utc", "close_quote").iter_rows())
    grid = next(grid for grid in StoredTape(record).grids(the_study()) if grid.bar == timedelta(hours=4))
    row = grid.row("observed:TAO/USD")
    observed = {grid.open_time(n): float(close) for n, close in enumerate(grid.close[row]) if np.isfinite(close)}
    gaps = [abs(observed[opened] / close - 1) for opened, close in closes.items() if opened in observed]
    assert len(gaps) > 250
    assert np.median(gaps) < 0.01
    base, day_later = datetime(2026, 6, 12, 16, tzinfo=UTC), datetime(2026, 6, 13, 16, tzinfo=UTC)
    of_candles = closes[day_later] / closes[base] - 1
    of_observations = observed[day_later] / observed[base] - 1
    assert of_candles == pytest.approx(0.185, abs=0.002)
    assert abs(of_observations - of_candles) < 0.025
    # Twelve hours later they differ: the last price before 08:00 was seen at 06:05, and TAO rose at 07:00.
    eight = datetime(2026, 6, 13, 4, tzinfo=UTC)
    assert observed[eight] == 214.79
    assert closes[eight] > 230
