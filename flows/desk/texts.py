"""Check what a text says about prices."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from analysis.claims.check.answer import as_document
from flows.checking.checker import Checker


def check_statements(text: str, said_at: datetime) -> dict[str, Any]:
    """Every statement about a market in a text or page, judged by the bars that were closed when it was said.

    `said_at` is an aware instant. The document is the one of `aftershock factcheck --format json`.
    """
    return as_document(Checker().check(text, said_at), {})
