"""The only lines of the shop that know it is being watched."""

import sentry_sdk
from sentry_sdk.integrations.fastapi import FastApiIntegration
from sentry_sdk.integrations.sqlalchemy import SqlalchemyIntegration
from sentry_sdk.integrations.starlette import StarletteIntegration


def start_sentry(dsn: str, *, release: str) -> None:
    sentry_sdk.init(
        dsn=dsn or None,
        release=release,
        environment="demo",
        traces_sample_rate=1.0,
        integrations=[StarletteIntegration(), FastApiIntegration(), SqlalchemyIntegration()],
    )
