"""What `aftershock serve` started is watched: when a part ends by itself, the whole ends with an error."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.errors import EXIT_SOURCE, CommandError
from flows.serve.server import PrefectApi, wait_for_interrupt

ENDS, STAYS = "raise SystemExit(9)", "import sys; sys.stdin.read()"


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[bytes]]]:
    found: list[subprocess.Popen[bytes]] = []
    yield found
    for process in found:
        process.kill()
        process.wait()


@pytest.mark.parametrize(
    ("schedules", "server", "words"),
    [
        (STAYS, ENDS, "Prefect's server ended with 9; see prefect-server.log"),
        (ENDS, STAYS, "the schedules ended with 9; see schedules.log"),
        (ENDS, None, "the schedules ended with 9; see schedules.log"),  # a server of somebody else's
    ],
)
def test_a_part_that_ends_by_itself_ends_the_whole(
    tmp_path: Path, started: list[subprocess.Popen[bytes]], schedules: str, server: str | None, words: str
) -> None:
    def start(code: str) -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE))
        return started[-1]

    api = PrefectApi("http://127.0.0.1:1/api", None, start(server) if server else None)
    with pytest.raises(CommandError) as caught:
        wait_for_interrupt(api, start(schedules), tmp_path, lambda _line: None, lambda: None)
    assert (str(caught.value), caught.value.exit_code) == (words, EXIT_SOURCE)
