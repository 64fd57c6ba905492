"""The routes in parts, each imported when it is first needed: what a command waits for is mostly routes being made."""

import importlib
from collections.abc import Iterable

from fastapi import APIRouter

# What each part of /api/v1 answers: the word that follows in the path.
V1_WORDS: dict[str, tuple[str, ...]] = {
    "naosu.api.v1.projects": ("projects",),
    "naosu.api.v1.previews": ("projects",),
    "naosu.api.v1.issues": ("issues",),
    "naosu.api.v1.events": ("events",),
    "naosu.api.v1.releases": ("projects", "releases"),
    "naosu.api.v1.telemetry": ("check-ins", "logs", "slow-queries", "transactions"),
    "naosu.api.v1.stats": ("dead-letters", "ledger", "stats"),
    "naosu.api.v1.accounts": ("accounts", "first-run", "me", "sign-in", "sign-out"),
    "naosu.api.v1.tokens": ("tokens",),
    "naosu.api.v1.repair": ("repair",),
    "naosu.api.v1.reports": ("errors", "monitoring", "report", "reset", "status", "summary"),
}
ALL_PARTS = (
    *V1_WORDS,
    # Before the projects: `/projects/{project}/issues/` would be taken for a project called "issues".
    "naosu.api.sentry.issues",
    "naosu.api.sentry.organizations",
    "naosu.api.sentry.events",
    "naosu.api.sentry.releases",
    "naosu.api.sentry.telemetry",
    "naosu.api.sentry.uploads",
    "naosu.api.health.probes",
    "naosu.api.health.metrics",
)


def parts_for(path: str) -> tuple[str, ...]:
    """Return the parts that may answer a path, all of them for one that no part claims."""
    head, _, rest = path.removeprefix("/").partition("api/v1/")
    word = rest.split("/", 1)[0]
    return (not head and tuple(part for part, words in V1_WORDS.items() if word in words)) or ALL_PARTS


def routers_of(parts: Iterable[str]) -> list[APIRouter]:
    """Import parts, and return their routers in the order in which they are asked."""
    return [importlib.import_module(part).router for part in parts]
