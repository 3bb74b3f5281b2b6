"""The release of a lake: which versions of its tables belong together, written last and whole."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pyarrow.fs import FileSystem

from warehouse.lake.errors import LakeError, NoReleaseError
from warehouse.lake.faults import named_faults
from warehouse.lake.layout import LakeAddress
from warehouse.replacing import replacing

RELEASE = "release.json"


@dataclass(frozen=True, slots=True)
class Release:
    """Versions by table; a reader that keeps to them sees one state of the warehouse."""

    address: LakeAddress
    released_at_utc: str
    versions: dict[str, int]


def write_release(address: LakeAddress, versions: dict[str, int], now: datetime) -> None:
    """Name the versions that belong together; the earlier release stands until this one is there whole."""
    text = json.dumps({"released_at_utc": now.isoformat(), "versions": dict(sorted(versions.items()))}, indent=1)
    with named_faults(address, f"write {RELEASE}"):
        if address.is_local:
            with replacing(Path(address.uri) / RELEASE) as draft:
                draft.write_text(text, encoding="utf-8")
            return
        files, root = FileSystem.from_uri(address.uri)
        with files.open_output_stream(f"{root}/{RELEASE}") as stream:  # one request, so there whole or not at all
            stream.write(text.encode())


def read_release(address: LakeAddress) -> Release:
    """The newest release; NoReleaseError where there is none, LakeError where it cannot be read."""
    with named_faults(address, f"read {RELEASE}"):
        try:
            files, root = FileSystem.from_uri(str(Path(address.uri).resolve()) if address.is_local else address.uri)
            with files.open_input_file(f"{root}/{RELEASE}") as stream:
                document = json.loads(stream.read())
            return Release(address, str(document["released_at_utc"]), dict(document["versions"]))
        except FileNotFoundError as exc:
            raise NoReleaseError(
                f"{address.uri} holds no release; write one: aftershock lake publish {address.uri}"
            ) from exc
        except (ValueError, KeyError, TypeError) as exc:
            raise LakeError(
                f"{address.uri}/{RELEASE} is damaged ({exc}); write it anew: aftershock lake publish {address.uri}"
            ) from exc
