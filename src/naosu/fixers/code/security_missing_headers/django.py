"""Django's own middleware and settings for security headers."""

from collections.abc import Iterator, Mapping

import libcst as cst

from naosu.domain.repair import FileEdit
from naosu.fixers.call_next import assigned
from naosu.fixers.editing import replace_nodes
from naosu.fixers.places import Place, places_with, statements
from naosu.fixers.web_apps import top_value
from naosu.ports.fixer import SourceTree

SECURITY = "django.middleware.security.SecurityMiddleware"
FRAMES = "django.middleware.clickjacking.XFrameOptionsMiddleware"
_OFF = {"SECURE_CONTENT_TYPE_NOSNIFF": "True", "SECURE_REFERRER_POLICY": '"same-origin"'}
_HSTS = "SECURE_HSTS_SECONDS"


def settings_modules(source: SourceTree) -> Iterator[Place]:
    """Yield the modules that list Django's middleware."""
    for place in places_with(source, "MIDDLEWARE"):
        if isinstance(top_value(place, "MIDDLEWARE"), cst.List) and top_value(place, "INSTALLED_APPS") is not None:
            yield place


def django_edits(source: SourceTree, missing: Mapping[str, str]) -> tuple[FileEdit, ...]:
    """Return the settings with both middlewares, and those switched on that were off."""
    found = list(settings_modules(source))
    if len(found) != 1:
        return ()
    place = found[0]
    listed = top_value(place, "MIDDLEWARE")
    if not isinstance(listed, cst.List):
        return ()
    present = {item.value.evaluated_value for item in listed.elements if isinstance(item.value, cst.SimpleString)}
    code = place.module.code
    changes: dict[cst.CSTNode, cst.CSTNode | cst.FlattenSentinel[cst.CSTNode]] = {}
    wanted = [SECURITY, *([FRAMES] if "x-frame-options" in missing else [])]
    lacking = [name for name in wanted if name not in present]
    if lacking:
        changes[listed] = _with_middleware(listed, lacking)
    for line in place.module.body:
        target, value = assigned(line)
        is_off = isinstance(value, cst.Name) and value.value in ("False", "None")
        if isinstance(target, cst.Name) and target.value in _OFF and is_off and value is not None:
            changes[value] = cst.parse_expression(_OFF[target.value])
    module = replace_nodes(place.module, changes) if changes else place.module
    if top_value(place, _HSTS) is None and "strict-transport-security" in missing:
        added = statements(f"\n{_HSTS} = 31536000  # sent on HTTPS only\n", place.module)
        module = module.with_changes(body=[*module.body, *added])
    return (FileEdit(path=place.path, before=code, after=module.code),) if module.code != code else ()


def _with_middleware(listed: cst.List, lacking: list[str]) -> cst.List:
    """Put SecurityMiddleware first, as its documentation wants it, and the other one last."""
    elements = list(listed.elements)
    gap = (
        elements[0].comma
        if elements and len(elements) > 1
        else cst.Comma(cst.SimpleWhitespace(""), cst.SimpleWhitespace(" "))
    )
    for name in lacking:
        new = cst.Element(cst.SimpleString(f'"{name}"'), comma=gap)
        if name == SECURITY:
            elements.insert(0, new)
        elif elements:
            last = elements[-1]
            elements[-1:] = [last.with_changes(comma=gap), new.with_changes(comma=last.comma)]
        else:
            elements.append(new)
    return listed.with_changes(elements=elements)
