"""The digester's statements, built once."""

from naosu.storage.sql import side_tables as side
from naosu.storage.sql import tables
from naosu.storage.sql.bulk import BulkInsert, BulkUpdate

_NOTHING = "DO NOTHING"


def _smaller(column: str, given: str) -> str:
    return f"CASE WHEN {given} < {column} THEN {given} ELSE {column} END"


def _larger(column: str, given: str) -> str:
    return f"CASE WHEN {given} > {column} THEN {given} ELSE {column} END"


INSERT_EVENTS = BulkInsert(
    tables.event,
    [
        "project_id",
        "fingerprint_id",
        "event_id",
        "occurred_at",
        "received_at",
        "level",
        "status_code",
        "release_id",
        "platform_term",
        "environment_term",
        "transaction_term",
        "caller_term",
        "user_key",
        "classification",
        "scrubbed",
        "dictionary_id",
        "body",
    ],
)
INSERT_ISSUES = BulkInsert(
    tables.issue,
    [
        "project_id",
        "number",
        "title",
        "culprit",
        "title_folded",
        "culprit_folded",
        "level",
        "platform",
        "category",
        "severity",
        "classification",
        "status",
        "first_seen_at",
        "last_seen_at",
        "event_count",
        "stored_count",
        "user_count",
        "first_release",
        "last_release",
        "resolved_in_release",
        "resolved_in_next",
    ],
)
INSERT_FINGERPRINTS = BulkInsert(
    tables.fingerprint,
    [
        "project_id",
        "fingerprint",
        "issue_id",
        "event_count",
        "first_seen_at",
        "last_seen_at",
        "title",
        "parts_json",
        "classification",
        "scrubbed",
        "pinned",
    ],
)
INSERT_TERMS = BulkInsert(tables.term, ["id", "text"], f"(id) {_NOTHING}")
UPDATE_ISSUES = BulkUpdate(
    tables.issue,
    ["id"],
    {
        "level": "new",
        "category": "new",
        "severity": "new",
        "classification": "new",
        "status": "new",
        "first_seen_at": "new",
        "last_seen_at": "new",
        "event_count": "event_count + new",
        "stored_count": "stored_count + new",
        "first_release": "new",
        "last_release": "new",
        "resolved_at": "new",
        "resolved_in_release": "new",
        "resolved_in_next": "new",
        "muted_until": "new",
        "mute_events_left": "new",
        "regressed_at": "new",
        "handled": "new",
    },
)
ADD_ISSUE_USERS = BulkUpdate(tables.issue, ["id"], {"user_count": "user_count + new"})
UPDATE_FINGERPRINTS = BulkUpdate(
    tables.fingerprint,
    ["id"],
    {
        "event_count": "event_count + new",
        "first_seen_at": _smaller("first_seen_at", "new"),
        "last_seen_at": _larger("last_seen_at", "new"),
    },
)
ADD_HOURS = BulkInsert(
    tables.fingerprint_hour,
    ["fingerprint_id", "hour", "count"],
    "(fingerprint_id, hour) DO UPDATE SET count = old.count + excluded.count",
)
ADD_FACETS = BulkInsert(
    tables.facet,
    ["fingerprint_id", "key", "value", "count", "last_seen_at"],
    "(fingerprint_id, key, value) DO UPDATE SET count = old.count + excluded.count, last_seen_at = "
    + _larger("old.last_seen_at", "excluded.last_seen_at"),
)
COUNT_KNOWN_FACETS = BulkUpdate(
    tables.facet, ["fingerprint_id", "key", "value"], {"count": "count + new", "last_seen_at": "new"}
)
ADD_USERS = BulkInsert(
    tables.fingerprint_user,
    ["fingerprint_id", "user_hash", "counted"],
    "(fingerprint_id, user_hash) DO UPDATE SET counted = true WHERE excluded.counted AND NOT old.counted",
)
ADD_RELEASES = BulkInsert(
    side.release,
    ["project_id", "version", "created_at", "url", "refs", "event_count", "new_issue_count"],
    f"(project_id, version) {_NOTHING}",
)
ADD_TO_RELEASES = BulkUpdate(
    side.release,
    ["id"],
    {
        "event_count": "event_count + new",
        "new_issue_count": "new_issue_count + new",
        "first_event_at": _smaller("coalesce(first_event_at, 4611686018427387904)", "new"),
        "last_event_at": _larger("coalesce(last_event_at, -4611686018427387904)", "new"),
    },
)
ADD_SIGNATURES = BulkInsert(
    tables.signature,
    ["project_id", "signature", "fingerprint_id"],
    f"(project_id, signature) {_NOTHING}",
)
ADD_PENDING = BulkInsert(
    tables.pending_sample,
    ["project_id", "signature", "hour", "quantity", "first_at", "last_at"],
    "(project_id, signature, hour) DO UPDATE SET quantity = old.quantity + excluded.quantity, first_at = "
    + _smaller("old.first_at", "excluded.first_at")
    + ", last_at = "
    + _larger("old.last_at", "excluded.last_at"),
)
PUT_SITES = BulkInsert(
    tables.site,
    ["project_id", "site_key", "state"],
    "(project_id, site_key) DO UPDATE SET state = excluded.state",
)
ADD_RECEIPTS = BulkInsert(
    tables.receipt,
    ["prefix", "first", "last", "recorded_at"],
    '(prefix, "first") DO UPDATE SET "last" = ' + _larger('old."last"', 'excluded."last"'),
)
ADD_LEDGER = BulkInsert(
    tables.ledger,
    ["project_id", "minute", "category", "outcome", "reason", "quantity"],
    "(project_id, minute, category, outcome, reason) DO UPDATE SET quantity = old.quantity + excluded.quantity",
)
ADD_LEDGER_TOTALS = BulkInsert(
    tables.ledger_total,
    ["project_id", "category", "outcome", "reason", "quantity"],
    "(project_id, category, outcome, reason) DO UPDATE SET quantity = old.quantity + excluded.quantity",
)
INSERT_DEAD_LETTERS = BulkInsert(side.dead_letter, ["project_id", "reason", "detail", "died_at", "attempts", "report"])
INSERT_ATTACHMENTS = BulkInsert(side.attachment, ["project_id", "event_id", "filename", "content_type", "kind", "body"])
INSERT_TRANSACTIONS = BulkInsert(
    side.transaction,
    [
        "project_id",
        "event_id",
        "name",
        "operation",
        "started_at",
        "duration_ms",
        "status",
        "trace_id",
        "release",
        "environment",
        "db_span_count",
        "db_ms",
        "db_slowest_ms",
        "db_spans",
    ],
)
INSERT_CHECK_INS = BulkInsert(
    side.check_in,
    [
        "project_id",
        "check_in_id",
        "monitor_slug",
        "status",
        "received_at",
        "duration_s",
        "environment",
        "release",
        "config",
    ],
)
INSERT_LOGS = BulkInsert(
    side.log_record,
    ["project_id", "logged_at", "level", "body", "trace_id", "span_id", "attributes"],
)
