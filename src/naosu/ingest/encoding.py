"""Content encodings, undone with bounded memory: a decompression bomb stops at the limit."""

import zlib
from collections.abc import Callable
from typing import Any

import brotli
import zstandard

from naosu.ingest.errors import BodyTooLargeError, MalformedReportError, UnsupportedEncodingError

try:  # inflates at about half the cost; there are no wheels for rarer processors
    from isal import isal_zlib as _isal
except ImportError:
    _inflater: Any = zlib
else:
    _inflater = _isal

_GZIP_WINDOW = zlib.MAX_WBITS | 16
_ZSTD_WINDOW_BYTES_MAX = 8 * 1024 * 1024  # what RFC 8878 asks decoders to support
_CHUNK_BYTES = 256 * 1024
_ZSTD_STEP_BYTES = 256
_MEMBERS_MAX = 100  # each costs a copy of what follows it, so their number must be small
_PREFIX_INPUT_BYTES = 64 * 1024


def split_encodings(header: str, *, encodings_max: int = 2) -> tuple[str, ...]:
    """Return the canonical names in a Content-Encoding header, in the order in which they were applied.

    Raises:
        UnsupportedEncodingError: One is unknown, or there are too many. Not retryable.
    """
    if header in _DECODERS:
        return (header,)
    names = tuple(name for part in header.lower().split(",") if (name := part.strip()) and name != "identity")
    names = tuple(_ALIASES.get(name, name) for name in names)
    if len(names) > encodings_max:
        raise UnsupportedEncodingError("The body is encoded too often.", reason="encodings_stacked")
    for name in names:
        if name not in _DECODERS:
            raise UnsupportedEncodingError(
                f"The content encoding {name[:40]!r} is unknown; gzip, deflate, br and zstd are not.",
                reason="encoding_unknown",
            )
    return names


def decode_body(body: bytes, content_encoding: str, *, bytes_max: int, encodings_max: int = 2) -> bytes:
    """Return the body decompressed.

    Args:
        body: As received.
        content_encoding: As in the header, or as in `Report.content_encoding`; empty: not compressed.
        bytes_max: Largest allowed result; little more than that is ever allocated.
        encodings_max: How many encodings may be stacked on one another.

    Raises:
        UnsupportedEncodingError, BodyTooLargeError, MalformedReportError: None is retryable.
    """
    if content_encoding:
        for name in reversed(split_encodings(content_encoding, encodings_max=encodings_max)):
            body = _DECODERS[name](body, bytes_max)
    if len(body) > bytes_max:
        raise _too_large(bytes_max)
    return body


def decode_prefix(body: bytes, content_encoding: str, *, bytes_max: int, encodings_max: int = 2) -> bytes:
    """Return the beginning of the body decompressed, of at most `bytes_max`; the rest is not looked at.

    Raises:
        UnsupportedEncodingError, MalformedReportError: Neither is retryable.
    """
    if content_encoding:
        for name in reversed(split_encodings(content_encoding, encodings_max=encodings_max)):
            body = _PREFIX_DECODERS[name](body[:_PREFIX_INPUT_BYTES])
    return body[:bytes_max]


def _inflate(body: bytes, bytes_max: int, window_bits: int) -> bytes:
    decoder = _inflater.decompressobj(window_bits)
    try:
        chunks: list[bytes] = [decoder.decompress(body, bytes_max + 1)]
        size = len(chunks[0])
        # A concatenation of gzip members is one gzip file (RFC 1952 §2.2).
        while size <= bytes_max and decoder.eof and window_bits == _GZIP_WINDOW:
            rest = decoder.unused_data
            if rest[:2] != b"\x1f\x8b":
                break
            if len(chunks) == _MEMBERS_MAX:
                raise _too_many_members()
            decoder = _inflater.decompressobj(window_bits)
            chunks.append(decoder.decompress(rest, bytes_max + 1 - size))
            size += len(chunks[-1])
    except _inflater.error as error:
        raise _undecodable(error) from error
    if size > bytes_max:
        raise _too_large(bytes_max)
    if not decoder.eof:
        raise _truncated()
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _inflate_prefix(body: bytes, window_bits: int) -> bytes:
    try:
        prefix: bytes = _inflater.decompressobj(window_bits).decompress(body, _PREFIX_INPUT_BYTES)
    except _inflater.error as error:
        raise _undecodable(error) from error
    return prefix


def _gunzip(body: bytes, bytes_max: int) -> bytes:
    return _inflate(body, bytes_max, _GZIP_WINDOW)


