"""How much the door lets in. Memory is bounded by these, whatever arrives."""

from collections.abc import Mapping

import msgspec

_KIB = 1024
_MIB = 1024 * 1024

DEFAULT_ITEM_BYTES_MAX: Mapping[str, int] = {
    "event": 5 * _MIB,  # a real RecursionError with its locals is 0.9 MiB
    "transaction": 5 * _MIB,
    "check_in": 100 * _KIB,
    "client_report": 100 * _KIB,
    "session": 100 * _KIB,
    "user_report": 100 * _KIB,
    "log": 5 * _MIB,
}


class IngestLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds of one request; over them it is refused with 413, 400 or 431 and a named reason.

    Attributes:
        body_bytes_max: As received, still compressed.
        decoded_bytes_max: After decompression.
        encodings_max: Content encodings stacked on one another.
        items_max: Items in one envelope.
        item_bytes_max: Size of one item of a type that `item_bytes_max_by_type` does not name.
        json_depth_max: Nesting of objects and arrays in one item.
        header_bytes_max: All request headers with the request line.
        header_count_max: Request headers.
        inflight_bytes_max: Bodies being received at one time, over all connections.
    """

    body_bytes_max: int = 20 * _MIB
    decoded_bytes_max: int = 50 * _MIB
    encodings_max: int = 2
    items_max: int = 500
    item_bytes_max: int = 50 * _MIB
    item_bytes_max_by_type: Mapping[str, int] = msgspec.field(default_factory=lambda: DEFAULT_ITEM_BYTES_MAX)
    json_depth_max: int = 512
    header_bytes_max: int = 32 * _KIB
    header_count_max: int = 100
    inflight_bytes_max: int = 64 * _MIB

    def bytes_max_of(self, item_type: str) -> int:
        """Return the largest allowed payload of an item of this type."""
        return self.item_bytes_max_by_type.get(item_type, self.item_bytes_max)
