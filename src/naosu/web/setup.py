"""What an application needs to report to a project: its DSN, and a snippet for each framework."""

import msgspec

from naosu.api.context import ApiContext
from naosu.api.dsn import dsn_of, first_active_key
from naosu.domain.project import Key, Project


class Snippet(msgspec.Struct, frozen=True, kw_only=True):
    """How one framework is connected.

    Attributes:
        install: The shell command.
        code: What goes into the application; `file_hint` says where.
    """

    name: str
    install: str
    code: str
    file_hint: str


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """A project, ready to be connected.

    Attributes:
        key: None: the project has no active key, and `dsn` is empty.
        base_url: Of this server as people reach it, no slash at the end.
    """

    project: Project
    key: Key | None
    dsn: str
    base_url: str

    @property
    def snippets(self) -> tuple[Snippet, ...]:
        """One for each framework, with this project's DSN."""
        return tuple(
            Snippet(name=name, install=install, file_hint=hint, code=code.replace("{dsn}", self.dsn))
            for name, install, hint, code in _SNIPPETS
        )


def setup_of(context: ApiContext, project: Project) -> Setup:
    """Return what an application needs to report to this project."""
    key = first_active_key(context.store.list_keys(project.id))
    dsn = dsn_of(context.public_url, key) if key else ""
    return Setup(project=project, key=key, dsn=dsn, base_url=context.public_url.rstrip("/"))


_PYTHON_INIT = """import sentry_sdk

sentry_sdk.init(
    dsn="{dsn}",
    release="my-service@1.0",
    environment="production",
)
"""

_NODE_INIT = """const Sentry = require("@sentry/node");

Sentry.init({
  dsn: "{dsn}",
  release: "my-service@1.0",
  environment: "production",
});
"""

_SNIPPETS: tuple[tuple[str, str, str, str], ...] = (
    ("FastAPI", 'pip install "sentry-sdk[fastapi]"', "main.py", _PYTHON_INIT + "\napp = FastAPI()\n"),
    ("Django", 'pip install "sentry-sdk[django]"', "settings.py", _PYTHON_INIT),
    ("Flask", 'pip install "sentry-sdk[flask]"', "app.py", _PYTHON_INIT + "\napp = Flask(__name__)\n"),
    ("Python", "pip install sentry-sdk", "main.py", _PYTHON_INIT),
    ("Node.js", "npm install @sentry/node", "instrument.js", _NODE_INIT),
)
