"""Print how much torture the product survived: python -m tests.torture.count [SCALE]; 1 as in CI, 50 in full."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.torture.counted import COUNTS_FILE, SCALE


def main() -> int:
    scale = sys.argv[1] if len(sys.argv) > 1 else "1"
    with tempfile.TemporaryDirectory() as folder:
        counts = Path(folder) / "counts.jsonl"
        command = [sys.executable, "-m", "pytest", "-q", "-m", "slow or not slow", str(Path(__file__).parent)]
        code = subprocess.run(
            command, env={**os.environ, COUNTS_FILE: str(counts), SCALE: scale}, check=False
        ).returncode
        rows = [json.loads(line) for line in counts.read_text().splitlines()] if counts.exists() else []
    print("| what | tried | refused in words | lost, wrong or hung |\n|---|---|---|---|")
    for row in sorted(rows, key=lambda row: str(row["what"])):
        print("| " + " | ".join(str(value) for value in row.values()) + " |")
    return code


if __name__ == "__main__":
    sys.exit(main())
