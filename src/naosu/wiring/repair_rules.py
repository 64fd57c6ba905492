"""What holds for repairs now: the section of naosu.yaml and the playbooks, looked at again whenever they change."""

from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
import structlog

import naosu.repair
from naosu.domain.errors import NaosuError
from naosu.domain.playbook import Playbook
from naosu.domain.repair_policy import RepairPolicy
from naosu.repair.playbooks import joined, load_playbooks
from naosu.repair.strict_yaml import YamlFaultError

SHIPPED = Path(naosu.repair.__file__).parent / "shipped_playbooks"
PLAYBOOK_BYTES_MAX = 1_048_576

log = structlog.get_logger("naosu.repair")

Seen = tuple[tuple[str, int, int, int], ...]


class RepairRules(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for repairs, all from one look."""

    policy: RepairPolicy
    playbooks: tuple[Playbook, ...]


class RulesFile:
    """The rules as they stand in files, the last good ones staying in force.

    Attributes:
        fault: Why what stands in the files now is not in force. Empty: it is.
    """

    def __init__(self, load_policy: Callable[[], RepairPolicy], *, config: Path | None) -> None:
        """Read the rules for the first time.

        Args:
            load_policy: Reads all settings, and returns the section.
            config: The file that it reads. None: there is none, and the section never changes.

        Raises:
            NaosuError: They cannot be used, and there are none before them. Not retryable.
        """
        self.fault = ""
        self._load_policy = load_policy
        self._config = config
        self._folder = ""
        self._rules = self._load()
        self._seen = self._look()

    def current(self) -> RepairRules:
        """Return the rules in force, read again if a file has changed since, and log that. Costs a `stat` for each."""
        seen = self._look()
        if seen != self._seen:
            self._seen = seen
            try:
                self._rules = self._load()
            except NaosuError as error:
                self.fault = str(error)
                log.error("repair.rules_refused", detail=self.fault)  # noqa: TRY400 - no traceback
            else:
                self.fault = ""
                log.warning("repair.rules_changed", projects=len(self._rules.policy.projects))
        return self._rules

    def _load(self) -> RepairRules:
        policy = self._load_policy()
        self._folder = policy.playbooks  # even if it is refused: whoever mends what is in it wants it read again
        own = load_playbooks(_texts(Path(policy.playbooks))) if policy.playbooks else ()
        return RepairRules(policy=policy, playbooks=joined(shipped_playbooks(), own))

    def _look(self) -> Seen:
        """Return what tells whether a file is another than before."""
        paths = [self._config] if self._config is not None else []
        if self._folder:
            paths += _files(Path(self._folder))
        return tuple(_stamp(path) for path in paths)


def open_rules(environ: Mapping[str, str]) -> RulesFile:
    """Return the rules of a server's process, which finds the configuration in its environment.

    Raises:
        ConfigError: A setting cannot be used. Not retryable.
        YamlFaultError: A playbook cannot be used. Not retryable.
    """
    from naosu.wiring.settings_source import load_settings

    named = environ.get("NAOSU_CONFIG", "")
    return RulesFile(lambda: load_settings(environ=environ).repair, config=Path(named) if named else None)


def shipped_playbooks() -> tuple[Playbook, ...]:
    """Return the playbooks that came with Naosu."""
    return load_playbooks(_texts(SHIPPED), shipped=True)


def _texts(folder: Path) -> list[tuple[str, str]]:
    if not folder.is_dir():
        raise YamlFaultError(f"{folder}: expected a folder of playbooks, found none", mend="Set `repair.playbooks`.")
    return [(str(path), _text(path)) for path in _files(folder)]


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > PLAYBOOK_BYTES_MAX:
            raise YamlFaultError(f"{path}: expected at most {PLAYBOOK_BYTES_MAX} bytes", mend="Take it apart.")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise YamlFaultError(f"{path}: expected a readable text, found: {error}", mend="Mend or remove it.") from error


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.yaml") if not path.name.startswith("."))


def _stamp(path: Path) -> tuple[str, int, int, int]:
    try:
        found = path.stat()
    except OSError:
        return str(path), 0, 0, 0
    return str(path), found.st_mtime_ns, found.st_size, found.st_ino
