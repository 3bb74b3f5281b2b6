"""Every documented fault ends with its exit code and one sentence; only a bug is called a bug."""

import ctypes
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows import pipeline
from flows.cli import main
from tests.e2e.command import ENTRY, run_aftershock
from warehouse.store.connection import open_writer
from warehouse.store.publish import publish
from warehouse.tables.ops import RUN

NOW = datetime(2026, 6, 13, tzinfo=UTC)
DROP_FROM_BOUNDING_SET, OVERRIDE_PERMISSIONS = 24, 1  # prctl(2), capabilities(7)
BLOCK_BYTES = 12_288  # where the first block of a DuckDB file begins


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with both files, big enough to hold blocks."""
    import polars as pl

    home = tmp_path_factory.mktemp("sound")
    rows = [(f"{i:x}" * 9, "run", NOW, NOW, "done", str(i)) for i in range(20_000)]
    with open_writer(home / "warehouse.duckdb", 1) as writer:
        writer.merge(RUN, pl.DataFrame(rows, schema=RUN.schema, orient="row"))
        publish(writer, home / "warehouse.duckdb", home / "aftershock.duckdb")
    return home


def flip(path: Path) -> None:
    body = bytearray(path.read_bytes())
    for place in range(BLOCK_BYTES, len(body), 5_000):
        body[place] ^= 0xFF
    path.write_bytes(bytes(body))


def flip_header(path: Path) -> None:
    body = bytearray(path.read_bytes())
    body[20] ^= 0xFF
    path.write_bytes(bytes(body))


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def overwrite(path: Path) -> None:
    path.write_bytes(random.Random(1).randbytes(50_000))


@dataclass(frozen=True)
class Expected:
    """A command on a home with something wrong, its exit code and words of its sentence."""

    arguments: tuple[str, ...]
    exit_code: int
    words: tuple[str, ...]
    prepare: Callable[[Path], None] = lambda _home: None
    variables: dict[str, str] = field(default_factory=dict)


ASK = ("query", "select count(*), max(version), max(run_id) from ops.run")
RUN_PASS = ("run", "--offline")
DAMAGE = {"flipped": flip, "flipped header": flip_header, "cut": cut, "emptied": empty, "overwritten": overwrite}
MAKES_ANEW = ("aftershock.duckdb is damaged", "move it away", "aftershock run")
FROM_COPY = ("warehouse.duckdb is damaged", "aftershock restore")


def bad_archive(home: Path) -> None:
    (home / "a.zip").write_bytes(b"PK\x03\x04 not an archive" * 40)


def of_file(file: str, damage: Callable[[Path], None]) -> Callable[[Path], None]:
    return lambda home: damage(home / file)


def bad_config(home: Path) -> None:
    (home / "config").mkdir()
    (home / "config" / "feeds.toml").write_text("[[feed]]\nid = ")


FAULTS = {
    **{f"published {n}": Expected(ASK, 6, MAKES_ANEW, of_file("aftershock.duckdb", d)) for n, d in DAMAGE.items()},
    **{f"warehouse {n}": Expected(RUN_PASS, 6, FROM_COPY, of_file("warehouse.duckdb", d)) for n, d in DAMAGE.items()},
    "published damaged, listed": Expected(("events", "list"), 6, MAKES_ANEW, of_file("aftershock.duckdb", empty)),
    "published damaged, pages": Expected(("pages",), 6, MAKES_ANEW, of_file("aftershock.duckdb", cut)),
    "no such table": Expected(("query", "select * from nope"), 2, ("nope",)),
    "no statement": Expected(("query", "selec 1"), 2, ("syntax error",)),
    "two statements": Expected(("query", "select 1; select 2"), 2, ("expected one statement",)),
    "a conversion": Expected(("query", "select cast('x' as int)"), 2, ("Could not convert",)),
    "an overflow": Expected(("query", "select 9223372036854775807 + 1"), 2, ("Overflow",)),
    "an error of its own": Expected(("query", "select error('boo')"), 2, ("boo",)),
    "a file to attach": Expected(("query", "attach '/nowhere/x.db'"), 2, ("x.db",)),
    "a write": Expected(("query", "drop table ops.run"), 2, ("read-only",)),
    "a refused archive of prices": Expected(("import", "prices", "HOME/a.zip"), 3, ("not a zip file",), bad_archive),
    "a refused archive of news": Expected(("import", "news", "HOME/a.zip"), 3, ("a.zip",), bad_archive),
    "no such file": Expected(("import", "prices", "HOME/none.csv"), 2, ("none.csv",)),
    "a dead Prefect": Expected(
        RUN_PASS,
        3,
        ("no Prefect server answers", "unset PREFECT_API_URL"),
        variables={"PREFECT_API_URL": "http://127.0.0.1:1/api"},
    ),
    "serve without its Prefect": Expected(
        ("serve", "--pages-port", "0"),
        3,
        ("no Prefect server answers",),
        variables={"PREFECT_API_URL": "http://127.0.0.1:1/api"},
    ),
    "a Prefect address that is none": Expected(
        RUN_PASS, 3, ("no Prefect server answers",), variables={"PREFECT_API_URL": "nowhere"}
    ),
    "a bad setting": Expected(RUN_PASS, 2, ("seconds",), variables={"AFTERSHOCK_LOCK_DEADLINE_SECONDS": "soon"}),
    "a bad configuration": Expected(RUN_PASS, 2, ("feeds.toml line",), bad_config),
    "an unknown command": Expected(("fly",), 2, ("No such command",)),
    "nothing published": Expected(ASK, 2, ("aftershock run",), lambda home: (home / "aftershock.duckdb").unlink()),
}


@dataclass(frozen=True)
class Told:
    """How a command ended, and what it said to the person."""

    exit_code: object
    stderr: str


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Told]:
    """Run a command of this process in a home."""

    def run(home: Path, arguments: list[str], **variables: str) -> Told:
        monkeypatch.setenv("AFTERSHOCK_HOME", str(home))
        monkeypatch.delenv("PREFECT_API_URL", raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["aftershock", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return Told(ended.value.code, capsys.readouterr().err)

    return run


def assert_told(told: Told, exit_code: int, *words: str) -> None:
    assert told.exit_code == exit_code, told.stderr
    assert all(word in told.stderr for word in words), told.stderr
    assert "Traceback" not in told.stderr
    assert "Warning:" not in told.stderr
    assert "bug" not in told.stderr


@pytest.mark.parametrize("name", FAULTS)
def test_a_documented_fault_has_its_exit_code_and_sentence(
    tmp_path: Path, sound: Path, call: Callable[..., Told], name: str
) -> None:
    expected = FAULTS[name]
    home = tmp_path / "home"
    shutil.copytree(sound, home)
    expected.prepare(home)
    arguments = [word.replace("HOME", str(home)) for word in expected.arguments]
    assert_told(call(home, arguments, **expected.variables), expected.exit_code, *expected.words)


def obey_permissions() -> None:
    """Take from the superuser the right to write where permissions forbid it, for the program started next."""
    ctypes.CDLL(None).prctl(DROP_FROM_BOUNDING_SET, OVERRIDE_PERMISSIONS, 0, 0, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="takes a right from the superuser as Linux does")
@pytest.mark.parametrize("command", [RUN_PASS, ("rebuild",), ("serve", "--pages-port", "0")])
def test_a_home_that_may_not_be_written_is_a_refusing_disk(
    tmp_path: Path, sound: Path, command: tuple[str, ...]
) -> None:
    home = tmp_path / "home"
    shutil.copytree(sound, home)
    home.chmod(0o555)
    result = subprocess.run(
        [sys.executable, "-c", ENTRY, *command],
        env={"AFTERSHOCK_HOME": str(home), "PATH": os.environ["PATH"]},
        preexec_fn=obey_permissions,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    home.chmod(0o755)
    assert_told(Told(result.returncode, result.stderr), 6, str(home))


RAISED = {
    "raise KeyError('x')": (1, "this is a bug in Aftershock"),
    "import polars; raise polars.exceptions.PanicException('index out of range')": (1, "a library broke off"),
    "raise MemoryError()": (6, "memory is used up"),
    "raise OSError(28, 'No space left on device', '/x/y')": (6, "/x/y: No space left on device"),
    "raise TimeoutError('slow')": (3, "a server stopped answering"),
    "import httpx; raise httpx.ConnectError('gone')": (3, "a server stopped answering"),
    "from ingest.errors import PermanentError; raise PermanentError('kraken', 'is gone')": (2, "kraken: is gone"),
    "from ingest.errors import MalformedError; raise MalformedError('kraken', 'lies')": (3, "kraken: lies"),
    "raise KeyboardInterrupt": (130, ""),
}


@pytest.mark.parametrize("raiser", RAISED)
def test_what_a_step_raises_becomes_one_sentence(
    tmp_path: Path, call: Callable[..., Told], monkeypatch: pytest.MonkeyPatch, raiser: str
) -> None:
    exit_code, words = RAISED[raiser]
    monkeypatch.setattr(pipeline, "run_pipeline", lambda *_args, **_kwargs: exec(raiser))
    told = call(tmp_path, ["run", "--offline"])
    assert told.exit_code == exit_code, told.stderr
    assert words in told.stderr
    assert ("Traceback" in told.stderr) == (exit_code == 1)
    assert ("bug in Aftershock" in told.stderr) == ("KeyError" in raiser)


def test_what_libraries_tell_one_another_stays_off_stderr(tmp_path: Path) -> None:
    noisy = "import warnings, flows.commands.version as v\n"
    noisy += "v.show_version.__globals__['typer'].echo = lambda _text: warnings.warn('odd')\n"
    result = run_aftershock(tmp_path, "version", code=noisy + ENTRY)
    assert (result.returncode, result.stderr) == (0, "")


def test_a_folder_that_hides_a_package_is_named(tmp_path: Path) -> None:
    (tmp_path / "analysis").mkdir()
    (tmp_path / "analysis" / "__init__.py").write_text("")
    hide = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); "
    result = run_aftershock(tmp_path / "home", "claims", "list", code=hide + ENTRY)
    assert result.returncode == 2
    assert f"the folder {tmp_path / 'analysis'} hides a package of Aftershock" in result.stderr
    assert "Traceback" not in result.stderr


def test_short_help_and_version_are_answered(tmp_path: Path) -> None:
    assert run_aftershock(tmp_path, "-h").stdout.startswith("Usage: aftershock")
    assert run_aftershock(tmp_path, "events", "-h").returncode == 0
    assert run_aftershock(tmp_path, "--version").stdout == run_aftershock(tmp_path, "version").stdout != ""
    assert "--show-completion" in run_aftershock(tmp_path, "--help").stdout
