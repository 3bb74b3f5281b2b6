"""The steps on the record: they answer offline, repeat themselves, and take a person's claims."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows.cli import main
from flows.commands.claims import check_claims, verdict_lines
from flows.context import RunContext
from flows.errors import EXIT_USAGE, CommandError
from flows.settings import Settings
from flows.steps.bundle import update_bundle
from flows.steps.claims import load_claims, update_claims
from flows.steps.resilience import update_resilience
from tests.builders import make_rows
from warehouse.store.connection import open_writer
from warehouse.tables.claims import CLAIM_READING, CLAIM_VERDICT
from warehouse.tables.news import EVENT
from warehouse.tables.prices import ASSET, CANDLE, MARKET
from warehouse.tables.resilience import DOSE_RESPONSE, HEDGE

OWN_CLAIM = """\
[[claim]]
id = "mine"
episode = "mine"
quote = "NEAR gained a tenth in a day."
kind = "rise_within"
asset = "NEAR"
event = "2026-06-12-fable-mythos-access-restriction"
rise = 0.1
hours = 24
"""


def make_settings(home: Path) -> Settings:
    return Settings(
        home=home,
        replay_url=None,
        is_offline=True,
        lock_deadline_seconds=1.0,
        plotly_js=None,
        prefect_api_url=None,
    )


@pytest.fixture
def context(tmp_path: Path) -> Iterator[RunContext]:
    settings = make_settings(tmp_path)
    with open_writer(settings.warehouse_path, 1) as warehouse:
        yield RunContext(settings, warehouse, "run-1", datetime(2026, 11, 22, tzinfo=UTC), lambda _: None)


def register_assets(context: RunContext) -> None:
    names = ("TAO", "FET", "NEAR", "WLD", "BTC", "ETH")
    roles = {"BTC": "benchmark", "ETH": "benchmark"}
    assets = make_rows(ASSET, *({"asset_id": name, "role": roles.get(name, "ai_token")} for name in names))
    pairs = ((f"binanceusdm:{name}/USDT:USDT", name) for name in names)
    markets = ({"market_id": market, "asset_id": name, "is_registered": True} for market, name in pairs)
    context.warehouse.merge(ASSET, assets)
    context.warehouse.merge(MARKET, make_rows(MARKET, *markets))


def test_second_pass_over_the_record_changes_nothing(context: RunContext) -> None:
    assert update_bundle(context).n_changed > 4000
    register_assets(context)
    assert update_resilience(context).n_changed > 0
    assert update_claims(context).n_changed > 0
    assert [step(context).n_changed for step in (update_bundle, update_resilience, update_claims)] == [0, 0, 0]


def test_record_alone_answers_the_claims(context: RunContext) -> None:
    update_bundle(context)
    update_claims(context)
    verdicts = dict(context.warehouse.frame(CLAIM_VERDICT).select("claim_id", "verdict").iter_rows())
    assert verdicts["tao-30-percent-in-12-hours"] == "overstated"
    assert verdicts["tao-lead-over-agix"] == "cannot_be_told"
    assert context.warehouse.frame(CLAIM_READING, where="weight = 'decisive'").height >= len(verdicts)


def test_a_verdict_of_two_windows_rests_on_data_up_to_the_end_of_the_later_one(context: RunContext) -> None:
    update_bundle(context)
    update_claims(context)
    [rally] = context.warehouse.frame(CLAIM_VERDICT, where="claim_id = 'no-broad-rally-june-2026'").to_dicts()
    ends = context.warehouse.frame(CLAIM_READING, where="claim_id = 'no-broad-rally-june-2026'")["to_utc"]
    assert ends.n_unique() == 2
    assert rally["data_as_of_utc"] > ends.min()


def test_few_shocks_carry_their_warning(context: RunContext) -> None:
    update_bundle(context)
    register_assets(context)
    update_resilience(context)
    hedge = context.warehouse.frame(HEDGE, where="shock = 'restriction' and asset_id = 'TAO' and weight = 0.1")
    assert hedge["n_events"].max() >= 1
    assert hedge["reason"].str.contains("fewer than 10 shocks").all()
    responses = context.warehouse.frame(DOSE_RESPONSE, where="asset_id = 'TAO' and provider = 'all'")
    assert responses["reason"].null_count() == 0


def test_bar_of_an_exchange_survives_the_record(context: RunContext) -> None:
    update_bundle(context)
    bar = context.warehouse.frame(CANDLE, where="timeframe = '1h'", order_by="open_time_utc limit 1")
    better = bar.with_columns(bar["close_quote"] + 1, source_id=bar["source_id"].replace("bundle", "binanceusdm"))
    context.warehouse.merge(CANDLE, better)
    assert update_bundle(context).n_changed == 0


def test_event_a_person_rejected_stays_rejected(context: RunContext) -> None:
    update_bundle(context)
    event = context.warehouse.frame(EVENT, order_by="event_id limit 1")
    rejected = event.with_columns(status=event["status"].replace("confirmed", "rejected"))
    context.warehouse.merge(EVENT, rejected)
    assert update_bundle(context).n_changed == 0


def test_own_claims_extend_the_packaged_ones(context: RunContext) -> None:
    context.settings.config_path.mkdir()
    (context.settings.config_path / "claims.toml").write_text(OWN_CLAIM)
    assert "mine" in {claim.id for claim in load_claims(context.settings.config_path)}
    update_bundle(context)
    update_claims(context)
    mine = context.warehouse.frame(CLAIM_VERDICT, where="claim_id = 'mine'").row(0, named=True)
    assert mine["measured_value"] == pytest.approx(2.104 / 2.006 - 1)
    assert mine["verdict"] == "another_reading"
    assert "highest price it rose" in mine["closest_true_statement"]


def test_wrong_claim_file_ends_with_the_usage_code_and_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = tmp_path / "my.toml"
    wrong.write_text(OWN_CLAIM.replace("hours = 24", "hourz = 24"))
    monkeypatch.setattr("sys.argv", ["aftershock", "claims", "check", "--file", str(wrong)])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == EXIT_USAGE
    assert "my.toml line 9: claim 'mine': hourz: unknown key" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("timeframe", "statement", "last"),
    [
        (None, "TAO moved −0.7% on average.", "data to 20 Jun 2026 24:00 UTC"),
        ("1h", "TAO rose 5.4% in the 7 days (4-hour bars).", "data to 20 Jun 2026 24:00 UTC"),
        ("4h", "TAO rose 5.4%.", "4-hour bars, data to 20 Jun 2026 24:00 UTC"),
    ],
)
def test_a_verdict_names_its_bars_in_words_and_once(timeframe: str | None, statement: str, last: str) -> None:
    row = {"verdict": "supported", "quote": "TAO rose.", "claim_id": "c", "closest_true_statement": statement}
    row |= dict.fromkeys(("rarity", "elsewhere", "offer", "missing_data"))
    end = datetime(2026, 6, 21, tzinfo=UTC)
    assert list(verdict_lines(row | {"timeframe": timeframe, "data_as_of_utc": end}))[-1].strip() == last


def test_missing_claim_file_ends_with_the_usage_code(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"none\.toml") as caught:
        check_claims(file=tmp_path / "none.toml")
    assert caught.value.exit_code == EXIT_USAGE
