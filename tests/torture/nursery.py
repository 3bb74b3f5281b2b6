"""Passes that begin at once: a process that has imported the product forks one for every line that it reads."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

# Nothing of a pass may have begun before the fork: threads do not come along.
NURSERY = """
import json, os, sys, traceback
from flows.pipeline import STEPS, load_step
import flows.jobs.clocks, h2.connection, httpx, httpcore, numba, threadpoolctl, apprise
for _name, reference in STEPS:
    load_step(reference)
for line in sys.stdin:
    order = json.loads(line)
    child = os.fork()
    if not child:
        code = 1
        try:
            os.setsid()
            words = os.open(order["words"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            for stream in (1, 2):
                os.dup2(words, stream)
            os.environ.update(order["variables"])
            sys.argv = ["pass", *order["arguments"]]
            exec(order["code"], {})
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@dataclass
class Nursery:
    """One pass at a time, with what it said on its error stream."""

    process: subprocess.Popen[bytes]
    words: Path

    def begin(self, code: str, *arguments: str, **variables: str) -> int:
        """Start `code` with these arguments and AFTERSHOCK_* variables; its process id."""
        order = {"code": code, "arguments": arguments, "variables": variables, "words": str(self.words)}
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(order).encode() + b"\n")
        return self._number()

    def ended(self, seconds: float) -> int | None:
        """The exit code of the pass, negative for a signal; None while it goes on after so many seconds."""
        ready, _, _ = select.select([self.process.stdout], [], [], seconds)
        return self._number() if ready else None

    def _number(self) -> int:
        assert self.process.stdout is not None
        return int(self.process.stdout.readline())


@contextmanager
def nursery(folder: Path) -> Iterator[Nursery]:
    """A nursery that ends with the block."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AFTERSHOCK_", "PREFECT_"))}
    with subprocess.Popen(
        [sys.executable, "-c", NURSERY],
        env={**kept, "OPENBLAS_NUM_THREADS": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
    ) as process:
        try:
            yield Nursery(process, folder / "words.txt")
        finally:
            process.kill()
