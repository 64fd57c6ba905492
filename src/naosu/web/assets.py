"""Static files under names that carry their content's hash, so that browsers may keep them for ever."""

import hashlib
from pathlib import Path

import msgspec

STATIC_DIR = Path(__file__).parent / "static"
_MEDIA_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


class Asset(msgspec.Struct, frozen=True, kw_only=True):
    """One static file.

    Attributes:
        name: As in the folder: ``app.js``.
        hashed_name: As in URLs: ``app.0123456789.js``.
    """

    name: str
    hashed_name: str
    media_type: str
    body: bytes


def load_assets(folder: Path = STATIC_DIR) -> dict[str, Asset]:
    """Read all static files once, by plain name. Files of other kinds (licences) are not served."""
    return {path.name: _load(path) for path in sorted(folder.iterdir()) if path.suffix in _MEDIA_TYPES}


def _load(path: Path) -> Asset:
    body = path.read_bytes()
    digest = hashlib.sha256(body).hexdigest()[:12]
    return Asset(
        name=path.name,
        hashed_name=f"{path.name.removesuffix(path.suffix)}.{digest}{path.suffix}",
        media_type=_MEDIA_TYPES[path.suffix],
        body=body,
    )
