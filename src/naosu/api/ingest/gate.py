"""Who is sending: from the route, the request and the key directory to one key."""

from naosu.api.ingest.directory import KeyDirectory, KeyEntry
from naosu.api.ingest.request import IngestRequest
from naosu.api.ingest.routes import Route
from naosu.ingest.errors import CredentialsMalformedError, KeyRejectedError
from naosu.ingest.origins import is_origin_allowed
from naosu.ingest.sentry.auth import Credentials, choose_key, query_fields

_PROJECT_DIGITS_MAX = 18


def project_number(route: Route) -> int | None:
    """Return the project id in the path. None: the path has none. Raises CredentialsMalformedError."""
    text = route.project
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > _PROJECT_DIGITS_MAX:
        raise CredentialsMalformedError("A project id is a number.", reason="malformed_project")
    return int(text)


def credentials_of(request: IngestRequest, route: Route, *, dsn: str = "") -> Credentials | None:
    """Return the key that came with a request. Raises IngestError."""
    return choose_key(
        sentry_auth=request.sentry_auth,
        authorization=request.authorization,
        query_key=query_fields(request.query_string).get("sentry_key", "") if request.query_string else "",
        path_key=route.path_key,
        dsn=dsn,
    )


async def admit_key(
    credentials: Credentials, project_id: int | None, request: IngestRequest, directory: KeyDirectory
) -> KeyEntry:
    """Return the key's entry when it may send to the project. Raises KeyRejectedError, StoreUnavailableError."""
    entry = directory.peek(credentials.public_key) or await directory.find(credentials.public_key)
    if entry is None:
        raise KeyRejectedError("The DSN key is unknown.", reason="unknown_key")
    if not entry.active:
        raise KeyRejectedError("The DSN key is switched off.", reason="disabled_key")
    if project_id is not None and project_id != entry.project_id:
        raise KeyRejectedError("The DSN key belongs to another project.", reason="wrong_project")
    if request.origin and not is_origin_allowed(request.origin, entry.allowed_origins):
        raise KeyRejectedError("The project does not accept this origin.", reason="origin_not_allowed")
    return entry
