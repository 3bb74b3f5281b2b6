"""Run the real command in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

ENTRY = "import sys; sys.argv[0] = 'aftershock'; from flows.cli import main; main()"
RUN_SECONDS = 240


def run_aftershock(
    home: Path, *arguments: str, code: str = ENTRY, **variables: str
) -> subprocess.CompletedProcess[str]:
    """The finished process of `aftershock ARGUMENTS` in `home`, with AFTERSHOCK_* variables as given."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("AFTERSHOCK_", "PREFECT_"))}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env={**inherited, "AFTERSHOCK_HOME": str(home), **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=RUN_SECONDS,
    )
