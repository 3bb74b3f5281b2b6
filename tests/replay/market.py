"""What the replayed exchanges trade: recorded bars, or a simulated market with planted effects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

import numpy as np
import polars as pl

from tests.paths import PROJECT, SHARED

HOUR_MILLISECONDS = 3_600_000
SECONDS = {"1m": 60, "5m": 300, "1h": 3_600, "4h": 14_400, "1d": 86_400}
# Deviation of a simulated minute's log return: that of an hour over the root of 60.
MINUTE_DEVIATION = 0.0009
Bar = tuple[int, float, float, float, float, float]  # open time in milliseconds, open, high, low, close, base volume


class Market(Protocol):
    """What an exchange can be asked."""

    def symbols(self, exchange: str) -> list[str]:
        """Unified symbols that the exchange lists."""
        ...

    def bars(self, exchange: str, symbol: str, timeframe: str) -> Sequence[Bar]:
        """All bars of a series in order, those of the future included: the exchange hides them."""
        ...


@dataclass(frozen=True, slots=True)
class PlantedEffect:
    """A true effect: the log price of `asset` moves by `log_points`, spread evenly over `n_hours` from `at`."""

    asset: str
    at: datetime
    log_points: float
    n_hours: int = 6


class RecordedMarket:
    """Bars from a frame with exchange, symbol, timeframe, open_time_utc, open, high, low, close, volume_base."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._series: dict[tuple[str, str, str], list[Bar]] = {}
        stamped = frame.with_columns(pl.col("open_time_utc").dt.epoch("ms").alias("stamp")).sort("stamp")
        for key, part in stamped.group_by("exchange", "symbol", "timeframe"):
            close = pl.col("close")
            rows = part.select(
                "stamp",
                pl.col("open").fill_null(close),
                pl.col("high").fill_null(close),
                pl.col("low").fill_null(close),
                close,
                pl.col("volume_base").fill_null(1.0),
            )
            self._series[(str(key[0]), str(key[1]), str(key[2]))] = list(rows.iter_rows())

    def symbols(self, exchange: str) -> list[str]:
        """Every recorded symbol of the exchange."""
        return sorted({symbol for venue, symbol, _ in self._series if venue == exchange})

    def bars(self, exchange: str, symbol: str, timeframe: str) -> Sequence[Bar]:
        """The recorded bars; empty for a bar length that was not recorded."""
        return self._series.get((exchange, symbol, timeframe), [])


