"""Tables, tiles and cards as HTML that is complete without any script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from markupsafe import Markup, escape

from dashboards.numbers import Words
from warehouse.tables.terms import unmarked
from warehouse.tables.units import iso_day, iso_instant, moment

Cell = str | Markup


def time_tag(value: datetime, text: str | None = None, precision: str = "minute") -> Markup:
    """A `<time>` element whose machine value is ISO 8601 UTC."""
    stamp = iso_day(value) if precision == "day" else iso_instant(value)
    return Markup('<time datetime="{}">{}</time>').format(stamp, text or moment(value, precision))


@dataclass(frozen=True)
class Head:
    """One column of a table: heading, whether it holds numbers, whether it takes the full row on phones."""

    text: Cell
    is_number: bool = False
    is_wide: bool = False
    label: str = ""  # shown before the value on phones; the heading when empty

    @cached_property
    def open_cell(self) -> str:
        """The opening tag of a cell of this column."""
        names = " ".join(name for name, is_on in (("n", self.is_number), ("wide", self.is_wide)) if is_on)
        label = self.label or Markup(str(self.text)).striptags()  # noqa: S704 - only tags of our own headings are cut
        classes = f' class="{names}"' if names else ""
        return f'<td{classes} data-l="{escape(label)}">'


@dataclass(frozen=True, slots=True)
class Spanning:
    """One cell that fills the rest of a row, such as the reason why nothing was measured."""

    text: Cell


def table(
    table_id: str, caption: str, small: Cell, heads: Sequence[Head], rows: Sequence[Sequence[Cell | Spanning]]
) -> Markup:
    """A table whose caption states the finding; the first cell of a row is its heading."""
    head = Markup("").join(
        Markup('<th scope="col"{}>{}</th>').format(Markup(' class="n"') if item.is_number else "", item.text)
        for item in heads
    )
    body = Markup("").join(_row(heads, row) for row in rows)
    return Markup(
        '<div class="scroll" tabindex="0" role="region" aria-labelledby="{0}-c"><table class="stack" id="{0}">'
        '<caption><span id="{0}-c">{1}</span><small>{2}</small></caption>'
        "<thead><tr>{3}</tr></thead><tbody>{4}</tbody></table></div>"
    ).format(table_id, caption, small, head, body)


def _row(heads: Sequence[Head], row: Sequence[Cell | Spanning]) -> Markup:
    cells = [f'<th scope="row">{escape(row[0])}</th>']
    for position, cell in enumerate(row[1:], start=1):
        if isinstance(cell, Spanning):
            cells.append(f'<td colspan="{len(heads) - position}" class="why wide">{escape(cell.text)}</td>')
            break
        cells.append(f"{heads[position].open_cell}{escape(cell)}</td>")
    return Markup(f"<tr>{''.join(cells)}</tr>")  # noqa: S704 - every cell is escaped above


def empty_table(why: str, remedy: str) -> Markup:
    """The place of a table that has no rows: why, and what to do."""
    return Markup('<div class="none low"><b>{}</b><span>{}</span></div>').format(with_code(why), with_code(remedy))


def with_code(text: str) -> Markup:
    """Text whose `backticks` mark commands."""
    if isinstance(text, Words):
        # A stored sentence stays whole, so that it can be compared with what is stored.
        return Markup("{}").format(unmarked(text))
    parts = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if index % 2 else part for index, part in enumerate(parts)
    )


def tile(label: Cell, value: str, in_words: Cell, is_accent: bool = False) -> Markup:
    """One number with its range in words."""
    return Markup('<div class="tile"><dt>{}</dt><dd class="big{}">{}</dd><dd class="range">{}</dd></div>').format(
        label, " tao" if is_accent else "", value, in_words
    )


def tiles(items: Sequence[Markup]) -> Markup:
    """A row of tiles."""
    return Markup('<dl class="tiles">{}</dl>').format(Markup("").join(items))


def facts(items: Sequence[tuple[Cell, Cell]]) -> Markup:
    """Short labelled statements."""
    return Markup('<dl class="facts">{}</dl>').format(
        Markup("").join(Markup("<div><dt>{}</dt><dd>{}</dd></div>").format(label, text) for label, text in items)
    )


def badge(icon: str, text: str, css: str = "") -> Markup:
    """An icon with a word; the colour repeats what the word says."""
    whole = Markup('<span class="badge {}"><span aria-hidden="true">{}</span> <span>{}</span></span>')
    return whole.format(css, icon, text)


def limits(title: str, items: Sequence[tuple[str, str]]) -> Markup:
    """The box of what cannot be known: a bold word and a sentence each."""
    rows = Markup("").join(Markup("<li><strong>{}</strong> {}</li>").format(head, text) for head, text in items)
    return Markup(
        '<section class="limits" aria-labelledby="limits-t"><h2 class="plain" '
        'id="limits-t">{}</h2><ul>{}</ul></section>'
    ).format(title, rows)
