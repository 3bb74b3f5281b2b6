"""Judge the published claims on what the warehouse holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import polars as pl

from analysis.claims.finding import Evidence
from analysis.claims.language import Claim, packaged_claims, read_claims
from analysis.claims.verdicts import claim_frame, judge
from analysis.tape.funding import FundingRecord, funding_records
from flows.checking.evidence import load_market
from flows.configuration import read_own, read_toml
from flows.context import RunContext, StepReport
from flows.errors import CommandError
from flows.jobs.ledger import load_decisions
from flows.steps.studies import measure_one_event
from flows.study_registry import load_studies, read_studies
from flows.tape import StoredTape
from ingest.bundle.loader import shipped_event_ids
from warehouse.store.connection import Reader
from warehouse.tables.choice import MARKET_CHOICE
from warehouse.tables.claims import CLAIM, CLAIM_BAR, CLAIM_HISTORY, CLAIM_READING, CLAIM_VERDICT
from warehouse.tables.news import EVENT, INCIDENT
from warehouse.tables.resilience import DOSE_RESPONSE
from warehouse.tables.studies import STUDY_RESULT


def update_claims(context: RunContext) -> StepReport:
    """Judge the packaged and the user's claims; rows of claims that are gone go with them, their history stays."""
    warehouse = context.warehouse
    context.let_go()  # no later step measures studies; claims, correlations and pages need the memory
    claims = load_claims(context.settings.config_path)
    evidence = load_evidence(warehouse, claims)

    verdicts, readings, bars = judge(claims, evidence)

    warehouse.replace(CLAIM, claim_frame(claims))
    n_readings = warehouse.replace(CLAIM_READING, readings)
    warehouse.replace(CLAIM_BAR, bars)
    n_verdicts = warehouse.replace(CLAIM_VERDICT, verdicts)
    warehouse.merge(CLAIM_HISTORY, changed_verdicts(warehouse, verdicts, context))
    return StepReport(n_verdicts + n_readings, f"{verdicts.height} claims judged, {n_verdicts} verdicts changed")


def changed_verdicts(reader: Reader, verdicts: pl.DataFrame, context: RunContext) -> pl.DataFrame:
    """out.claim_history rows of this run: the verdicts whose word or measurement is not the last one noted."""
    history = reader.frame(CLAIM_HISTORY)
    last = history.sort("judged_at_utc").unique("claim_id", keep="last").select(
        "claim_id", pl.col("verdict").alias("last_verdict"), pl.col("measured").alias("last_measured")
    )  # fmt: skip
    compared = verdicts.join(last, on="claim_id", how="left", validate="1:1")
    is_same = (pl.col("verdict") == pl.col("last_verdict")) & (pl.col("measured") == pl.col("last_measured"))
    changed = compared.filter(~is_same.fill_null(False)).with_columns(
        run_id=pl.lit(context.run_id), judged_at_utc=pl.lit(context.now)
    )
    return CLAIM_HISTORY.conform(changed.select(CLAIM_HISTORY.column_names))


def load_claims(config_path: Path) -> list[Claim]:
    """The packaged claims, extended or overridden by id by the user's `claims.toml`.

    ConfigError for what is set against a claim and is no event of the ledger.
    """
    known_events = shipped_event_ids() | {decision.event_id for decision in load_decisions(config_path)}
    claims = packaged_claims(read_own(config_path, "claims.toml"), known_events)
    declared = [study.id for study in load_studies(config_path)]
    for claim in claims:
        if claim.study not in declared:
            raise CommandError(
                f"claims.toml: claim {claim.id}: study {claim.study!r} is not declared; expected one of "
                f"{', '.join(declared)}, or a [[study]] of that id in studies.toml"
            )
    return claims


def read_claim_file(path: Path) -> list[Claim]:
    """The claims of one file."""
    return read_claims(read_toml(path))


def said_by(claims: Sequence[Claim], as_of: datetime) -> list[Claim]:
    """The claims without those that were made after an instant; one without `said_at` is asked now."""
    return [claim for claim in claims if claim.said_at is None or claim.said_at <= as_of]


def load_evidence_as_of(reader: Reader, config_path: Path, claims: Sequence[Claim], as_of: datetime) -> Evidence:
    """What verdicts could rest on at an instant: prices believed then, the studies measured on them, known incidents.

    What outages did on average is measured on today's prices alone, so claims about it cannot be told.
    """
    now = load_evidence(reader, claims)
    studies = {study.id: study for study in read_studies(reader, config_path)}
    asked = sorted({(claim.study, claim.event) for claim in claims if claim.event is not None})
    tape = StoredTape(reader, as_of)
    measured = [measure_one_event(reader, studies[study], event, as_of, tape=tape)[0] for study, event in asked]
    return replace(
        now,
        market=load_market(reader, as_of=as_of),
        studies=pl.concat([STUDY_RESULT.empty(), *measured]),
        responses=DOSE_RESPONSE.empty(),
        incidents=now.incidents.filter(pl.col("first_seen_at_utc") <= as_of),
        funding=_load_funding(reader, claims, as_of),
    )


def load_evidence(reader: Reader, claims: Sequence[Claim]) -> Evidence:
    """Everything that verdicts on these claims may rest on."""
    return Evidence(
        market=load_market(reader),
        events=reader.frame(EVENT, where="status <> 'rejected'"),
        studies=reader.frame(
            STUDY_RESULT,
            where="list_contains($study_ids::varchar[], study_id)",
            study_ids=sorted({claim.study for claim in claims}),
        ),
        responses=reader.frame(DOSE_RESPONSE),
        incidents=reader.frame(INCIDENT),
        choices=reader.frame(MARKET_CHOICE, where="purpose = 'reaction'"),
        funding=_load_funding(reader, claims, None),
    )


def _load_funding(reader: Reader, claims: Sequence[Claim], as_of: datetime | None) -> Mapping[str, FundingRecord]:
    market_ids = [claim.market for claim in claims if claim.funding and claim.market]
    return funding_records(reader.query("funding_rates", as_of=as_of, market_ids=market_ids)) if market_ids else {}
