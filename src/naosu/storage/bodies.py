"""Reading compressed event bodies back."""

from collections.abc import Callable

import zstandard

BODY_BYTES_MAX = 64 * 1024 * 1024
"""No body decompresses to more; what the door lets in is far smaller."""


def compress_attachment(body: bytes) -> bytes:
    """Return an attachment as it is stored: what came as a few kilobytes must not take megabytes of disk."""
    return zstandard.ZstdCompressor(level=1).compress(body)


def read_attachment(stored: bytes) -> bytes:
    """Return an attachment as it came."""
    return zstandard.ZstdDecompressor().decompress(stored, max_output_size=BODY_BYTES_MAX)


class BodyReader:
    """Decompresses bodies, keeping one decompressor for each dictionary."""

    def __init__(self, load_dictionary: Callable[[int], bytes | None]) -> None:
        self._load_dictionary = load_dictionary
        self._dictionaries: dict[int, zstandard.ZstdCompressionDict] = {}

    def read(self, body: bytes, dictionary_id: int) -> bytes:
        """Return the payload; empty for an empty body, or when its dictionary is gone."""
        if not body:
            return b""
        if not dictionary_id:
            return zstandard.ZstdDecompressor().decompress(body, max_output_size=BODY_BYTES_MAX)
        dictionary = self._dictionaries.get(dictionary_id)
        if dictionary is None:
            content = self._load_dictionary(dictionary_id)
            if content is None:
                return b""
            dictionary = self._dictionaries[dictionary_id] = zstandard.ZstdCompressionDict(content)
        # A decompressor is not safe in two threads at once, a dictionary is; making one costs a microsecond.
        return zstandard.ZstdDecompressor(dict_data=dictionary).decompress(body, max_output_size=BODY_BYTES_MAX)
