"""The built site of the June 2026 episode, once per session."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboards.shell.site import build_site
from tests.dashboards.material import NOW, make_tables
from tests.dashboards.publication import publish_tables


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published database that holds the episode."""
    return publish_tables(make_tables(), tmp_path_factory.mktemp("published"))


@pytest.fixture(scope="session")
def site(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of pages built from it."""
    folder = tmp_path_factory.mktemp("site")
    build_site(published, folder, now=NOW)
    return folder
