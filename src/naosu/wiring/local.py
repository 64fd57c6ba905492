"""The API in this process, on a data folder: what the command line talks to when it is given no URL."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from naosu.wiring.data_dir import prepare_data_dir, recall_run
from naosu.wiring.serve import with_data_dir
from naosu.wiring.settings import Settings
from naosu.wiring.settings_source import load_settings

if TYPE_CHECKING:
    from naosu.api.app import AppInParts


def local_settings(data: str | None, *, config: Path | None = None, flags: Mapping[str, Any] | None = None) -> Settings:
    """Return the settings for work on a data folder; what the server there was told last counts where nothing is said.

    Raises:
        ConfigError: A setting cannot be used.
    """
    settings = with_data_dir(load_settings(config=config, environ=os.environ, flags={"data": data, **(flags or {})}))
    last = recall_run(Path(settings.data))
    if last is None:
        return settings
    return msgspec.structs.replace(
        settings,
        database=settings.database or last.database,
        public_url=settings.public_url or last.base_url,
    )


def open_local_app(settings: Settings) -> tuple["AppInParts", Callable[[], None]]:
    """Return the API with a local admin signed in, and what closes it.

    Raises:
        DataDirError: The folder cannot be used.
        StoreUnavailableError: The database cannot be reached. Retryable.
    """
    from naosu.wiring.api_app import open_api_app

    prepare_data_dir(Path(settings.data))
    base_url = settings.public_url or f"http://{settings.host}:{settings.port}"
    return open_api_app(settings, base_url=base_url.rstrip("/"))
