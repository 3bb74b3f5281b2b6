"""What a source answered, before anybody reads it."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
from datetime import datetime

from ingest.source import Source


@dataclass(frozen=True, slots=True)
class Payload:
    """Bytes of one answer with where, when and how they came; `body` is already decompressed."""

    source_id: str
    url: str
    received_at: datetime
    http_status: int
    body: bytes
    content_type: str = ""
    etag: str | None = None
    last_modified: str | None = None
    seconds: float = 0.0

    def stamp(self, run_id: str) -> Source:
        """What the rows that are read from it carry."""
        return Source(self.source_id, run_id, self.received_at, self.content_type)

    @property
    def sha256(self) -> str:
        """Hash of the bytes."""
        return hashlib.sha256(self.body).hexdigest()


def pack_body(body: bytes) -> bytes:
    """The bytes as `raw.document.body_zlib` keeps them (feeds shrink five to ten times)."""
    return zlib.compress(body, level=6)


def unpack_body(packed: bytes) -> bytes:
    """The bytes as they were received."""
    return zlib.decompress(packed)
