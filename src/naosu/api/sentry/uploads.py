"""Uploads of source maps and debug files: this server keeps none, and says so before sentry-cli sends any."""

from typing import Annotated

from fastapi import Path, Request, Response

from naosu.api.answers import documented_answer, json_answer
from naosu.api.auth import Operator, Viewer
from naosu.api.context import context_of
from naosu.api.parameters import ProjectRef
from naosu.api.router import documented_router
from naosu.api.sentry.parameters import Organization
from naosu.domain.errors import NaosuError

router = documented_router("/api/0", "sentry")

CHUNKS = "/organizations/{organization}/chunk-upload/"


class UploadsNotKeptError(NaosuError):
    """Source maps, debug files and artifact bundles are not kept by this version. Not retryable."""

    code = "upload.not_kept"
    status = 403


def chunk_options(public_url: str, organization: str) -> dict[str, object]:
    """Return the options of an upload that accepts nothing: sentry-cli then says so to its user."""
    return {
        "url": f"{public_url}/api/0/organizations/{organization}/chunk-upload/",
        "chunkSize": 8_388_608,
        "chunksPerRequest": 64,
        "maxFileSize": 1,
        "maxRequestSize": 33_554_432,
        "concurrency": 1,
        "hashAlgorithm": "sha1",
        "compression": ["gzip"],
        "accept": [],
    }


@router.get(CHUNKS, summary="Upload options", responses=documented_answer({"type": "object"}, "Nothing is accepted."))
def get_chunk_options(request: Request, _: Viewer, organization: Organization) -> Response:
    """Return upload options with an empty `accept`: this server keeps no source maps and no debug files."""
    return json_answer(chunk_options(context_of(request).public_url, organization))


@router.post(CHUNKS, summary="Upload chunks", status_code=403, response_class=Response)
def post_chunks(_: Operator, organization: Organization) -> Response:
    """Refuse an upload."""
    raise UploadsNotKeptError("This server keeps no uploaded files.")


@router.post(
    "/organizations/{organization}/artifactbundle/assemble/",
    summary="Assemble an artifact bundle",
    status_code=403,
    response_class=Response,
)
def post_bundle(_: Operator, organization: Organization) -> Response:
    """Refuse source maps."""
    raise UploadsNotKeptError("This server keeps no source maps.")


@router.post(
    "/projects/{organization}/{project}/files/{kind}/assemble/",
    summary="Assemble debug files",
    status_code=403,
    response_class=Response,
)
def post_debug_files(
    _: Operator, organization: Organization, project: ProjectRef, kind: Annotated[str, Path(pattern="^[a-z]+$")]
) -> Response:
    """Refuse debug files."""
    raise UploadsNotKeptError("This server keeps no debug files.")
