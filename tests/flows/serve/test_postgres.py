"""Prefect's records in a real PostgreSQL, named by its URL: a served run completes and stands there."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.serve.served import free_port, start_serving, wait_for

FOLDERS = [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True), Path("/usr/local/bin"), Path("/usr/bin")]
BIN = next((folder for folder in FOLDERS if (folder / "initdb").exists()), None)
pytestmark = [
    pytest.mark.prefect,
    pytest.mark.skipif(BIN is None, reason="no PostgreSQL here: install the package postgresql to run this"),
]
COMPLETE_SECONDS = 360.0


def as_server_user(*words: str) -> list[str]:
    """PostgreSQL refuses to run as root."""
    return ["runuser", "-u", "postgres", "--", *words] if os.geteuid() == 0 else list(words)


@pytest.fixture
def database_url() -> Iterator[str]:
    """A cluster of its own on loopback, gone afterwards."""
    assert BIN is not None
    folder, port = Path(tempfile.mkdtemp()), free_port()
    folder.chmod(0o777)
    data = folder / "data"
    options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={folder} -c fsync=off"
    subprocess.run(
        as_server_user(str(BIN / "initdb"), "--auth=trust", "--username=prefect", "-D", str(data)),
        check=True,
        capture_output=True,
    )
    control = as_server_user(str(BIN / "pg_ctl"), "-D", str(data), "-w")
    subprocess.run([*control, "-l", str(folder / "log"), "-o", options, "start"], check=True, stdout=subprocess.DEVNULL)
    try:
        yield f"postgresql+asyncpg://prefect@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], check=False, capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)


def completed_runs(url: str) -> int:
    assert BIN is not None
    query = "select count(*) from flow_run where state_type = 'COMPLETED'"
    plain = url.replace("+asyncpg", "")
    answer = subprocess.run([str(BIN / "psql"), plain, "-Atc", query], check=False, capture_output=True, text=True)
    return int(answer.stdout) if answer.returncode == 0 else 0


def test_a_served_run_completes_and_stands_in_postgresql(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_DATABASE_CONNECTION_URL", database_url)
    served = start_serving(tmp_path)
    try:
        wait_for(lambda: completed_runs(database_url) or served.process.poll() is not None, COMPLETE_SECONDS)
        assert served.process.poll() is None
        assert completed_runs(database_url) >= 1
        assert not (tmp_path / "prefect" / "prefect.db").exists()
    finally:
        served.process.send_signal(signal.SIGTERM)
        served.process.wait(60)
        for pid in served.processes():
            os.kill(pid, signal.SIGKILL)
