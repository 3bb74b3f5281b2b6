"""Zip files that are refused when they are bombs or point outside themselves, and read in pieces otherwise."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from ingest.errors import MalformedError, PermanentError
from warehouse.tables.units import count

# Deflate packs candle text five to ten times; a bomb packs thousands of times.
MAXIMUM_RATIO = 100
MAXIMUM_BYTES = 20 * 2**30
# Compression of tiny files says nothing.
SMALL_BYTES = 2**20
PIECE_BYTES = 2**20


def safe_members(path: Path, suffix: str) -> list[str]:
    """Names of the members that end in `suffix`, sorted.

    Raises PermanentError for a member with an absolute or climbing path, an encrypted member or a suspicious ratio;
    MalformedError for a file that is no zip or holds no such member.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except zipfile.BadZipFile as exc:
        raise MalformedError(str(path), f"not a zip file: {exc}", remedy="fetch the file again") from exc
    for member in members:
        _refuse_unsafe(path, member)
    if sum(member.file_size for member in members) > MAXIMUM_BYTES:
        raise PermanentError(str(path), "unpacks to more than 20 GiB", remedy="split it")
    names = sorted(m.filename for m in members if m.filename.lower().endswith(suffix) and not _is_hidden(m.filename))
    if not names:
        raise MalformedError(str(path), f"holds no {suffix} file", remedy="give a zip of candle files")
    return names


def open_member(path: Path, member: str, n_lines: int) -> Iterator[bytes]:
    """The text of a member in pieces of `n_lines` whole lines.

    Raises MalformedError when the member is damaged or longer than it declares.
    """
    with zipfile.ZipFile(path) as archive:
        declared = archive.getinfo(member).file_size
        try:
            with archive.open(member) as file:
                yield from _pieces(iter(lambda: file.read(PIECE_BYTES), b""), n_lines, declared, f"{path}:{member}")
        except (zipfile.BadZipFile, zlib.error, EOFError) as exc:
            raise MalformedError(f"{path}:{member}", f"damaged: {exc}", remedy="fetch the file again") from exc


def _pieces(blocks: Iterator[bytes], n_lines: int, declared: int, source: str) -> Iterator[bytes]:
    lines, rest, n_bytes = [], b"", 0
    for block in blocks:
        n_bytes += len(block)
        if n_bytes > declared:
            raise PermanentError(source, "unpacks to more than it declares", remedy="do not trust this file")
        *whole, rest = (rest + block).split(b"\n")
        lines.extend(whole)
        while len(lines) >= n_lines:
            yield b"\n".join(lines[:n_lines]) + b"\n"
            lines = lines[n_lines:]
    if rest:
        lines.append(rest)
    if lines:
        yield b"\n".join(lines) + b"\n"


def _is_hidden(name: str) -> bool:
    """Whether it is a note that macOS put beside a file it packed."""
    path = PurePosixPath(name)
    return path.name.startswith(".") or "__MACOSX" in path.parts


def _refuse_unsafe(path: Path, member: zipfile.ZipInfo) -> None:
    pure = PurePosixPath(member.filename.replace("\\", "/"))
    if pure.is_absolute() or ".." in pure.parts or ":" in member.filename:
        raise PermanentError(str(path), f"member {member.filename!r} points outside the archive", remedy="refused")
    if member.flag_bits & 1:
        raise PermanentError(str(path), f"member {member.filename!r} is encrypted", remedy="unpack it first")
    if member.file_size > SMALL_BYTES and member.file_size > MAXIMUM_RATIO * max(member.compress_size, 1):
        raise PermanentError(
            str(path),
            f"member {member.filename!r} unpacks {count(member.file_size / max(member.compress_size, 1))} times",
            f"at most {MAXIMUM_RATIO} times",
            "refused as a zip bomb",
        )
