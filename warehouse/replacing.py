"""Put a whole file in the place of another, or leave that one untouched."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path, suffix: str = ".draft", *, is_synced: bool = True) -> Iterator[Path]:
    """Where to write what will stand at `path` when the block ends: on the disk first, then in place at once.

    After an error, or a kill at any instant, `path` is what it was; an error also takes the draft away. What can be
    made again need not wait for the disk (`is_synced` false): after a power cut it may be empty.
    """
    draft = path.with_suffix(suffix)
    draft.unlink(missing_ok=True)
    try:
        yield draft
        if is_synced:
            with draft.open("rb+") as file:
                os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