class SimulatedMarket:
    """Hourly random walks with a common factor and planted effects; the same seed gives the same prices.

    Every exchange quotes the same mid price with its own small constant premium, so that series stay different.
    """

    def __init__(
        self,
        start: datetime,
        end: datetime,
        *,
        assets: Sequence[str] = ("BTC", "ETH", "TAO", "FET", "NEAR", "WLD"),
        effects: Sequence[PlantedEffect] = (),
        seed: int = 1,
        quotes: Sequence[tuple[str, str]] = (
            ("binance", "{}/USDT"),
            ("binanceusdm", "{}/USDT:USDT"),
            ("okx", "{}/USDT"),
            ("okx", "{}/USDT:USDT"),
            ("kucoin", "{}/USDT"),
            ("kucoin", "{}/USDT:USDT"),
            ("coinbase", "{}/USD"),
            ("kraken", "{}/USD"),
        ),
    ) -> None:
        self._quotes = quotes
        self._made: dict[tuple[str, str, str], list[Bar]] = {}
        self._assets, self._seed = tuple(assets), seed
        self._minutes: dict[str, np.ndarray] = {}
        self._first = int(start.timestamp()) // 3_600
        n_hours = int(end.timestamp()) // 3_600 - self._first
        random = np.random.default_rng(seed)
        factor = random.normal(0.0, 0.004, n_hours)
        self._log_prices: dict[str, np.ndarray] = {}
        self._volumes: dict[str, np.ndarray] = {}
        for number, asset in enumerate(self._assets):
            steps = (1.0 if asset == "BTC" else 1.2) * factor
            if asset != "BTC":
                steps = steps + random.normal(0.0, 0.006, n_hours)
            for effect in effects:
                if effect.asset == asset:
                    hour = int(effect.at.timestamp()) // 3_600 - self._first
                    steps[hour + 1 : hour + 1 + effect.n_hours] += effect.log_points / effect.n_hours
            self._log_prices[asset] = np.log(100.0 * (number + 1)) + np.concatenate([[0.0], np.cumsum(steps)])
            self._volumes[asset] = random.lognormal(8.0, 0.5, n_hours)

    def symbols(self, exchange: str) -> list[str]:
        """Every asset in the exchange's quote currencies."""
        return [rule.format(asset) for venue, rule in self._quotes if venue == exchange for asset in self._assets]

    def bars(self, exchange: str, symbol: str, timeframe: str) -> Sequence[Bar]:
        """Bars of an hour or longer made of whole hours, shorter ones of minutes that wander from hour to hour."""
        key = (exchange, symbol, timeframe)
        if key not in self._made:
            self._made[key] = self._make(exchange, symbol, timeframe)
        return self._made[key]

    def _make(self, exchange: str, symbol: str, timeframe: str) -> list[Bar]:
        asset = symbol.split("/")[0]
        if asset not in self._log_prices or symbol not in self.symbols(exchange):
            return []
        premium = 1 + 0.0001 * sum(map(ord, exchange + symbol)) / 1_000
        if SECONDS[timeframe] < 3_600:
            return self._split(asset, premium, SECONDS[timeframe])
        per_bar = SECONDS[timeframe] // 3_600
        prices = np.round(np.exp(self._log_prices[asset]) * premium, 4)
        volumes = np.round(self._volumes[asset], 3)
        bars = []
        offset = -self._first % per_bar
        for at in range(offset, len(volumes) - per_bar + 1, per_bar):
            path = prices[at : at + per_bar + 1]
            bars.append(
                (
                    (self._first + at) * HOUR_MILLISECONDS,
                    float(path[0]),
                    float(path.max()),
                    float(path.min()),
                    float(path[-1]),
                    float(volumes[at : at + per_bar].sum()),
                )
            )
        return bars

    def _minutes_of(self, asset: str) -> np.ndarray:
        """Log prices by the minute: between two hours a random walk that ends where the hour does."""
        if asset not in self._minutes:
            hours = self._log_prices[asset]
            random = np.random.default_rng([self._seed, self._assets.index(asset)])
            steps = random.normal(0.0, MINUTE_DEVIATION, (hours.size - 1, 60))
            steps += (np.diff(hours) / 60 - steps.mean(axis=1))[:, np.newaxis]
            self._minutes[asset] = hours[0] + np.concatenate([[0.0], np.cumsum(steps)])
        return self._minutes[asset]

    def _split(self, asset: str, premium: float, seconds: int) -> list[Bar]:
        per_hour = 3_600 // seconds
        prices = np.round(np.exp(self._minutes_of(asset)[:: 60 // per_hour]) * premium, 4)
        opened, closed = prices[:-1], prices[1:]
        stamps = self._first * HOUR_MILLISECONDS + np.arange(opened.size) * seconds * 1_000
        columns = (stamps, opened, np.maximum(opened, closed), np.minimum(opened, closed), closed)
        volumes = np.round(np.repeat(self._volumes[asset] / per_hour, per_hour), 3)
        return list(zip(*(column.tolist() for column in (*columns, volumes)), strict=True))


def recorded_market() -> RecordedMarket | None:
    """The shared candles with those the product ships, or None where the shared material is absent."""
    folder = SHARED / "data" / "market"
    if not folder.exists():
        return None
    columns = ["exchange", "symbol", "timeframe", "open_time_utc", "open", "high", "low", "close", "volume_base"]
    frames = [
        pl.read_parquet(folder / f"{name}.parquet", columns=columns)
        for name in ("candles_1h", "candles_4h", "candles_1d")
    ]
    for name in ("candles_1h", "candles_4h"):
        shipped = pl.read_csv(
            PROJECT / "ingest" / "bundle" / f"{name}.csv", try_parse_dates=True, schema_overrides={"volume": pl.Float64}
        )
        frames.append(
            shipped.rename({"volume": "volume_base"}).with_columns(
                pl.col("open_time_utc").cast(pl.Datetime("us", "UTC"))
            )
        )
    key = ["exchange", "symbol", "timeframe", "open_time_utc"]
    return RecordedMarket(pl.concat(frames, how="vertical_relaxed").select(columns).unique(key, keep="first"))


def default_market() -> Market:
    """Recorded bars when they are here, else a simulated market with TAO up a quarter within a day of the episode."""
    episode = datetime(2026, 6, 12, 23, 56, 41, tzinfo=UTC)
    return recorded_market() or SimulatedMarket(
        datetime(2026, 3, 1, tzinfo=UTC),
        datetime(2026, 7, 15, tzinfo=UTC),
        effects=(PlantedEffect("TAO", episode, 0.22, 12),),
    )
