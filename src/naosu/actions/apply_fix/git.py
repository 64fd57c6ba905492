"""One git repository, through git's own plumbing: commits are made beside the index, so half-done work stays as it is.

Neither hooks nor a file system monitor run: both are programs of the repository's own.
"""

import hashlib
import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from naosu.domain.errors import NaosuError

GIT_TIMEOUT_S = 60.0
_SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.quotePath=false",
    "gc.auto=0",
    "core.editor=true",
)
_LOCK_TRIES = 20
_LOCK_PAUSE_S = 0.1
_BUSY = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge", "rebase-apply", "BISECT_LOG")
AUTHOR = ("Naosu", "naosu@localhost")


class GitError(NaosuError):
    """Git refused, or cannot be run. Not retryable as it is."""

    code = "git.failed"


class GitState(msgspec.Struct, frozen=True, kw_only=True):
    """What can be told of a repository.

    Attributes:
        head: The commit. Empty: none yet.
        branch: Full name of the reference. Empty: HEAD is detached.
        index_sha256: Over the entries of the index: mode, object, stage, path and flags.
    """

    head: str = ""
    branch: str = ""
    index_sha256: str = ""


class Entry(msgspec.Struct, frozen=True):
    """A file as git holds it."""

    mode: str
    blob: str


class Repository:
    """The repository that a source tree is in; paths are relative to the source tree."""

    def __init__(self, source: Path, *, folder: Path, prefix: str) -> None:
        self._source = source
        self.folder = folder
        self.prefix = prefix

    @classmethod
    def find(cls, source: Path) -> "Repository | None":
        """Return the repository of a source tree. None: there is none that git may use."""
        try:
            said = _git(
                source, "rev-parse", "--absolute-git-dir", "--show-prefix", "--is-inside-work-tree"
            ).splitlines()
        except GitError:
            return None
        if len(said) != 3 or said[2] != "true":  # noqa: PLR2004 - as many lines as were asked for
            return None
        return cls(source, folder=Path(said[0]), prefix=said[1])

    def state(self) -> GitState:
        """Return what it is now."""
        return GitState(
            head=self.commit_of("HEAD"),
            branch=self._git("symbolic-ref", "--quiet", "HEAD", fails=True).strip(),
            index_sha256=hashlib.sha256(
                self._git("ls-files", "-s", "-v", "-z", "--full-name", ":/").encode()
            ).hexdigest(),
        )

    def commit_of(self, name: str) -> str:
        """Return the commit that a name stands for. Empty: none."""
        return self._git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", fails=True).strip()

    def busy_with(self) -> str:
        """Say what git is in the middle of. Empty: nothing."""
        return next((name for name in _BUSY if (self.folder / name).exists()), "")

    def committed(self, path: str, commit: str = "HEAD") -> Entry | None:
        """Return the file in a commit."""
        line = self._git("ls-tree", "-z", "--full-tree", commit, "--", self.prefix + path, fails=True)
        return _entry(line)

    def staged(self, path: str) -> Entry | None:
        """Return the file in the index."""
        line = self._git("ls-files", "-s", "-z", "--full-name", "--", f":(top,literal){self.prefix}{path}")
        if not line:
            return None
        mode, blob, _ = line.split(maxsplit=2)
        return Entry(mode, blob)

    def is_hidden(self, path: str) -> bool:
        """Say whether git was told not to look at a file (assume-unchanged, skip-worktree)."""
        tag = self._git("ls-files", "-v", "--full-name", "--", f":(top,literal){self.prefix}{path}")[:1]
        return tag.islower() or tag == "S"

    def blob_of(self, content: bytes, path: str, *, write: bool = False) -> str:
        """Return the object id that this content has as this file, after git's own filters for it."""
        options = [*(["-w"] if write else []), *(["--path", self.prefix + path] if path else [])]
        return self._git("hash-object", *options, "--stdin", feed=content).strip()

    def ignores(self, path: str) -> bool:
        """Say whether a file that is not tracked is ignored."""
        return bool(self._git("check-ignore", "--no-index", "--", path, fails=True))

    def content_of(self, entry: Entry) -> bytes:
        """Return what a file holds as git stores it."""
        return self._git("cat-file", "blob", entry.blob).encode(errors="surrogateescape")

    def parents_of(self, commit: str) -> list[str]:
        """Return the commits before it."""
        return self._git("rev-list", "--parents", "--max-count=1", commit).split()[1:]

    def subject_of(self, commit: str) -> str:
        """Return the first line of its message."""
        return self._git("log", "--max-count=1", "--format=%s", commit).strip()

    def newest_messages(self, count: int = 100) -> str:
        """Return what the newest commits of the current branch say."""
        return self._git("log", f"--max-count={count}", "--format=%B", fails=True)

    def changed_by(self, commit: str) -> list[str]:
        """Return the files that a commit changed, relative to the source tree; those outside it with ``../``."""
        names = self._git("diff-tree", "-r", "-z", "--no-commit-id", "--name-only", commit).split("\0")
        return [os.path.relpath(name, self.prefix or ".") for name in names if name]

    def write_commit(self, entries: Mapping[str, Entry | None], *, parent: str, message: str, index: Path) -> str:
        """Make a commit of the parent's tree with these files, touching neither reference nor index nor checkout.

        A temporary index is written at `index`.
        """
        own = {"GIT_INDEX_FILE": str(index)}
        self._git("read-tree", parent, env=own)
        self._set_entries(entries, own)
        tree = self._git("write-tree", env=own).strip()
        index.unlink(missing_ok=True)
        return self._git(
            "commit-tree", tree, "-p", parent, "-F", "-", feed=message.encode(), env=self._author()
        ).strip()

    def set_index(self, entries: Mapping[str, Entry | None]) -> None:
        """Put these files into the index; all others stay as they are."""
        self._set_entries(entries, {})

    def move(self, reference: str, *, to: str, expected: str, why: str) -> None:
        """Move a reference, if it still is where it is expected.

        With an empty `expected` it must not exist yet, with an empty `to` it is removed.
        """
        if not to:
            self._git("update-ref", "-d", reference, expected)
        else:
            self._git("update-ref", "-m", why, reference, to, expected)

    def is_ancestor(self, commit: str, later: str) -> bool:
        """Say whether a commit is the other, or among its ancestors."""
        return not self._git("rev-list", "--max-count=1", commit, f"^{later}")

    def is_branch_name(self, name: str) -> bool:
        """Say whether a branch may be called so."""
        return bool(self._git("check-ref-format", "--branch", name, fails=True))

    def is_published(self, commit: str) -> bool:
        """Say whether a remote branch or a tag is known to hold a commit."""
        return bool(
            self._git("for-each-ref", "--contains", commit, "--count=1", "refs/remotes", "refs/tags", fails=True)
        )

    def _set_entries(self, entries: Mapping[str, Entry | None], env: Mapping[str, str]) -> None:
        absent = "0" * len(self.blob_of(b"", ""))
        lines = [
            f"{entry.mode} {entry.blob}\t{self.prefix}{path}" if entry else f"0 {absent}\t{self.prefix}{path}"
            for path, entry in entries.items()
        ]
        self._git("update-index", "-z", "--index-info", feed=("\0".join(lines) + "\0").encode(), env=env)

    def _author(self) -> dict[str, str]:
        known = [self._git("config", "--get", key, fails=True).strip() for key in ("user.name", "user.email")]
        if all(known):
            return {}
        return {
            f"GIT_{role}_{part}": value
            for role in ("AUTHOR", "COMMITTER")
            for part, value in zip(("NAME", "EMAIL"), AUTHOR, strict=True)
        }

    def _git(
        self, *arguments: str, feed: bytes = b"", env: Mapping[str, str] | None = None, fails: bool = False
    ) -> str:
        return _git(self._source, *arguments, feed=feed, env=env or {}, fails=fails)


