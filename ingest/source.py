"""What travels together with everything that is received."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Source:
    """Who gave something, the run that took it in, and when: the stamp on every row that is kept or refused.

    `source_id` is a feed, a venue or a file; `content_type` is what the answer's header said, empty where none did.
    """

    source_id: str
    run_id: str
    received_at: datetime
    content_type: str = ""
