"""What each reason in the outcome ledger means, and what to do about it."""

import msgspec

from naosu.web.i18n import mark


class ReasonText(msgspec.Struct, frozen=True):
    """A reason in words, in English: the page translates them. `mend` is empty when nothing is to be done."""

    meaning: str
    mend: str = ""


_UNREADABLE = ReasonText(
    mark("The sender's bytes cannot be read."),
    mark("Update the SDK, or look for a proxy that cuts or changes requests."),
)
_TOO_LARGE = ReasonText(
    mark("Larger than the limits allow."), mark("Send smaller attachments or contexts, or raise the limit.")
)
_BAD_DSN = ReasonText(
    mark("The key or project in the request cannot be one."),
    mark("Copy the DSN again from the project's page into the application."),
)
_BUSY = ReasonText(
    mark("The server could not take it then; senders were told to try later."),
    mark("Look at disk space, at the inbox and at the server's log."),
)
_ASKED_FOR = mark("Nothing needs to be done: it was asked for.")
_NO_HARM = mark("Nothing needs to be done: it does no harm.")
_NOT_KEPT = ReasonText(mark("A kind of data that this version does not keep."), _NO_HARM)
_NOT_KEPT_SUFFIX = "_not_kept"
UNKNOWN = ReasonText(mark("The sender gave this reason; no more is known here."))

REASONS: dict[str, ReasonText] = {
    "duplicate": ReasonText(mark("The same event came twice; it was stored once.")),
    "storm": ReasonText(
        mark("One issue sent very many events: all were counted, a sample was kept."), mark("Look at the issue itself.")
    ),
    "sampled": ReasonText(mark("Counted on its issue; the body was not kept.")),
    "rate_limit": ReasonText(
        mark("More came than the project or key may send."),
        mark("Raise the limit in the project's settings, or send less."),
    ),
    "unknown_key": ReasonText(
        mark("The DSN's key is unknown."), mark("Copy the DSN again from the project's page into the application.")
    ),
    "disabled_key": ReasonText(
        mark("The DSN's key was switched off."), mark("Switch it on again, or give the application a new DSN.")
    ),
    "wrong_project": ReasonText(
        mark("The key belongs to another project."), mark("Copy the whole DSN again, not only its key.")
    ),
    "key_missing": ReasonText(mark("The request carried no key."), mark("Check how the sender was given its DSN.")),
    "several_keys": ReasonText(
        mark("The request carried several keys that differ."), mark("Check how the sender was given its DSN.")
    ),
    "origin_not_allowed": ReasonText(
        mark("The browser's page is not among the allowed origins."), mark("Add it in the project's settings.")
    ),
    "unknown_kind": _NOT_KEPT,
    **dict.fromkeys(("body_too_large", "decoded_too_large", "item_too_large", "too_many_items"), _TOO_LARGE),
    **dict.fromkeys(("json_too_deep", "header_too_large", "content_length"), _TOO_LARGE),
    **dict.fromkeys(("malformed_dsn", "malformed_key", "malformed_project", "malformed_version"), _BAD_DSN),
    **dict.fromkeys(("inbox_full", "inflight_bytes", "store_unavailable"), _BUSY),
    **dict.fromkeys(("bad_encoding", "encoding_unknown", "encodings_stacked", "truncated_encoding"), _UNREADABLE),
    **dict.fromkeys(("body_json", "event_json", "envelope_header", "item_header", "item_length"), _UNREADABLE),
    **dict.fromkeys(("item_truncated", "event_id", "malformed_query", "check_in_status", "monitor_slug"), _UNREADABLE),
    # What SDKs say in client reports.
    "queue_overflow": ReasonText(
        mark("The application produced faster than its SDK could send."), mark("Sample in the SDK, or raise its queue.")
    ),
    "cache_overflow": ReasonText(mark("The SDK's cache was full."), mark("Look for long times without a connection.")),
    "ratelimit_backoff": ReasonText(
        mark("The SDK kept silent because it had been told to."),
        mark("Raise the limit in the project's settings, or send less."),
    ),
    "network_error": ReasonText(
        mark("The SDK could not reach this server."), mark("Look at the network, and at when this server was down.")
    ),
    "send_error": ReasonText(mark("The server refused what the SDK sent."), mark("Look at the reasons above.")),
    "internal_sdk_error": ReasonText(mark("The SDK itself failed."), mark("Update the SDK.")),
    "backpressure": ReasonText(
        mark("The SDK sampled less because it was busy."), mark("Look at the application's load.")
    ),
    "sample_rate": ReasonText(mark("The application's sampling left it out."), _ASKED_FOR),
    "before_send": ReasonText(mark("The application's before_send function dropped it."), _ASKED_FOR),
    "event_processor": ReasonText(
        mark("An event processor or integration in the SDK dropped it, for instance the SDK's filter of duplicates."),
        mark("Usually nothing needs to be done. If too much is missing, look at the SDK's integrations."),
    ),
    "no_parent_span": ReasonText(mark("A span had no transaction to belong to, and was set to need one.")),
    "ignored": ReasonText(mark("A rule of the SDK's setup says to ignore it."), _ASKED_FOR),
    "session_not_kept": ReasonText(
        mark("Single sessions, for release health, which this version does not keep."), _NO_HARM
    ),
    "sessions_not_kept": ReasonText(
        mark("Sessions that the SDK had summed up, for release health, which this version does not keep."), _NO_HARM
    ),
    "insufficient_data": ReasonText(mark("There was too little in it to send.")),
}


def reason_text(reason: str) -> ReasonText:
    """Return what a reason means; one that we do not know stands for itself."""
    return REASONS.get(reason) or (_NOT_KEPT if reason.endswith(_NOT_KEPT_SUFFIX) else UNKNOWN)
