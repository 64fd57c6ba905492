"""Reports that browsers send by themselves (CSP, network errors …) become event payloads."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import msgspec

from naosu.normalize.errors import UnreadableReportError
from naosu.normalize.lenient import decode_anything, integer, members, text

_REPORTS_MAX = 100
_LOCAL = {"", "self", "inline", "eval", "wasm-eval", "data", "blob", "about"}


def security_report_to_payload(body: bytes) -> bytes:
    """Return the event payload of a browser report; of a list of reports, the first's.

    Raises:
        UnreadableReportError: It is no report that we know the shape of. Not retryable.
    """
    return security_report_payloads(body)[0]


def security_report_payloads(body: bytes) -> list[bytes]:
    """Return one event payload for each report in a body, at most a hundred; there is at least one.

    Reads ``application/csp-report``, ``application/reports+json`` (Reporting API, W3C), Expect-CT (RFC 9163),
    Expect-Staple and HPKP (RFC 7469).

    Raises:
        UnreadableReportError: It is no report that we know the shape of. Not retryable.
    """
    try:
        raw = decode_anything(body)
    except (ValueError, RecursionError) as error:
        raise UnreadableReportError(f"The security report is not JSON: {str(error)[:200]}") from None
    reports = raw if isinstance(raw, list) else [raw]
    events = [event for report in reports[:_REPORTS_MAX] if (event := _event(report)) is not None]
    if not events:
        raise UnreadableReportError("The body holds no browser report that is known.")
    return [_with_id(event) for event in events]


def _with_id(event: dict[str, Any]) -> bytes:
    """Leave the id to the content: a browser gives none."""
    return msgspec.json.encode({key: value for key, value in event.items() if value not in (None, "", {}, [])})


def _event(report: Any) -> dict[str, Any] | None:
    raw = members(report)
    for key, make in _WRAPPED.items():
        if isinstance(raw.get(key), dict):
            return make(raw[key], {})
    if isinstance(raw.get("body"), dict) and raw.get("type"):
        kind = text(raw["type"]) or ""
        return _REPORTED.get(kind, _generic)(raw["body"], raw)
    if "known-pins" in raw or "served-certificate-chain" in raw:
        return _pins(raw, {})
    return None


def _first(raw: dict[str, Any], *names: str) -> str:
    return next((value for name in names if (value := text(raw.get(name)))), "")


def _host(url: str) -> str:
    """Return what was blocked without its path, so that equal violations look equal."""
    bare = url.strip().strip("'")
    if bare.partition(":")[0] in _LOCAL or "://" not in bare:
        return bare.partition(":")[0] or "self"
    try:
        parts = urlsplit(bare)
    except ValueError:
        return bare[:100]
    return parts.netloc or parts.scheme


def _base(kind: str, report: dict[str, Any], message: str, url: str, **more: Any) -> dict[str, Any]:
    agent = _first(report, "user_agent", "user-agent")
    return {
        "platform": "javascript" if kind == "csp" else "other",
        "level": "error",
        "logger": kind,
        "message": {"formatted": message},
        "request": {"url": url, **({"headers": {"User-Agent": agent}} if agent else {})},
        **more,
    }


def _csp(body: dict[str, Any], report: dict[str, Any]) -> dict[str, Any]:
    directive = _first(body, "effective-directive", "effectiveDirective", "violated-directive", "violatedDirective")
    directive = directive.split(" ")[0] or "default-src"
    blocked = _host(_first(body, "blocked-uri", "blockedURL"))
    sample = _first(body, "script-sample", "sample")
    source = _first(body, "source-file", "sourceFile")
    what = directive.removesuffix("-elem").removesuffix("-attr").removesuffix("-src")
    return _base(
        "csp",
        report,
        f"Blocked '{what}' from '{blocked}'",
        _first(body, "document-uri", "documentURL") or _first(report, "url"),
        fingerprint=["csp", directive, blocked],
        tags={
            "effective-directive": directive,
            "blocked-uri": blocked,
            "disposition": _first(body, "disposition") or "enforce",
        },
        extra={"csp-report": body, **({"sample": sample} if sample else {})},
        stacktrace=_source(source, body),
    )


def _source(source: str, body: dict[str, Any]) -> dict[str, Any] | None:
    if not source:
        return None
    line = integer(body.get("line-number") or body.get("lineNumber"))
    column = integer(body.get("column-number") or body.get("columnNumber"))
    return {"frames": [{"filename": source, "abs_path": source, "lineno": line or 0, "colno": column or 0}]}


def _expect_ct(body: dict[str, Any], report: dict[str, Any]) -> dict[str, Any]:
    host = _first(body, "hostname")
    message = f"Expect-CT failed for '{host}'"
    return _base("expect_ct", report, message, "", fingerprint=["expect-ct", host], extra={"expect-ct-report": body})


def _expect_staple(body: dict[str, Any], report: dict[str, Any]) -> dict[str, Any]:
    host = _first(body, "hostname")
    message = f"Expect-Staple failed for '{host}'"
    return _base(
        "expect_staple", report, message, "", fingerprint=["expect-staple", host], extra={"expect-staple-report": body}
    )


def _pins(body: dict[str, Any], report: dict[str, Any]) -> dict[str, Any]:
    host = _first(body, "hostname")
    message = f"Public key pinning failed for '{host}'"
    return _base("hpkp", report, message, "", fingerprint=["hpkp", host], extra={"hpkp-report": body})


def _network_error(body: dict[str, Any], report: dict[str, Any]) -> dict[str, Any]:
    kind = _first(body, "type") or "unknown"
    url = _first(report, "url") or _first(body, "url")
    host = _host(url)
    event = _base("nel", report, f"Network error '{kind}' at '{host}'", url, fingerprint=["nel", kind, host])
    event["tags"] = {"nel.type": kind, "nel.phase": _first(body, "phase"), "nel.protocol": _first(body, "protocol")}
    status = integer(body.get("status_code"))
    event["contexts"] = {"nel": body, **({"response": {"status_code": status}} if status else {})}
    event["request"]["method"] = _first(body, "method")
    return event


def _generic(body: dict[str, Any], report: dict[str, Any]) -> dict[str, Any]:
    kind = _first(report, "type")
    about = _first(body, "message", "reason", "id", "featureId", "policyId", "disposition")
    return _base(
        kind,
        report,
        f"{kind}: {about}" if about else kind,
        _first(report, "url"),
        fingerprint=[kind, _first(body, "id", "featureId", "policyId") or about],
        extra={"report": body},
        stacktrace=_source(_first(body, "sourceFile"), body),
    ) | {"level": "warning" if kind in ("deprecation", "intervention") else "error"}


_Maker = Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]]
_WRAPPED: dict[str, _Maker] = {
    "csp-report": _csp,
    "expect-ct-report": _expect_ct,
    "expect-staple-report": _expect_staple,
}
_REPORTED: dict[str, _Maker] = {"csp-violation": _csp, "csp": _csp, "network-error": _network_error}
