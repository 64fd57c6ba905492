"""``naosu openapi``."""

import click

from naosu.cli.client import Api, connected
from naosu.cli.show import print_json


@click.command("openapi")
@connected(creates=True)
def command(api: Api) -> None:
    """Print the API's OpenAPI 3.1 document."""
    print_json(api.get("/api/v1/openapi.json"))
