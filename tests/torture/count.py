"""Print how much torture the product survived: python -m tests.torture.count [SCALE] [KILLS] [TESTS]."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.torture.counted import COUNTS_FILE, KILLS, SCALE


def main() -> int:
    given = sys.argv[1:]
    scale, kills, tests = (*given, *("1", "20", "")[len(given) :])
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        counts = Path(folder) / "counts.jsonl"
        command = [sys.executable, "-m", "pytest", "-q", "-m", "slow or not slow", str(Path(__file__).parent / tests)]
        environment = {**os.environ, COUNTS_FILE: str(counts), SCALE: scale, KILLS: kills}
        code = subprocess.run(command, env=environment, check=False).returncode
        rows = [json.loads(line) for line in counts.read_text().splitlines()] if counts.exists() else []
    print("| what | tried | refused in words | lost, wrong or hung |\n|---|---|---|---|")
    for row in sorted(rows, key=lambda row: str(row["what"])):
        print("| " + " | ".join(str(value) for value in row.values()) + " |")
    print(f"\n{(time.monotonic() - began) / 60:.0f} minutes")
    return code


if __name__ == "__main__":
    sys.exit(main())
