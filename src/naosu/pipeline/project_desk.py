"""What each project asks for, at hand between batches."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from naosu.domain.fingerprint import GroupingRule
from naosu.domain.project import ProjectSettings
from naosu.normalize.scrub import Scrubber
from naosu.ports.store.projects import ProjectStore

REFRESH_EVERY = timedelta(seconds=2)


class ProjectDesk:
    """Scrubbers and grouping rules by project, never older than `REFRESH_EVERY`."""

    def __init__(self, store: ProjectStore, *, pseudonym_key: bytes) -> None:
        self._store = store
        self._pseudonym_key = pseudonym_key
        self._settings: dict[int, ProjectSettings] = {}
        self._scrubbers: dict[int, Scrubber] = {}
        self._refreshed_at: datetime | None = None
        self._default = Scrubber(pseudonym_key=pseudonym_key)

    def refresh(self, now: datetime) -> None:
        """Read the settings again if that is due; the clock may have jumped either way."""
        if self._refreshed_at is not None and abs(now - self._refreshed_at) < REFRESH_EVERY:
            return
        for project in self._store.list_projects():
            if self._settings.get(project.id) != project.settings:
                self._settings[project.id] = project.settings
                self._scrubbers[project.id] = Scrubber(project.settings.scrub, pseudonym_key=self._pseudonym_key)
        self._refreshed_at = now

    def scrubber(self, project_id: int) -> Scrubber:
        """Return the project's scrubber; the defaults protect one that is not known yet."""
        return self._scrubbers.get(project_id, self._default)

    def grouping_rules(self, project_id: int) -> Sequence[GroupingRule]:
        """Return the project's own rules, in order."""
        settings = self._settings.get(project_id)
        return settings.grouping_rules if settings else ()
