"""Decompression that stops at a size, so that a small answer cannot become a large one."""

from __future__ import annotations

import zlib
from typing import Protocol

import brotli  # type: ignore[import-untyped]  # ships no types


class TooLargeError(ValueError):
    """More bytes than allowed."""


class BrokenEncodingError(ValueError):
    """The bytes are not what content-encoding says."""


class Decoder(Protocol):
    """Takes compressed pieces; never holds more than the rest of the limit."""

    def feed(self, data: bytes, room: int) -> bytes:
        """What `data` decompresses to, at most one byte more than `room`."""
        ...

    def is_complete(self) -> bool:
        """Whether the stream has ended as it should."""
        ...


class _Identity:
    def feed(self, data: bytes, room: int) -> bytes:
        return data[: room + 1]

    def is_complete(self) -> bool:
        return True


class _Zlib:
    def __init__(self) -> None:
        # Adding 32 tells zlib and gzip apart by their headers.
        self._decoder = zlib.decompressobj(zlib.MAX_WBITS | 32)

    def feed(self, data: bytes, room: int) -> bytes:
        try:
            return self._decoder.decompress(self._decoder.unconsumed_tail + data, room + 1)
        except zlib.error as exc:
            raise BrokenEncodingError(f"not valid gzip or deflate: {exc}") from exc

    def is_complete(self) -> bool:
        return self._decoder.eof


class _Brotli:
    def __init__(self) -> None:
        self._decoder = brotli.Decompressor()

    def feed(self, data: bytes, room: int) -> bytes:
        out = bytearray()
        try:
            out += self._decoder.process(data, output_buffer_limit=room + 1)
            while len(out) <= room and not self._decoder.can_accept_more_data():
                out += self._decoder.process(b"", output_buffer_limit=room + 1 - len(out))
        except brotli.error as exc:
            raise BrokenEncodingError(f"not valid brotli: {exc}") from exc
        return bytes(out)

    def is_complete(self) -> bool:
        return bool(self._decoder.is_finished())


class BoundedBody:
    """Collects an answer piece by piece and refuses what would exceed `limit_bytes` before or after decompression."""

    def __init__(self, content_encoding: str, limit_bytes: int) -> None:
        self._decoder = _decoder_for(content_encoding)
        self._limit = limit_bytes
        self._n_raw = 0
        self._body = bytearray()

    def add(self, data: bytes) -> None:
        """Take one piece; TooLargeError or BrokenEncodingError."""
        self._n_raw += len(data)
        if self._n_raw > self._limit:
            raise TooLargeError(f"more than {self._limit} bytes were sent")
        self._body += self._decoder.feed(data, self._limit - len(self._body))
        if len(self._body) > self._limit:
            raise TooLargeError(f"{self._n_raw} bytes sent unpack to more than {self._limit}")

    def finish(self) -> bytes:
        """The whole body; BrokenEncodingError when the compressed stream stops early."""
        if self._n_raw and not self._decoder.is_complete():
            raise BrokenEncodingError("the compressed body stops early")
        return bytes(self._body)


def _decoder_for(content_encoding: str) -> Decoder:
    name = content_encoding.strip().lower()
    if name in ("", "identity"):
        return _Identity()
    if name in ("gzip", "x-gzip", "deflate"):
        return _Zlib()
    if name == "br":
        return _Brotli()
    raise BrokenEncodingError(f"content-encoding {name!r} was not asked for")
