"""A person's own TOML files: the only reader of `config/`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import AoT

from flows.errors import CommandError
from warehouse.config import ConfigText, nearest

OWN_FILES = (
    "alerts.toml",
    "assets.toml",
    "claims.toml",
    "entities.toml",
    "events.toml",
    "feeds.toml",
    "forms.toml",
    "languages.toml",
    "markets.toml",
    "studies.toml",
    "tags.toml",
)


def read_own(config_path: Path, file_name: str) -> ConfigText | None:
    """The text of the file of that name in `config/`; None when there is none; CommandError when it cannot be read."""
    path = config_path / file_name
    return read_toml(path) if path.exists() or path.is_symlink() or config_path.is_file() else None


def read_toml(path: Path) -> ConfigText:
    """The text of a TOML file, with or without a byte order mark; CommandError says why it cannot be read."""
    if path.is_dir():
        raise CommandError(f"{path} is a folder; a TOML file is expected there: move the folder away")
    try:
        body = path.read_bytes()
    except OSError as exc:
        raise CommandError(f"{path} cannot be read: {exc.strerror or exc}; make it a readable text file") from exc
    try:
        return ConfigText(str(path), body.decode("utf-8-sig"))
    except UnicodeDecodeError as exc:
        line = body[: exc.start].count(b"\n") + 1
        raise CommandError(f"{path} line {line}: not UTF-8 (byte {body[exc.start]:#04x}); save it as UTF-8") from exc


def with_entries(written: ConfigText | None, kind: str, entries: Mapping[str, Mapping[str, Any]], header: str) -> str:
    """The text of a file with keys of its `[[kind]]` entries set by id, other lines as they are; None sets nothing."""
    document = tomlkit.parse(written.text) if written is not None else tomlkit.document()
    if written is None:
        document.add(tomlkit.comment(header))
    listed = document.get(kind)
    if not isinstance(listed, AoT):
        listed = tomlkit.aot()
        document[kind] = listed
    by_id = {item.get("id"): item for item in listed}
    for entry_id, values in entries.items():
        if entry_id not in by_id:
            by_id[entry_id] = tomlkit.table()
            by_id[entry_id]["id"] = entry_id
            listed.append(by_id[entry_id])
        for key, value in values.items():
            if value is not None:
                by_id[entry_id][key] = _as_toml(value)
    return tomlkit.dumps(document)


def _as_toml(value: Any) -> Any:
    return tomlkit.datetime(value.isoformat().replace("+00:00", "Z")) if isinstance(value, datetime) else value


def unread_files(config_path: Path) -> list[str]:
    """A sentence for each file in `config/` that nothing reads, with the name that was probably meant."""
    if not config_path.is_dir():
        return []
    sentences = []
    for path in sorted(config_path.iterdir()):
        if path.name not in OWN_FILES and not path.name.startswith("."):
            meant = nearest(path.name, list(OWN_FILES))
            remedy = f"did you mean {meant}?" if meant else f"known are {', '.join(OWN_FILES)}"
            sentences.append(f"{path} is not read; {remedy}")
    return sentences
