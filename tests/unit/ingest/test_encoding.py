"""Content encodings, bombs and damage."""

import gzip
import random
import tracemalloc
import zlib

import brotli
import pytest
import zstandard

from naosu.ingest.encoding import decode_body, decode_prefix, split_encodings
from naosu.ingest.errors import BodyTooLargeError, MalformedReportError, UnsupportedEncodingError

TEXT = b"the quick brown fox jumps over the lazy dog " * 200


def raw_deflate(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(data) + compressor.flush()


def zstd_without_size(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_content_size=False).compress(data)


ENCODERS = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "GZIP": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.ZstdCompressor().compress,
    "": bytes,
    "identity": bytes,
}


@pytest.mark.parametrize("name", ENCODERS)
def test_each_encoding_is_undone(name: str) -> None:
    assert decode_body(ENCODERS[name](TEXT), name, bytes_max=10**6) == TEXT


@pytest.mark.parametrize("name", ENCODERS)
def test_an_empty_body_stays_empty(name: str) -> None:
    assert decode_body(ENCODERS[name](b""), name, bytes_max=10) == b""


def test_deflate_without_its_header_is_undone() -> None:
    assert decode_body(raw_deflate(TEXT), "deflate", bytes_max=10**6) == TEXT


def test_stacked_encodings_are_undone_from_the_last_to_the_first() -> None:
    body = brotli.compress(gzip.compress(TEXT))
    assert decode_body(body, "gzip, br", bytes_max=10**6) == TEXT


def test_zstd_without_a_stated_size_is_undone() -> None:
    assert decode_body(zstd_without_size(TEXT), "zstd", bytes_max=10**6) == TEXT


def test_concatenated_members_are_one_body() -> None:
    assert decode_body(gzip.compress(b"a") + gzip.compress(b"b"), "gzip", bytes_max=10) == b"ab"
    frames = zstandard.compress(b"a") + zstd_without_size(b"b")
    assert decode_body(frames, "zstd", bytes_max=10) == b"ab"


@pytest.mark.parametrize("name", ENCODERS)
def test_the_limit_is_met_exactly(name: str) -> None:
    body = ENCODERS[name](TEXT)
    assert decode_body(body, name, bytes_max=len(TEXT)) == TEXT
    with pytest.raises(BodyTooLargeError) as caught:
        decode_body(body, name, bytes_max=len(TEXT) - 1)
    assert (caught.value.reason, caught.value.status) == ("decoded_too_large", 413)


BOMB = b"\0" * 64_000_000
BOMBS = {
    "gzip": gzip.compress(BOMB),
    "deflate": zlib.compress(BOMB),
    "br": brotli.compress(BOMB, quality=1),
    "zstd": zstandard.compress(BOMB),
}


@pytest.mark.parametrize(
    ("name", "bomb"),
    [*BOMBS.items(), ("zstd", zstd_without_size(BOMB)), ("gzip, gzip", gzip.compress(BOMBS["gzip"]))],
    ids=[*BOMBS, "zstd without size", "gzip twice"],
)
def test_a_bomb_stops_at_the_limit_with_bounded_memory(name: str, bomb: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(BodyTooLargeError):
            decode_body(bomb, name, bytes_max=1_000_000)
        assert tracemalloc.get_traced_memory()[1] < 12_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", ["gzip", "deflate", "br", "zstd"])
@pytest.mark.parametrize("cut", [0, 1, 5, 0.5, -1])
def test_a_truncated_body_is_malformed(name: str, cut: float) -> None:
    body = ENCODERS[name](TEXT)
    length = int(len(body) * cut) if isinstance(cut, float) else cut % len(body)
    if length == 0 and name == "zstd":
        assert decode_body(b"", name, bytes_max=10**6) == b""
        return
    with pytest.raises(MalformedReportError) as caught:
        decode_body(body[:length], name, bytes_max=10**6)
    assert caught.value.status == 400


@pytest.mark.parametrize("name", ["gzip", "deflate", "br", "zstd"])
def test_a_body_that_is_not_encoded_as_it_says_is_malformed(name: str) -> None:
    with pytest.raises(MalformedReportError):
        decode_body(b'{"event_id":"..."}\n{}', name, bytes_max=10**6)


def test_a_zstd_frame_that_wants_a_huge_window_is_refused() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=27, write_content_size=False)
    compressor = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    frame = compressor.compress(TEXT) + compressor.flush()
    with pytest.raises(MalformedReportError):
        decode_body(frame, "zstd", bytes_max=10**6)


@pytest.mark.parametrize("header", ["lzma", "gzip, lzma", "gzip;q=1", "\ufffd"])
def test_unknown_encodings_are_refused(header: str) -> None:
    with pytest.raises(UnsupportedEncodingError) as caught:
        split_encodings(header)
    assert (caught.value.reason, caught.value.status) == ("encoding_unknown", 415)


def test_too_many_encodings_are_refused() -> None:
    assert split_encodings("gzip, br") == ("gzip", "br")
    with pytest.raises(UnsupportedEncodingError) as caught:
        split_encodings("gzip, br, zstd")
    assert caught.value.reason == "encodings_stacked"


def test_names_are_made_canonical() -> None:
    assert split_encodings(" X-GZIP ,, identity") == ("gzip",)
    assert split_encodings("") == ()


@pytest.mark.parametrize("name", ["gzip", "zstd"])
def test_a_body_in_more_than_a_hundred_pieces_is_malformed(name: str) -> None:
    piece = ENCODERS[name](b"a")
    assert decode_body(piece * 100, name, bytes_max=10**6) == b"a" * 100
    for count in (101, 50_000):
        with pytest.raises(MalformedReportError) as caught:
            decode_body(piece * count, name, bytes_max=10**6)
        assert caught.value.reason == "bad_encoding"


def test_pieces_meet_the_limit_together() -> None:
    for piece, name in ((gzip.compress(TEXT), "gzip"), (zstandard.compress(TEXT), "zstd")):
        assert len(decode_body(piece * 3, name, bytes_max=len(TEXT) * 3)) == len(TEXT) * 3
        with pytest.raises(BodyTooLargeError):
            decode_body(piece * 3, name, bytes_max=len(TEXT) * 3 - 1)


@pytest.mark.parametrize("name", ENCODERS)
def test_a_prefix_is_the_beginning_of_the_body(name: str) -> None:
    body = ENCODERS[name](TEXT)
    assert decode_prefix(body, name, bytes_max=100) == TEXT[:100]
    assert decode_prefix(body, name, bytes_max=10**6) == TEXT


@pytest.mark.parametrize(("name", "bomb"), BOMBS.items(), ids=BOMBS)
def test_the_prefix_of_a_bomb_takes_little_memory(name: str, bomb: bytes) -> None:
    tracemalloc.start()
    try:
        assert decode_prefix(bomb, name, bytes_max=1000) == BOMB[:1000]
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_the_prefix_of_a_stacked_body_is_found() -> None:
    noise = random.Random(1).randbytes(500_000)
    assert decode_prefix(brotli.compress(gzip.compress(noise)), "gzip, br", bytes_max=1000) == noise[:1000]


@pytest.mark.parametrize("name", ["gzip", "deflate", "br", "zstd"])
def test_a_prefix_that_is_not_encoded_as_it_says_is_malformed(name: str) -> None:
    with pytest.raises(MalformedReportError):
        decode_prefix(b'{"event_id":"..."}\n{}', name, bytes_max=10**6)
