"""DSNs: the URL that an application is given."""

from urllib.parse import urlsplit

from naosu.domain.project import Key


def dsn_of(public_url: str, key: Key) -> str:
    """Return ``http://<public key>@host:port/<project id>``; a path of the public URL is kept in front of the id."""
    parts = urlsplit(public_url)
    return f"{parts.scheme}://{key.public_key}@{parts.netloc}{parts.path.rstrip('/')}/{key.project_id}"


def first_active_key(keys: list[Key]) -> Key | None:
    """Return the oldest key that still works. None: the project accepts nothing."""
    active = [key for key in keys if key.active]
    return min(active, key=lambda key: key.id) if active else None
