"""Words, shapes and tones for what the domain names: a status is never told by colour alone."""

from naosu.web.i18n import mark, mark_plural

WORDS: dict[str, dict[str, str]] = {
    "status": {"open": mark("Open"), "muted": mark("Muted"), "resolved": mark("Resolved")},
    "severity": {
        "CRITICAL": mark("Critical"),
        "HIGH": mark("High"),
        "MEDIUM": mark("Medium"),
        "LOW": mark("Low"),
    },
    "severity_meaning": {
        "CRITICAL": mark("can stop the whole system"),
        "HIGH": mark("breaks a function"),
        "MEDIUM": mark("a warning"),
        "LOW": mark("information"),
    },
    "category": {
        "DATABASE": mark("Database"),
        "AUTH": mark("Authentication"),
        "VALIDATION": mark("Validation"),
        "ORM": mark("ORM"),
        "RESPONSE": mark("Response"),
        "PERFORMANCE": mark("Performance"),
        "SECURITY": mark("Security"),
        "NETWORK": mark("Network"),
        "RESOURCE": mark("Resources"),
        "CONFIG": mark("Configuration"),
        "CODE": mark("Code"),
        "UNKNOWN": mark("Not classified"),
    },
    "level": {
        "fatal": mark("fatal"),
        "error": mark("error"),
        "warning": mark("warning"),
        "info": mark("info"),
        "debug": mark("debug"),
    },
    "role": {"viewer": mark("Viewer"), "operator": mark("Operator"), "admin": mark("Admin")},
    "role_meaning": {
        "viewer": mark("sees everything"),
        "operator": mark("also resolves, mutes, merges and redrives"),
        "admin": mark("also manages projects, keys, tokens and accounts"),
    },
    "outcome": {
        "accepted": mark("Accepted"),
        "filtered": mark("Filtered"),
        "limited": mark("Limited"),
        "sampled": mark("Sampled"),
        "invalid": mark("Invalid"),
        "dead": mark("Dead letter"),
        "lost_by_client": mark("Not sent by the SDK"),
    },
    "sort": {
        "last_seen": mark("Last seen"),
        "first_seen": mark("First seen"),
        "events": mark("Events"),
        "users": mark("Users affected"),
    },
    "attempt": {
        "proposed": mark("Proposed"),
        "approved": mark("Approved"),
        "running": mark("Running"),
        "verifying": mark("Measuring"),
        "fixed": mark("Fixed"),
        "not_fixed": mark("Not fixed"),
        "worse": mark("Worse"),
        "cannot_tell": mark("Cannot tell"),
        "rolled_back": mark("Rolled back"),
        "withdrawn": mark("Withdrawn"),
    },
    "mode": {
        "off": mark("off"),
        "observe": mark("only observe"),
        "approve": mark("after approval"),
        "auto": mark("automatic"),
    },
    "risk": {"low": mark("low"), "medium": mark("medium"), "high": mark("high")},
    "check": {"yes": mark("holds"), "no": mark("does not hold"), "unknown": mark("not measured")},
    "facet": {
        "release": mark("Release"),
        "environment": mark("Environment"),
        "user": mark("User"),
        "level": mark("Level"),
        "transaction": mark("Transaction"),
        "server_name": mark("Server"),
        "logger": mark("Logger"),
    },
}

# Kinds of data, as the outcome ledger names them: a number without its unit looks like lost events.
UNITS: dict[str, tuple[str, str]] = {
    "error": mark_plural("%(num)s error event", "%(num)s error events"),
    "transaction": mark_plural("%(num)s transaction", "%(num)s transactions"),
    "span": mark_plural("%(num)s span", "%(num)s spans"),
    "attachment": mark_plural("%(num)s attachment", "%(num)s attachments"),
    "session": mark_plural("%(num)s session record", "%(num)s session records"),
    "monitor": mark_plural("%(num)s check-in", "%(num)s check-ins"),
    "log_item": mark_plural("%(num)s log record", "%(num)s log records"),
    "trace_metric": mark_plural("%(num)s metric", "%(num)s metrics"),
    "feedback": mark_plural("%(num)s user feedback", "%(num)s user feedbacks"),
    "profile": mark_plural("%(num)s profile", "%(num)s profiles"),
    "profile_chunk": mark_plural("%(num)s profile chunk", "%(num)s profile chunks"),
    "replay": mark_plural("%(num)s replay part", "%(num)s replay parts"),
    "security": mark_plural("%(num)s security report", "%(num)s security reports"),
    "metric_bucket": mark_plural("%(num)s metric bucket", "%(num)s metric buckets"),
    "internal": mark_plural("%(num)s client report", "%(num)s client reports"),
    "default": mark_plural("%(num)s report", "%(num)s reports"),
}

