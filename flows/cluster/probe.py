"""What decides the bits of a result on a machine; sent by value, so it imports nothing of ours."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import platform
from pathlib import Path

_SOURCES = (".py", ".sql", ".toml")


def describe_machine(packages: list[str], roots: list[str]) -> dict[str, str]:
    """Python's minor version, library versions, digests of our sources and the bits of log and exp; `absent` else."""
    found = {"Python": ".".join(platform.python_version_tuple()[:2])}
    for package in packages:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "absent"
    for root in roots:
        spec = importlib.util.find_spec(root)
        places = list(spec.submodule_search_locations or []) if spec is not None else []
        found[f"source of {root}"] = _digest(Path(places[0])) if places else "absent"
    found["bits of log and exp"] = _bits()
    return found


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(file for file in folder.rglob("*") if file.suffix in _SOURCES):
        digest.update(file.relative_to(folder).as_posix().encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _bits() -> str:
    """A digest of polars' log and exp, which results rest on, over values that tell libraries apart."""
    if importlib.util.find_spec("polars") is None:
        return "absent"
    import polars as pl

    values = pl.Series([1.0 + number / 20_011.0 for number in range(1, 20_001)])
    bits = pl.DataFrame({"log": values.log(), "exp": values.exp()})
    return hashlib.sha256(bits.to_numpy().tobytes()).hexdigest()[:16]
