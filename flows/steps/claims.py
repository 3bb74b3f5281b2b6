"""Judge the published claims on what the warehouse holds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from analysis.claims.language import Claim, packaged_claims, read_claims
from analysis.claims.reading import Evidence
from analysis.claims.tape import candles_by_asset
from analysis.claims.verdicts import claim_frame, claimed_span, judge
from flows.configuration import read_own, read_toml
from flows.context import RunContext, StepReport
from flows.errors import CommandError
from flows.study_registry import load_studies
from warehouse.store.connection import Reader
from warehouse.tables.choice import MARKET_CHOICE
from warehouse.tables.claims import CLAIM, CLAIM_READING, CLAIM_VERDICT
from warehouse.tables.news import EVENT
from warehouse.tables.prices import ASSET
from warehouse.tables.resilience import DOSE_RESPONSE
from warehouse.tables.studies import STUDY_RESULT


def update_claims(context: RunContext) -> StepReport:
    """Judge the packaged and the user's claims; rows of claims that are gone go with them."""
    warehouse = context.warehouse
    claims = load_claims(context.settings.config_path)
    evidence = load_evidence(warehouse, claims)

    verdicts, readings = judge(claims, evidence)

    warehouse.replace(CLAIM, claim_frame(claims))
    n_readings = warehouse.replace(CLAIM_READING, readings)
    n_verdicts = warehouse.replace(CLAIM_VERDICT, verdicts)
    return StepReport(n_verdicts + n_readings, f"{verdicts.height} claims judged, {n_verdicts} verdicts changed")


def load_claims(config_path: Path) -> list[Claim]:
    """The packaged claims, extended or overridden by id by the user's `claims.toml`."""
    claims = packaged_claims(read_own(config_path, "claims.toml"))
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


def load_evidence(reader: Reader, claims: Sequence[Claim]) -> Evidence:
    """Everything that verdicts on these claims may rest on."""
    events = reader.frame(EVENT, where="status <> 'rejected'")
    from_utc, to_utc = claimed_span(claims, events)
    candles = reader.query("candles_with_assets", from_utc=from_utc, to_utc=to_utc)
    return Evidence(
        candles=candles_by_asset(candles),
        assets=reader.frame(ASSET),
        events=events,
        studies=reader.frame(
            STUDY_RESULT,
            where="list_contains($study_ids::varchar[], study_id)",
            study_ids=sorted({claim.study for claim in claims}),
        ),
        responses=reader.frame(DOSE_RESPONSE),
        choices=reader.frame(MARKET_CHOICE, where="purpose = 'reaction'"),
    )