_TONES: dict[str, str] = {
    "CRITICAL": "critical",
    "HIGH": "high",
    "MEDIUM": "medium",
    "LOW": "low",
    "open": "accent",
    "muted": "",
    "resolved": "ok",
    "regressed": "mend",
    "new": "mend",
    "fatal": "critical",
    "error": "high",
    "warning": "medium",
    "info": "low",
    "proposed": "accent",
    "approved": "accent",
    "running": "mend",
    "verifying": "mend",
    "fixed": "ok",
    "not_fixed": "high",
    "worse": "critical",
    "cannot_tell": "medium",
    "rolled_back": "medium",
    "yes": "ok",
    "no": "high",
}

# Paths in a box of 16 × 16: shapes that differ in outline, not only in colour.
SHAPES: dict[str, str] = {
    "CRITICAL": "M5 1h6l4 4v6l-4 4H5l-4-4V5zM7 4v5h2V4zm0 6v2h2v-2z",
    "HIGH": "M8 1l7.5 14H.5zM7 6v4.5h2V6zm0 5.5v2h2v-2z",
    "MEDIUM": "M8 .8L15.2 8 8 15.2.8 8z",
    "LOW": "M8 2a6 6 0 110 12A6 6 0 018 2zm0 2a4 4 0 100 8 4 4 0 000-8z",
    "open": "M8 2a6 6 0 110 12A6 6 0 018 2z",
    "muted": "M2 2h4v12H2zm8 0h4v12h-4z",
    "resolved": "M6.2 13.4L.9 8.1l2-2 3.3 3.3L13.1 2.5l2 2z",
    "regressed": "M8 2a6 6 0 11-5.7 8h2.2A4 4 0 108 4v3L3.5 3.5 8 0z",
    "new": "M7 1h2v5h6v2H9v7H7V8H1V6h6z",
    "proposed": "M8 2a6 6 0 110 12A6 6 0 018 2zm0 2a4 4 0 100 8 4 4 0 000-8z",
    "approved": "M8 2a6 6 0 110 12A6 6 0 018 2z",
    "running": "M3 2l11 6-11 6z",
    "verifying": "M6.5 1a5.5 5.5 0 014.4 8.8l4 4-1.4 1.4-4-4A5.5 5.5 0 116.5 1zm0 2a3.5 3.5 0 100 7 3.5 3.5 0 000-7z",
    "fixed": "M6.2 13.4L.9 8.1l2-2 3.3 3.3L13.1 2.5l2 2z",
    "not_fixed": "M3.5 2L8 6.5 12.5 2 14 3.5 9.5 8l4.5 4.5-1.5 1.5L8 9.5 3.5 14 2 12.5 6.5 8 2 3.5z",
    "worse": "M5 1h6l4 4v6l-4 4H5l-4-4V5zM7 4v5h2V4zm0 6v2h2v-2z",
    "cannot_tell": "M8 .8L15.2 8 8 15.2.8 8z",
    "rolled_back": "M8 2a6 6 0 11-5.7 8h2.2A4 4 0 108 4v3L3.5 3.5 8 0z",
    "withdrawn": "M1 7h14v2H1z",
    "yes": "M6.2 13.4L.9 8.1l2-2 3.3 3.3L13.1 2.5l2 2z",
    "no": "M3.5 2L8 6.5 12.5 2 14 3.5 9.5 8l4.5 4.5-1.5 1.5L8 9.5 3.5 14 2 12.5 6.5 8 2 3.5z",
    "unknown": "M1 7h14v2H1z",
    "circle": "M8 2a6 6 0 110 12A6 6 0 018 2z",
    "ok": "M8 0a8 8 0 110 16A8 8 0 018 0zM6.9 12l5.6-5.6-1.4-1.5-4.2 4.3-2-2L3.500 8.600z",
    "wait": "M8 0a8 8 0 110 16A8 8 0 018 0zM7 3v6l4 2.300 1-1.700-3-1.700V3z",
    "fail": "M8 0a8 8 0 110 16A8 8 0 018 0zM4.500 6l2 2-2 2L6 11.500l2-2 2 2 1.500-1.500-2-2 2-2L10 4.500l-2 2-2-2z",
}


def text_of(kind: str, name: str) -> str:
    """Return the English word for a name; empty when we have none (a tag of the sender's, say)."""
    return WORDS[kind].get(name, "")


def tone_of(name: object) -> str:
    """Return the CSS class of a name's colour; empty for neutral ones."""
    return _TONES.get(str(name), "")
