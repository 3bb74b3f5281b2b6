"""What each worked query of docs/queries.md costs on the published file of AFTERSHOCK_HOME: the best of five.

Run: AFTERSHOCK_HOME=… python tests/bench/bench_queries.py
"""

import sys
import time

from flows.settings import load_settings
from tests.documents.worked_queries import worked_queries
from warehouse.store.published.sandbox import Allowance, open_sandbox

REPEATS = 5
LONGEST_MILLISECONDS = 200


def main() -> None:
    path = load_settings().published_path
    if not path.exists():
        print(f"{path} is not there: run first, or set AFTERSHOCK_HOME")
        return
    slow = []
    with open_sandbox(path, Allowance(2_000, 60)) as sandbox:
        for title, sql in worked_queries().items():
            seconds = []
            for _ in range(REPEATS):
                started = time.perf_counter()
                n_rows = sandbox.ask(sql).height
                seconds.append(time.perf_counter() - started)
            milliseconds = min(seconds) * 1000
            print(f"{milliseconds:7.1f} ms {n_rows:7} rows  {title}")
            if milliseconds > LONGEST_MILLISECONDS:
                slow.append(title)
    sys.exit(f"longer than {LONGEST_MILLISECONDS} ms: {slow}" if slow else 0)


if __name__ == "__main__":
    main()
