"""All that whoever runs the server can set, with defaults that suit one machine."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from naosu.domain.repair_policy import RepairPolicy
from naosu.ingest.limits import IngestLimits
from naosu.ingest.storm import StormSettings

Port = Annotated[int, Meta(ge=0, le=65535)]
ProcessCount = Annotated[int, Meta(ge=0, le=64)]
Positive = Annotated[int, Meta(ge=1)]


class ProcessSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many processes do the work.

    Attributes:
        web: Processes that accept events and serve the API and the screens. 0: one for every two cores, at least one.
        digest: Processes that turn accepted reports into issues. 0: as many as `web`.
        drain_s: Seconds that a stopping process may take to finish what it has begun.
    """

    web: ProcessCount = 0
    digest: ProcessCount = 0
    drain_s: Annotated[float, Meta(gt=0, le=60)] = 6.0


class LogSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the server writes to stderr.

    Attributes:
        level: The least level that is written.
        format: `console` for people, `json` for machines: one object a line.
    """

    level: Literal["debug", "info", "warning", "error"] = "warning"
    format: Literal["console", "json"] = "console"


class InboxSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How large the inbox, in which accepted reports wait to be digested, may grow. Beyond: 503, and nothing is lost.

    Attributes:
        backlog_bytes_max: With more than this waiting, reports are refused.
        free_bytes_min: Below this much free disk reports are refused, so that digesting can go on.
    """

    backlog_bytes_max: Positive = 2_147_483_648
    free_bytes_min: Positive = 16_777_216


class RetentionSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a new project keeps; each project can be set otherwise.

    Attributes:
        days: No event is kept for longer.
        events_max: No more events are kept; the least informative go first.
    """

    days: Positive = 90
    events_max: Positive = 1_000_000


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that can be set, by naosu.yaml, by NAOSU_… in the environment, or by a flag of `naosu serve`.

    Attributes:
        data: Folder of the database, the inbox and the server's own keys. Made when absent.
        host: Address to listen on. Loopback unless told otherwise.
        port: Port to listen on. 0: any free one.
        public_url: URL by which browsers and SDKs reach the server; it stands in DSNs and links. Empty: host and port.
        database: `postgresql://…`. Empty: SQLite in the data folder.
        org: Slug of the one organisation that Sentry's own tools see.
        project: Slug of the project that is made on the first start.
    """

    data: str = ""
    host: Annotated[str, Meta(min_length=1)] = "127.0.0.1"
    port: Port = 8790
    public_url: Annotated[str, Meta(pattern=r"^(https?://[^/\s?#]+(/[^\s?#]*)?)?$")] = ""
    database: Annotated[str, Meta(pattern=r"^(postgres(ql)?(\+\w+)?://\S+)?$")] = ""
    org: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]*$")] = "naosu"
    project: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]*$")] = "default"
    processes: ProcessSettings = ProcessSettings()
    log: LogSettings = LogSettings()
    ingest: IngestLimits = IngestLimits()
    inbox: InboxSettings = InboxSettings()
    storm: StormSettings = StormSettings()
    retention: RetentionSettings = RetentionSettings()
    repair: RepairPolicy = RepairPolicy()
