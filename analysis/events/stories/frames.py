"""What each headline says happened, as one frame per headline."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from warehouse.config import Entry, EntryTable, FileForm, load_config, packaged_text

# A story connected by frame and names alone may not stretch further unless its frame says so.
DEFAULT_SPAN_HOURS = 36.0


class Frame(Entry):
    """One kind of happening and how long headlines about it stay one story."""

    id: str
    pattern: str
    categories: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    span_hours: float = DEFAULT_SPAN_HOURS


FRAMES = EntryTable("frame", Frame)
_FORM = FileForm((FRAMES,), texts=("version",))


@dataclass(frozen=True, slots=True)
class FrameSet:
    """All frames in order of precedence, with the version that story rows carry."""

    version: str
    frames: tuple[Frame, ...]

    def span_hours(self, frame_id: str) -> float:
        """Longest stretch of a story of this frame, in hours."""
        return next((frame.span_hours for frame in self.frames if frame.id == frame_id), DEFAULT_SPAN_HOURS)


def load_frames() -> FrameSet:
    """The packaged frames."""
    found = load_config(_FORM, packaged_text("analysis.events.stories", "stories.toml"))
    return FrameSet(found.text("version"), found.entries(FRAMES))


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
