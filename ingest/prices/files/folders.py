"""Which files a command line names: folders whole, and checksums that stand beside a file verified."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from ingest.errors import MalformedError, PermanentError
from ingest.prices.files.archive import FORMATS

CHECKSUM_END = ".CHECKSUM"
_BLOCK_BYTES = 2**20


def files_in(paths: Sequence[Path]) -> list[Path]:
    """Every file that is named, and the price files below every folder that is named, sorted.

    Raises PermanentError for a folder without a price file.
    """
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        inside = sorted(file for file in path.rglob("*") if file.is_file() and file.name.lower().endswith(FORMATS))
        if not inside:
            raise PermanentError(str(path), "a folder without price files", f"files that end in {', '.join(FORMATS)}")
        found += inside
    return found


def verify_checksum(path: Path) -> str:
    """A remark that the sha256 in `NAME.CHECKSUM` beside the file is its own, "" where there is none.

    Raises MalformedError when it is another one.
    """
    beside = path.with_name(path.name + CHECKSUM_END)
    if not beside.is_file() or not path.is_file():
        return ""
    stated = beside.read_text(errors="replace").split()[:1]
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    if not stated or stated[0].lower() != digest.hexdigest():
        raise MalformedError(
            str(path), f"its sha256 is not the one in {beside.name}", "the file as it was published", "fetch it again"
        )
    return f"sha256 as in {beside.name}"
