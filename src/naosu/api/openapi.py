"""The OpenAPI 3.1 document: what FastAPI knows of the routes, and our own schemas."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from naosu.api.schemas import documented_components

DESCRIPTION = """Errors in, issues out: Naosu's own REST interface, and the part of Sentry's that scripts use.

Every error answer is an RFC 9457 problem with a stable `code`. Send an API token as `Authorization: Bearer naosu_…`
(`naosu token create NAME --role viewer`). Lists come in pages: follow `next_cursor`, or the `Link` header.

Under `/api/v1` a query parameter that is not documented is refused with 422 and the code `request.unknown_parameter`,
so that no mistyped filter is ignored. Under `/api/0` unknown parameters are ignored, as Sentry's clients expect, but a
value that a known one cannot have is answered with 400.
"""

TAGS = [
    {"name": "projects", "description": "Watched applications, their DSN keys and settings."},
    {"name": "issues", "description": "Problems: all events with one fingerprint."},
    {"name": "events", "description": "Single occurrences, their raw payload and attachments."},
    {"name": "releases", "description": "Versions of watched applications."},
    {"name": "telemetry", "description": "Transactions, check-ins and log records."},
    {"name": "repair", "description": "What Naosu did about faults, what it would do, and what people say to that."},
    {"name": "operations", "description": "What became of everything that was sent."},
    {"name": "reports", "description": "Errors at a glance: lists, summaries, metrics."},
    {"name": "accounts", "description": "People, sessions and API tokens."},
    {"name": "health", "description": "For supervisors, load balancers and Prometheus."},
    {"name": "sentry", "description": "The part of Sentry's API that existing scripts and sentry-cli use."},
]

SECURITY_SCHEMES = {
    "token": {"type": "http", "scheme": "bearer", "description": "An API token, `naosu_…`."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "naosu_session",
        "description": "A signed-in browser; unsafe methods need `X-CSRF-Token` too.",
    },
}
OPEN_PATHS = frozenset({"/healthz", "/readyz", "/metrics", "/api/v1/sign-in", "/api/v1/sign-out", "/api/v1/first-run"})


def build_openapi(app: FastAPI) -> dict[str, Any]:
    """Return the document, made once."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title, version=app.version, description=DESCRIPTION, routes=app.routes, tags=TAGS
        )
        components = document.setdefault("components", {})
        # Of the framework's own schemas only parameters' enums are in use: our errors are problem details throughout.
        parameters = {name: one for name, one in components.get("schemas", {}).items() if "enum" in one}
        components["schemas"] = parameters | documented_components()
        components["securitySchemes"] = SECURITY_SCHEMES
        document["security"] = [{"token": []}, {"session": []}]
        for path, operations in document["paths"].items():
            if path in OPEN_PATHS:
                for operation in operations.values():
                    operation["security"] = []
        app.openapi_schema = document
    return app.openapi_schema
