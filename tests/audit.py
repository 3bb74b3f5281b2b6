"""Ask for known weaknesses of locked packages: python -m tests.audit PIP_AUDIT LOCK...; 1 when there is one."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

# Known weaknesses that cannot reach us, by id, each with its reason.
ACCEPTED: dict[str, str] = {}
LIMIT_SECONDS = 300


def judge(packages: Sequence[dict[str, Any]]) -> tuple[list[str], str]:
    """Each weakness in a line, and how many packages were looked up; `packages` as pip-audit lists them in JSON."""
    looked_up = [package for package in packages if "vulns" in package]
    found = [
        f"{package['name']} {package['version']}: {flaw['id']}, mended in {' '.join(flaw['fix_versions']) or 'nothing'}"
        for package in looked_up
        for flaw in package["vulns"]
        if flaw["id"] not in ACCEPTED
    ]
    what = f"{len(looked_up)} of {len(packages)} packages looked up"
    if len(looked_up) < len(packages):
        what += ": the rest is in no database that can be reached from here"
    return found, what


def main() -> int:
    """Print what is known of each lock; a database out of reach is said, and is no failure of ours."""
    code = 0
    for lock in sys.argv[2:]:
        command = [sys.argv[1], "--disable-pip", "--require-hashes", "--format", "json", "-r", lock]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            print(f"{lock}: not asked, no answer in {LIMIT_SECONDS} s")
            continue
        if not done.stdout.startswith("{"):
            print(f"{lock}: not asked, {(done.stderr.strip().splitlines() or ['no answer'])[-1]}")
            continue
        found, what = judge(json.loads(done.stdout)["dependencies"])
        print("\n".join([f"{lock}: {what}", *found]))
        code = code or bool(found)
    return code


if __name__ == "__main__":
    sys.exit(main())
