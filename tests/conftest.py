"""What a first run of the bundled record leaves, once per session."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.paths import PROJECT

_COMMAND = [sys.executable, "-c", "import sys; sys.argv[0] = 'aftershock'; from flows.cli import main; main()"]
_SECONDS = 300


def run_aftershock(home: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command of the program in a process of its own, offline, with `home` and in `folder`."""
    environment = {**os.environ, "AFTERSHOCK_HOME": str(home), "AFTERSHOCK_OFFLINE": "1"}
    return subprocess.run(
        [*_COMMAND, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=_SECONDS,
    )


@pytest.fixture(scope="session")
def bundled_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home after a first run offline; a test that changes it takes a copy."""
    home = tmp_path_factory.mktemp("bundled") / "home"
    result = run_aftershock(home, PROJECT, "run")
    assert result.returncode == 0, result.stderr
    return home
