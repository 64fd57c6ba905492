"""A plan as a patch file: ``git apply`` takes it, and whatever is no file change stands in it for people to read."""

import difflib
from collections.abc import Mapping

from naosu.actions.apply_fix.databases import shown_url
from naosu.domain.repair import Plan

_NEWLINE_MISSING = b"\n\\ No newline at end of file\n"
Contents = Mapping[str, bytes | None]


def patch_bytes(plan: Plan, before: Contents, after: Contents, *, prefix: str = "") -> bytes:
    """Return the patch: what the plan is, what it needs beside its edits, and its edits without those of secret files.

    `prefix` is where the source tree is in its repository, ending with a slash: git reads names from the top.
    """
    lines = [plan.summary, "", *plan.explanation.splitlines(), ""]
    for change in plan.sql:
        lines += [f"To be run on {shown_url(change.database)}:", *change.statements, ""]
    secret = [edit.path for edit in plan.edits if edit.is_secret]
    lines += [f"To be set by hand, with mode 0600, for it holds secrets: {path}" for path in secret]
    # A line of prose that began like a patch would be taken for one.
    text = "".join(f"# {part}".rstrip() + "\n" for line in lines for part in line.splitlines() or [""])
    paths = (edit.path for edit in plan.edits if not edit.is_secret)
    return text.encode() + b"".join(_file_patch(prefix + path, before[path], after[path]) for path in paths)


def _file_patch(name: str, before: bytes | None, after: bytes | None) -> bytes:
    old, new = f"a/{name}".encode(), f"b/{name}".encode()
    head = [b"diff --git " + old + b" " + new]
    if before is None:
        head.append(b"new file mode 100644")
    if after is None:
        head.append(b"deleted file mode 100644")
    changes = difflib.diff_bytes(
        difflib.unified_diff,
        _lines(before),
        _lines(after),
        old if before is not None else b"/dev/null",
        new if after is not None else b"/dev/null",
    )
    body = b"".join(line if line.endswith(b"\n") else line + _NEWLINE_MISSING for line in changes)
    return b"\n".join(head) + b"\n" + body


def _lines(content: bytes | None) -> list[bytes]:
    *whole, last = (content or b"").split(b"\n")
    return [line + b"\n" for line in whole] + ([last] if last else [])
