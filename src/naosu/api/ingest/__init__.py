"""The door: a raw ASGI application for what SDKs send. It is the hot path, so no framework stands in it."""

from naosu.api.ingest.app import IngestApp
from naosu.api.ingest.committer import GroupCommitter
from naosu.api.ingest.directory import KeyDirectory
from naosu.api.ingest.protocol import bounded_protocol

__all__ = ["GroupCommitter", "IngestApp", "KeyDirectory", "bounded_protocol"]
