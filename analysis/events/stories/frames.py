"""What each headline says happened, as one frame per headline."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

import polars as pl

from analysis.events.wording.alternatives import split_alternatives
from warehouse.config import Entry, EntryTable, FileForm, load_config, packaged_text

_WIDE_GAP = re.compile(r"\.\{0,\d{2,}\}")


class Frame(Entry):
    """One kind of happening."""

    id: str
    pattern: str
    categories: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


class Wording(Entry):
    """One thing that a headline can say, or one manner in which it can say it."""

    id: str
    pattern: str
    unless: str | None = None  # what says otherwise, whatever the pattern finds


FRAMES = EntryTable("frame", Frame)
HAPPENINGS = EntryTable("happening", Wording)
_MANNERS = EntryTable("manner", Wording)
_FORM = FileForm((FRAMES, HAPPENINGS, _MANNERS), texts=("version",))


@dataclass(frozen=True, slots=True)
class FrameSet:
    """All frames in order of precedence, happenings and manners, with the version that story rows carry."""

    version: str
    frames: tuple[Frame, ...]
    happenings: tuple[Wording, ...]
    manners: tuple[Wording, ...]

    @property
    def digest(self) -> str:
        """A digest of every pattern, as `Vocabulary.digest`."""
        return hashlib.sha256(repr((self.frames, self.happenings, self.manners)).encode()).hexdigest()


def load_frames() -> FrameSet:
    """The packaged frames."""
    found = load_config(_FORM, packaged_text("analysis.events.stories", "stories.toml"))
    return FrameSet(found.text("version"), found.entries(FRAMES), found.entries(HAPPENINGS), found.entries(_MANNERS))


def frame_of(plain: pl.Expr, category: pl.Expr, frames: FrameSet) -> pl.Expr:
    """The id of the first frame that fits the plain title and the category; empty when none does."""
    chosen = pl.lit("")
    for frame in reversed(frames.frames):
        fits = plain.str.contains(f"(?i){frame.pattern}")
        if frame.categories:
            fits &= category.is_in(list(frame.categories))
        if frame.without:
            fits &= ~category.is_in(list(frame.without))
        chosen = pl.when(fits).then(pl.lit(frame.id)).otherwise(chosen)
    return chosen


def frame_where_named(names: pl.Expr, frames: FrameSet) -> pl.Expr:
    """The frame of rows with plain, category, is_relevant and a list of `names`; empty without a name or relevance.

    Frames cost a regular expression each, and only headlines that name somebody can meet on one.
    """
    needs_frame = (names.list.len() > 0) | pl.col("is_relevant")
    framed = frame_of(pl.when(needs_frame).then("plain"), pl.col("category"), frames)
    return pl.when(needs_frame).then(framed).otherwise(pl.lit(""))


def has_manner(plain: pl.Expr, manner_id: str, frames: FrameSet) -> pl.Expr:
    """Whether a title speaks in this manner (price: it is led by the move of a price)."""
    return says(plain, next(manner for manner in frames.manners if manner.id == manner_id))


def says(plain: pl.Expr, wording: Wording) -> pl.Expr:
    """Whether a title has the pattern of a wording, and nothing that says otherwise."""
    found = pl.any_horizontal(plain.str.contains(f"(?i){one}") for one in _searched(wording.pattern))
    return found if wording.unless is None else found & ~plain.str.contains(f"(?i){wording.unless}")


def _searched(pattern: str) -> list[str]:
    """The alternatives of a pattern: all together, but each that has a wide gap alone, for it has very many states."""
    parts = list(split_alternatives(pattern))
    wide = [part for part in parts if _WIDE_GAP.search(part)]
    narrow = "|".join(part for part in parts if part not in wide)
    return [*wide, narrow] if narrow else wide
