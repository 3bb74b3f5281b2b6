"""Where tests find material that is not in the tree."""

from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
SHARED = PROJECT.parent / "shared"


def shared(*parts: str) -> Path:
    """A file of the shared material beside the project; skips the test, saying so, where it is absent."""
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"needs the shared material: {'/'.join(parts)}")
    return path
