"""A workplace over a sample application, in an environment whose versions are written here."""

from workplace import FolderWorkplace

VERSIONS = {
    "bcrypt": (5, 0, 0),
    "fastapi": (0, 165, 0),
    "pydantic": (2, 14, 3),
    "pydantic-settings": (2, 16, 3),
    "pyjwt": (2, 15, 1),
    "python-dotenv": (1, 2, 4),
}


class SampleWorkplace(FolderWorkplace):
    """Starts nothing: what a fixer plans from files and a log alone."""

    def version(self, distribution: str) -> tuple[int, ...] | None:
        return VERSIONS.get(distribution.lower())
