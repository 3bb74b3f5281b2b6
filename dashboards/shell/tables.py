"""Tables, tiles and cards as HTML that is complete without any script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from markupsafe import Markup, escape

from dashboards.fill import macro
from dashboards.numbers import Words
from warehouse.tables.terms import unmarked
from warehouse.tables.units import iso_day, iso_instant, moment

Cell = str | Markup
# What a page shows where there is nothing to show.
NOTHING = Markup("")


def time_tag(value: datetime, text: str | None = None, precision: str = "minute") -> Markup:
    """A `<time>` element whose machine value is ISO 8601 UTC."""
    stamp = iso_day(value) if precision == "day" else iso_instant(value)
    return macro("parts", "time", stamp, text or moment(value, precision))


def strong(text: Cell) -> Markup:
    """The words that a row or sentence hinges on."""
    return macro("parts", "strong", text)


def cited(name: str) -> Markup:
    """A name as a person's own file writes it, whose digits are no numbers of ours."""
    return macro("parts", "cited", name)


def code(text: str) -> Markup:
    """A name that machines use."""
    return macro("parts", "code", text)


def link(path: str, text: Cell) -> Markup:
    """A link to a page of the site."""
    return macro("parts", "link", path, text)


def with_soft(text: Cell, soft: Cell) -> Markup:
    """A text with quieter words behind it."""
    return macro("parts", "with_soft", text, soft)


def over_soft(text: Cell, soft: Cell) -> Markup:
    """A text with quieter words below it."""
    return macro("parts", "over_soft", text, soft)


def two_lines(first: str, second: str) -> Markup:
    """The heading of a narrow column."""
    return macro("parts", "two_lines", first, second)


def fold_away(summary: str, body: Markup, fold_id: str = "") -> Markup:
    """What a reader opens."""
    return macro("parts", "fold", fold_id, summary, body)


@dataclass(frozen=True)
class Head:
    """One column of a table: heading, whether it holds numbers, whether it takes the full row on phones."""

    text: Cell
    is_number: bool = False
    is_wide: bool = False
    label: str = ""  # shown before the value on phones; the heading when empty
    is_continued: bool = False  # on phones it goes on under the cell before it, without a label

    @cached_property
    def open_cell(self) -> str:
        """The opening tag of a cell of this column."""
        is_wide = self.is_wide or self.is_continued
        names = " ".join(name for name, is_on in (("n", self.is_number), ("wide", is_wide)) if is_on)
        label = self.label or Markup(str(self.text)).striptags()  # noqa: S704 - only tags of our own headings are cut
        classes = f' class="{names}"' if names else ""
        return f"<td{classes}>" if self.is_continued else f'<td{classes} data-l="{escape(label)}">'


@dataclass(frozen=True, slots=True)
class Spanning:
    """One cell that fills the rest of a row, such as the reason why nothing was measured."""

    text: Cell


def table(
    table_id: str, caption: str, small: Cell, heads: Sequence[Head], rows: Sequence[Sequence[Cell | Spanning]]
) -> Markup:
    """A table whose caption states the finding; the first cell of a row is its heading."""
    body = Markup("".join(_row(heads, row) for row in rows))  # noqa: S704 - every cell is escaped there
    return macro("parts", "table", table_id, caption, small, heads, body)


def _row(heads: Sequence[Head], row: Sequence[Cell | Spanning]) -> str:
    cells = [f'<th scope="row">{escape(row[0])}</th>']
    for position, cell in enumerate(row[1:], start=1):
        if isinstance(cell, Spanning):
            cells.append(f'<td colspan="{len(heads) - position}" class="why wide">{escape(cell.text)}</td>')
            break
        cells.append(f"{heads[position].open_cell}{escape(cell)}</td>")
    return f"<tr>{''.join(cells)}</tr>"


def empty_table(why: str, remedy: str) -> Markup:
    """The place of a table that has no rows: why, and what to do."""
    return macro("parts", "empty", with_code(why), with_code(remedy))


def with_code(text: str) -> Markup:
    """Text whose `backticks` mark commands."""
    if isinstance(text, Words):
        # A stored sentence stays whole, so that it can be compared with what is stored.
        return escape(unmarked(text))
    parts = text.split("`")
    return Markup("").join(code(part) if index % 2 else part for index, part in enumerate(parts))


def tile(label: Cell, value: str, in_words: Cell, is_accent: bool = False) -> Markup:
    """One number with its range in words."""
    return macro("parts", "tile", label, value, in_words, is_accent)


def tiles(items: Sequence[Markup]) -> Markup:
    """A row of tiles."""
    return macro("parts", "tiles", items)


def facts(items: Sequence[tuple[Cell, Cell]]) -> Markup:
    """Short labelled statements."""
    return macro("parts", "facts", items)


def badge(icon: str, text: str, css: str = "") -> Markup:
    """An icon with a word; the colour repeats what the word says."""
    return macro("parts", "badge", icon, text, css)


def limits(title: str, items: Sequence[tuple[str, str]]) -> Markup:
    """The box of what cannot be known: a bold word and a sentence each."""
    return macro("parts", "limits", title, items)
