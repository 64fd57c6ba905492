"""Which playbook is right for a fault: files of playbooks read strictly, and matched."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from naosu.domain.classification import Category
from naosu.domain.playbook import Match, Playbook, PlaybookFile
from naosu.repair.strict_yaml import YamlFaultError, decode_yaml


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """What a playbook is sought for.

    Attributes:
        issue: Short id. Empty: it is no issue's.
        alert: Name of the alert rule that fired.
        event_counts: Events of the issue by window in seconds, for the windows in `windows_s`.
    """

    category: Category = Category.UNKNOWN
    issue: str = ""
    alert: str = ""
    monitor: str = ""
    project: str = ""
    environment: str = ""
    labels: Mapping[str, str] = {}
    event_counts: Mapping[int, int] = {}


def load_playbooks(files: Iterable[tuple[str, str]], *, shipped: bool = False) -> tuple[Playbook, ...]:
    """Return the playbooks of these files, in order.

    Args:
        files: Name and text of each.
        shipped: They came with Naosu.

    Raises:
        YamlFaultError: One of them cannot be used, so none is. Not retryable.
    """
    found: dict[str, str] = {}
    playbooks: list[Playbook] = []
    for name, text in files:
        for playbook in decode_yaml(text, PlaybookFile, name=name).playbooks:
            if playbook.name in found:
                twice = f"found `{playbook.name}`, as in {found[playbook.name]}"
                raise YamlFaultError(f"{name}: expected a name for each playbook, {twice}", mend="Rename one of them.")
            found[playbook.name] = name
            playbooks.append(msgspec.structs.replace(playbook, is_shipped=shipped))
    return tuple(playbooks)


def joined(shipped: Sequence[Playbook], own: Sequence[Playbook]) -> tuple[Playbook, ...]:
    """Return both; an own playbook takes the place of the shipped one of its name."""
    names = {playbook.name for playbook in own}
    return (*own, *(playbook for playbook in shipped if playbook.name not in names))


def matching(playbooks: Iterable[Playbook], subject: Subject) -> list[Playbook]:
    """Return those that match, the first to be tried first: by priority, own before shipped, narrow before wide."""
    found = [playbook for playbook in playbooks if fits(playbook.match, subject)]
    return sorted(found, key=lambda one: (-one.priority, one.is_shipped, -_narrowness(one.match), one.name))


def fits(match: Match, subject: Subject) -> bool:
    """Say whether all that a match names is so."""
    named = (
        (match.category, subject.category),
        (match.issue, subject.issue),
        (match.alert, subject.alert),
        (match.monitor, subject.monitor),
        (match.project, subject.project),
        (match.environment, subject.environment),
    )
    if any(wanted and found not in wanted for wanted, found in named):
        return False
    if any(subject.labels.get(name) != value for name, value in match.labels.items()):
        return False
    return match.rate is None or subject.event_counts.get(match.rate.window_s, 0) >= match.rate.events_min


def windows_s(playbooks: Iterable[Playbook]) -> frozenset[int]:
    """Return the windows in which events have to be counted."""
    return frozenset(playbook.match.rate.window_s for playbook in playbooks if playbook.match.rate is not None)


def _narrowness(match: Match) -> int:
    """Return how much a match names: what names an issue is narrower than anything that does not."""
    given = (match.category, match.alert, match.monitor, match.project, match.environment, match.labels)
    return sum(map(bool, given)) + bool(match.rate) + 10 * bool(match.issue)
