"""Browser reports of a blocked resource: the directive and the blocked host, whatever the page."""

import msgspec

from naosu.domain.event import Event


class CspReport(msgspec.Struct, frozen=True):
    """What was blocked, by which directive."""

    directive: str
    blocked: str


class _Csp(msgspec.Struct, rename="kebab"):
    effective_directive: str | None = None
    violated_directive: str | None = None
    blocked_uri: str | None = None


class _CspSnake(msgspec.Struct):
    effective_directive: str | None = None
    violated_directive: str | None = None
    blocked_uri: str | None = None


class _Payload(msgspec.Struct):
    csp: _CspSnake | None = None
    kebab: _Csp | None = msgspec.field(name="csp-report", default=None)


_DECODER = msgspec.json.Decoder(_Payload)


def csp_report(event: Event) -> CspReport | None:
    """The report inside the event, or None when it is none."""
    if event.logger != "csp" and b'"csp"' not in event.payload and b'"csp-report"' not in event.payload:
        return None
    try:
        payload = _DECODER.decode(event.payload)
    except msgspec.MsgspecError:
        return None
    found = payload.csp or payload.kebab
    if found is None:
        return None
    directive = (found.effective_directive or found.violated_directive or "").split(" ")[0][:100]
    return CspReport(directive, _blocked(found.blocked_uri or ""))


def _blocked(uri: str) -> str:
    """The host, or the scheme where there is none; words such as ``inline`` and ``eval`` as they are."""
    scheme, separator, rest = uri[:500].partition("://")
    if not separator:
        return uri.partition(":")[0][:100] or "self"
    return rest.partition("/")[0].rpartition("@")[2].partition(":")[0] or scheme
