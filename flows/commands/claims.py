"""`aftershock claims`: list the claims, or check them on the published data."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from flows.options import FormatOption, Instant, instant_option
from flows.output import Format, emit, emit_lines, talk
from warehouse.tables.bars import bar_words
from warehouse.tables.terms import STATEMENT_VERDICT_TITLES
from warehouse.tables.units import close_moment, iso_second, plural

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.claims.language import Claim

BARS_SAID = re.compile(r"\bbars\b")

FileOption = Annotated[
    Optional[Path],  # noqa: UP045 - typer reads the annotation
    typer.Option("--file", help="A claim file to use instead of the packaged claims and your own."),
]

claims_app = typer.Typer(
    name="claims", no_args_is_help=True, help="What was claimed about prices, and whether it is so."
)


def register(parent: typer.Typer) -> None:
    """Attach the group."""
    parent.add_typer(claims_app)


@claims_app.command("list")
def list_claims(file: FileOption = None, fmt: FormatOption = Format.TABLE) -> None:
    """Show the claims that are checked: the packaged ones and those of config/claims.toml.

    Example: aftershock claims list --format csv
    """
    from analysis.claims.verdicts import claim_frame

    emit(claim_frame(_load(file)), fmt)


@claims_app.command("check")
def check_claims(
    file: FileOption = None,
    as_of: Annotated[
        Optional[Instant],  # noqa: UP045 - typer reads the annotation
        instant_option("Judge what had been said, on the prices believed, at this UTC instant; a day is its 00:00."),
    ] = None,
    fmt: FormatOption = Format.TABLE,
    readings: Annotated[
        bool, typer.Option("--readings", help="Print every reading that was tried instead of the verdicts.")
    ] = False,
    bars: Annotated[
        bool, typer.Option("--bars", help="Print the bars that the verdicts rest on instead; see --format csv.")
    ] = False,
) -> None:
    """Judge claims on the published file, without writing anything.

    With --as-of later corrections of prices do not count, and claims that nobody had made yet are left out.

    Example: aftershock claims check --file my.toml --format json
    """
    from analysis.claims.verdicts import judge
    from flows.settings import load_settings
    from flows.steps.claims import load_evidence, load_evidence_as_of, said_by
    from warehouse.store.connection import open_reader

    claims, settings = _load(file), load_settings()
    if as_of is not None:
        n_all, claims = len(claims), said_by(claims, as_of)
        talk(f"as of {iso_second(as_of)} UTC: {plural(n_all - len(claims), 'claim')} made later and left out")
    with open_reader(settings.published_path) as reader:
        evidence = (
            load_evidence(reader, claims)
            if as_of is None
            else load_evidence_as_of(reader, settings.config_path, claims, as_of)
        )
        judged = judge(claims, evidence)
    if readings or bars:
        emit(judged.readings if readings else judged.bars, fmt)
    elif fmt is Format.TABLE:
        for row in judged.verdicts.iter_rows(named=True):
            emit_lines(verdict_lines(row))
    else:
        emit(judged.verdicts, fmt)
    for claim_id, warning in judged.verdicts.select("claim_id", "warning").drop_nulls().iter_rows():
        talk(f"careful, {claim_id}: {warning}")
    talk(
        f"{judged.verdicts.height} claims judged; `--readings` shows every reading that was tried, `--bars` the prices"
    )


def verdict_lines(row: dict[str, Any]) -> "Iterator[str]":
    """The lines that the table form says of one row of out.claim_verdict; a missing part is left out."""
    yield f"{STATEMENT_VERDICT_TITLES[row['verdict']]}: “{row['quote']}” ({row['claim_id']})"
    yield f"    {row['closest_true_statement']}"
    for text in (row["rarity"], row["elsewhere"], row["offer"]):
        if text:
            yield f"    {text.rstrip('.')}."
    if row["missing_data"]:
        yield f"    would need: {row['missing_data']}"
    if row["data_as_of_utc"] is not None:
        # A premium rests on a study and has no bars of its own; other sentences may name theirs already.
        is_said = row["timeframe"] is None or BARS_SAID.search(row["closest_true_statement"])
        bars = "" if is_said else f"{bar_words(row['timeframe'])} bars, "
        yield f"    {bars}data to {close_moment(row['data_as_of_utc'])}"


def _load(file: Path | None) -> "list[Claim]":
    from flows.settings import load_settings
    from flows.steps.claims import load_claims, read_claim_file

    return read_claim_file(file) if file is not None else load_claims(load_settings().config_path)