def _undeflate(body: bytes, bytes_max: int) -> bytes:
    return _inflate(body, bytes_max, _deflate_window(body))


def _deflate_window(body: bytes) -> int:
    # The name means zlib (RFC 9110 §8.4.1.2), but some senders leave its two bytes of header out.
    is_zlib = len(body) >= 2 and body[0] & 0x0F == 8 and (body[0] << 8 | body[1]) % 31 == 0  # noqa: PLR2004 - RFC 1950 §2.2
    return zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS


def _unbrotli(body: bytes, bytes_max: int) -> bytes:
    decoder = brotli.Decompressor()
    chunks: list[bytes] = []
    size = 0
    try:
        chunk = decoder.process(body, output_buffer_limit=_CHUNK_BYTES)
        while True:
            size += len(chunk)
            if size > bytes_max:
                raise _too_large(bytes_max)
            chunks.append(chunk)
            if decoder.is_finished():
                return b"".join(chunks)
            if not chunk and decoder.can_accept_more_data():
                raise _truncated()
            chunk = decoder.process(b"", output_buffer_limit=_CHUNK_BYTES)
    except brotli.error as error:
        raise _undecodable(error) from error


def _unbrotli_prefix(body: bytes) -> bytes:
    try:
        prefix: bytes = brotli.Decompressor().process(body, output_buffer_limit=_PREFIX_INPUT_BYTES)
    except brotli.error as error:
        raise _undecodable(error) from error
    return prefix


def _unzstd(body: bytes, bytes_max: int) -> bytes:
    frames: list[bytes] = []
    rest = memoryview(body)
    left_bytes = bytes_max
    try:
        while rest:
            if len(frames) == _MEMBERS_MAX:
                raise _too_many_members()
            frame, frame_bytes = _unzstd_frame(rest, left_bytes, bytes_max)
            frames.append(frame)
            rest = rest[frame_bytes:]
            left_bytes -= len(frame)
    except zstandard.ZstdError as error:
        raise _undecodable(error) from error
    return frames[0] if len(frames) == 1 else b"".join(frames)


def _unzstd_prefix(body: bytes) -> bytes:
    decoder = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW_BYTES_MAX)
    try:
        return decoder.stream_reader(body).read(_PREFIX_INPUT_BYTES)
    except zstandard.ZstdError as error:
        raise _undecodable(error) from error


def _unzstd_frame(body: memoryview, left_bytes: int, bytes_max: int) -> tuple[bytes, int]:
    """Return the first frame, decompressed, and how long it was."""
    content_bytes = zstandard.get_frame_parameters(body).content_size
    is_known = content_bytes != zstandard.CONTENTSIZE_UNKNOWN
    if is_known and content_bytes > left_bytes:
        raise _too_large(bytes_max)
    # A frame that does not say its size is fed in steps: a few bytes can stand for a block of 128 KiB.
    step_bytes = len(body) if is_known else _ZSTD_STEP_BYTES
    decoder = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW_BYTES_MAX).decompressobj()
    chunks: list[bytes] = []
    for start in range(0, len(body), step_bytes):
        chunk = decoder.decompress(body[start : start + step_bytes])
        left_bytes -= len(chunk)
        if left_bytes < 0:
            raise _too_large(bytes_max)
        chunks.append(chunk)
        if decoder.eof:
            end = min(start + step_bytes, len(body)) - len(decoder.unused_data)
            return b"".join(chunks), end
    raise _truncated()


def _too_large(bytes_max: int) -> BodyTooLargeError:
    return BodyTooLargeError(f"The decompressed body is over {bytes_max} bytes.", reason="decoded_too_large")


def _truncated() -> MalformedReportError:
    return MalformedReportError("The compressed body ends too early.", reason="truncated_encoding")


def _too_many_members() -> MalformedReportError:
    return MalformedReportError(f"The body is compressed in over {_MEMBERS_MAX} pieces.", reason="bad_encoding")


def _undecodable(error: Exception) -> MalformedReportError:
    return MalformedReportError(f"The body cannot be decompressed: {error}", reason="bad_encoding")


_ALIASES = {"x-gzip": "gzip", "x-deflate": "deflate", "zlib": "deflate"}
_DECODERS: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": _gunzip,
    "deflate": _undeflate,
    "br": _unbrotli,
    "zstd": _unzstd,
}
_PREFIX_DECODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda body: _inflate_prefix(body, _GZIP_WINDOW),
    "deflate": lambda body: _inflate_prefix(body, _deflate_window(body)),
    "br": _unbrotli_prefix,
    "zstd": _unzstd_prefix,
}
