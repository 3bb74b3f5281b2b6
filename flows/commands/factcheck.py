"""`aftershock factcheck`: read a sentence or an article and judge every statement about a market in it."""

import json
import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from flows.errors import CommandError
from flows.options import Instant, last_instant_option
from flows.output import emit_text, talk

if TYPE_CHECKING:
    from analysis.claims.check.answer import CheckedText

# An article is shorter than this, in bytes; more is a mistake.
LARGEST_TEXT = 5_000_000


class ArticleFormat(StrEnum):
    """How a checked text is given back."""

    TABLE = "table"
    JSON = "json"
    HTML = "html"
    CLAIMREVIEW = "claimreview"
    TOML = "toml"
    CSV = "csv"  # the bars that the verdicts rest on


def register(parent: typer.Typer) -> None:
    """Attach the command."""
    parent.command("factcheck")(factcheck)


def factcheck(
    text: Annotated[
        Optional[str],  # noqa: UP045 - typer reads the annotation
        typer.Argument(help="A sentence in quotes, a .txt or .html file, or - for standard input."),
    ] = None,
    said: Annotated[
        Optional[Instant],  # noqa: UP045
        last_instant_option(
            "When it was said, UTC; a day alone is its end; by default what the text says, or now.", "--said"
        ),
    ] = None,
    fmt: Annotated[
        ArticleFormat,
        typer.Option("--format", help="How to give the text back; csv: the bars that the verdicts rest on."),
    ] = ArticleFormat.TABLE,
    batch: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--batch", help="Lines of {id, text, said_at_utc}; gives a line of JSON for each."),
    ] = None,
    score: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--score", help="A gold file: print recall, precision and accuracy instead of answers."),
    ] = None,
) -> None:
    """Judge every statement about a market in a text by the stored bars, as of when it was said.

    Example: aftershock factcheck "TAO rose 30% within 12 hours of the US restriction." --said 2026-06-16
    """
    if (text is not None) + (batch is not None) + (score is not None) != 1:
        raise typer.BadParameter('give one of a text, --batch FILE or --score FILE; such as "TAO rose 30% on Monday."')
    from flows.checking.checker import Checker

    checker = Checker()
    if batch is not None:
        for line in checker.answer_lines(_lines(batch)):
            emit_text(json.dumps(line, ensure_ascii=False) + "\n")
    elif score is not None:
        _print_score(checker.score(_lines(score)))
    else:
        source = _read(str(text))
        answer = checker.check(source, _said_at(source, said))
        _print(answer, fmt)


def _print(answer: "CheckedText", fmt: ArticleFormat) -> None:
    from flows.checking import output

    writers = {
        ArticleFormat.TABLE: output.as_table,
        ArticleFormat.JSON: output.as_json,
        ArticleFormat.HTML: output.as_html,
        ArticleFormat.CLAIMREVIEW: output.as_claimreview,
        ArticleFormat.TOML: output.as_toml,
        ArticleFormat.CSV: output.as_csv,
    }
    emit_text(writers[fmt](answer))


def _print_score(rows: list[dict[str, Any]]) -> None:
    import polars as pl

    from flows.output import Format, emit

    emit(pl.DataFrame(rows), Format.TABLE)


def _said_at(source: str, said: Instant | None) -> datetime:
    """The time given, else the one the text states about itself, else now; what is chosen is said."""
    from analysis.claims.check.datelines import dateline
    from analysis.claims.check.markup import published_time
    from warehouse.tables.units import iso_minute

    if said is not None:
        return said
    stated = published_time(source) or dateline(source)
    chosen = stated or datetime.now(UTC).replace(microsecond=0)
    origin = "the text says so" if stated else "now; give --said for the day of publication"
    talk(f"read as said at {iso_minute(chosen)} UTC ({origin})")
    return chosen


def _read(text: str) -> str:
    """The text itself, or what the file or standard input holds; CommandError for a file that is none."""
    if text == "-":
        return sys.stdin.read()
    path = Path(text)
    is_name = len(text) < 256 and "\n" not in text and path.suffix.lower() in (".txt", ".html", ".htm", ".md")
    if not is_name:
        if not text.strip():
            raise typer.BadParameter('the text is empty; give a sentence, such as "TAO rose 30% on Monday."')
        return text
    return _content(path)


def _content(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST_TEXT:
            raise CommandError(f"{path} is larger than {LARGEST_TEXT} bytes; an article is shorter", 2)
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as exc:
        raise CommandError(f"{path} is no UTF-8 text ({exc.reason} at byte {exc.start}); save it as UTF-8", 2) from exc
    except OSError as exc:
        raise CommandError(f"cannot read {path}: {exc.strerror}; give a file, a sentence in quotes, or -", 2) from exc


def _lines(path: Path) -> list[dict[str, Any]]:
    source = sys.stdin.read() if str(path) == "-" else _content(path)
    rows = []
    for number, line in enumerate(source.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as exc:
            raise CommandError(f"{path} line {number} is no JSON: {exc.msg}; one object a line is expected", 2) from exc
        if not isinstance(row, dict) or not isinstance(row.get("text"), str) or "id" not in row:
            raise CommandError(f'{path} line {number}: expected {{"id", "text", "said_at_utc"}}', 2)
        rows.append(row)
    return rows
