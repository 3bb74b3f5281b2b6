"""The whole road on the replay world: before the episode, two hours after it, two days after it."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from tests.e2e.command import run_aftershock
from tests.paths import shared
from tests.replay.feeds import FeedWorld, recorded_sources
from tests.replay.world import ReplayWorld
from warehouse.store.connection import open_writer

pytestmark = pytest.mark.slow

EPISODE = "2026-06-12-fable-mythos-access-restriction"
TAO = "binanceusdm:TAO/USDT:USDT"
BEFORE = datetime(2026, 6, 12, 20, 30, tzinfo=UTC)
TWO_HOURS_AFTER = datetime(2026, 6, 13, 2, 0, tzinfo=UTC)
TWO_DAYS_AFTER = datetime(2026, 6, 15, 0, 30, tzinfo=UTC)


class Replayed:
    """A replay world and one home that three runs share."""

    def __init__(self, home: Path) -> None:
        # A simulated market would contradict the bars that the product ships, and a check of the data says so.
        shared("data", "market")
        sources = recorded_sources(shared("data", "news"))
        self.home = home
        self.feeds = FeedWorld(BEFORE, sources)
        self.world = ReplayWorld(BEFORE, mounts={"/feed": self.feeds.handle})

    def run_at(self, instant: datetime) -> str:
        self.world.move_to(instant)
        self.feeds.instant = instant
        result = run_aftershock(
            self.home, "run", "--now", f"{instant:%Y-%m-%dT%H:%M:%SZ}", AFTERSHOCK_REPLAY_URL=self.world.url
        )
        assert result.returncode == 0, result.stderr
        assert "Traceback" not in result.stderr
        return result.stdout

    def rows(self, sql: str) -> list[dict[str, str]]:
        result = run_aftershock(self.home, "query", sql, "--format", "csv")
        assert result.returncode == 0, result.stderr
        return list(csv.DictReader(io.StringIO(result.stdout)))

    def reaction(self, hours: int, statistic: str) -> dict[str, str]:
        [row] = self.rows(
            "select estimate, value, n, reason from out.study_result where study_id = 'reaction' and group_id = 'event'"
            f" and event_id = '{EPISODE}' and market_id = '{TAO}' and window_start_hours = 0"
            f" and window_end_hours = {hours} and statistic = '{statistic}'"
        )
        return row


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replayed]:
    replay = Replayed(tmp_path_factory.mktemp("home"))
    with replay.world:
        yield replay


def test_the_episode_unfolds(replayed: Replayed) -> None:
    replayed.run_at(BEFORE)
    assert replayed.rows(f"select * from core.event where event_id = '{EPISODE}'") == []
    assert replayed.rows(f"select * from core.candle where open_time_utc > timestamptz '{BEFORE}'") == []
    assert replayed.rows(f"select * from core.entry where first_seen_at_utc > timestamptz '{BEFORE}'") == []

    replayed.run_at(TWO_HOURS_AFTER)
    [event] = replayed.rows(f"select best_at_utc, origin from core.event where event_id = '{EPISODE}'")
    assert event["best_at_utc"].startswith("2026-06-12T23:56:41")
    assert replayed.reaction(1, "raw_return")["estimate"] != ""
    assert replayed.reaction(24, "raw_return")["reason"] != "", "24 h are not over: the reason, not a number"
    [verdict] = replayed.rows("select verdict from out.claim_verdict where claim_id = 'tao-30-percent-in-12-hours'")
    assert verdict["verdict"] == "cannot_be_told"

    printed = replayed.run_at(TWO_DAYS_AFTER)
    assert float(replayed.reaction(12, "raw_return")["estimate"]) == pytest.approx(0.155, abs=0.0015)
    assert float(replayed.reaction(24, "raw_return")["estimate"]) == pytest.approx(0.234, abs=0.0015)
    assert float(replayed.reaction(24, "car")["estimate"]) == pytest.approx(0.20, abs=0.03)
    assert int(replayed.reaction(24, "placebo_rank")["n"]) > 100
    [verdict] = replayed.rows("select verdict from out.claim_verdict where claim_id = 'tao-30-percent-in-12-hours'")
    assert verdict["verdict"] == "overstated"
    assert "+15.5%" in printed
    page = (replayed.home / "site" / "index.html").read_text()
    assert "15.5%" in page

    again = replayed.run_at(TWO_DAYS_AFTER)
    assert "Nothing changed since the last run" in again


def test_query_agrees_with_a_plain_session_while_a_run_is_writing(replayed: Replayed) -> None:
    sql = "select * from out.claim_verdict order by claim_id"
    with open_writer(replayed.home / "warehouse.duckdb", 5) as writer:
        writer.connection.execute("begin").fetchall()
        writer.connection.execute("delete from out.claim_verdict").fetchall()
        ours = replayed.rows(sql)
        writer.connection.execute("rollback").fetchall()
    connection = duckdb.connect(str(replayed.home / "aftershock.duckdb"), read_only=True)
    cursor = connection.execute(sql)
    names = [column[0] for column in cursor.description]
    theirs = cursor.fetchall()
    connection.close()
    assert len(ours) == len(theirs) > 5
    for mine, other in zip(ours, theirs, strict=True):
        plain = dict(zip(names, other, strict=True))
        assert mine["claim_id"] == plain["claim_id"]
        assert mine["verdict"] == plain["verdict"]
        assert mine["closest_true_statement"] == plain["closest_true_statement"]
        assert float(mine["measured_value"] or "nan") == pytest.approx(
            plain["measured_value"] if plain["measured_value"] is not None else float("nan"), nan_ok=True
        )