def _git(
    folder: Path, *arguments: str, feed: bytes = b"", env: Mapping[str, str] | None = None, fails: bool = False
) -> str:
    """Run git. With `fails`, an empty answer stands for a failure that is an answer, too."""
    command = ["git", *(part for setting in _SETTINGS for part in ("-c", setting)), *arguments]
    for tries_left in reversed(range(_LOCK_TRIES)):
        done = _run(command, folder, feed, env or {})
        error = done.stderr.decode(errors="replace").strip()
        if done.returncode == 0:
            return done.stdout.decode(errors="surrogateescape")
        if "index.lock" in error and tries_left:
            time.sleep(_LOCK_PAUSE_S)
            continue
        break
    if fails:
        return ""
    lines = error.splitlines() or ["failed"]
    said = next((line for line in lines if line.startswith(("fatal:", "error:"))), lines[-1])
    raise GitError(f"git {arguments[0]}: {said}")


def _run(
    command: Sequence[str], folder: Path, feed: bytes, env: Mapping[str, str]
) -> subprocess.CompletedProcess[bytes]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    own = {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", **env}
    try:
        return subprocess.run(  # noqa: S603 - no shell, and every argument that is not ours comes after `--` or in a name
            command, cwd=folder, input=feed, capture_output=True, env=clean | own, timeout=GIT_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise GitError(f"git cannot be run: {error}") from error


def _entry(line: str) -> Entry | None:
    if not line:
        return None
    mode, _kind, rest = line.split(maxsplit=2)
    return Entry(mode, rest.partition("\t")[0])
