"""Calling an address: once for each attempt, never one of the inside unless a setting says so."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from naosu.actions.errors import ActionFailedError
from naosu.actions.outbound import call
from naosu.actions.parameters import Parameters
from naosu.domain.repair import Risk
from naosu.ports.action import Done, Scene

_Url = Annotated[str, Meta(pattern=r"^https?://\S+$")]
_GOOD = range(200, 300)


class WebhookParameters(Parameters, frozen=True, kw_only=True):
    """What is sent where.

    Attributes:
        undo_url: Called the same way to undo it. Empty: nothing does.
        headers: Beside those that say what is sent and for which attempt.
    """

    url: _Url
    method: Literal["POST", "PUT", "DELETE", "GET"] = "POST"
    body: str = ""
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    undo_url: Annotated[str, Meta(pattern=r"^(https?://\S+)?$")] = ""


class CallWebhook:
    """Calls an address with the attempt's key, so that the other side can tell a repetition."""

    name = "call_webhook"
    risk = Risk.MEDIUM
    reversible = False
    parameters = WebhookParameters

    def why_not(self, parameters: WebhookParameters, scene: Scene) -> str:
        """Whether the address may be called is seen when it is called: a name may lead elsewhere by then."""
        return "" if scene.is_operators else "only whoever runs the server may say what is called"

    def is_applied(self, parameters: WebhookParameters, scene: Scene) -> bool | None:
        """Only the other side knows."""
        return None

    def apply(self, parameters: WebhookParameters, scene: Scene) -> Done:
        """Call it; only an answer of 2xx is a success."""
        status = _send(parameters.url, parameters, scene)
        if status not in _GOOD:
            raise ActionFailedError(f"it answered {status}")
        return Done(detail=f"called: {status}")

    def roll_back(self, parameters: WebhookParameters, scene: Scene, done: Done) -> tuple[str, ...]:
        """Call the address that undoes it, where there is one."""
        if not parameters.undo_url:
            return ("what the other side did stays: no address undoes it",)
        status = _send(parameters.undo_url, parameters, scene)
        return () if status in _GOOD else (f"asked to undo it, the other side answered {status}",)


def _send(url: str, parameters: WebhookParameters, scene: Scene) -> int:
    headers = {"Content-Type": "application/json", "User-Agent": "naosu", "Idempotency-Key": scene.key}
    answer = call(
        parameters.method,
        url,
        timeout_s=scene.timeout_s,
        private_hosts=scene.private_hosts,
        headers={**parameters.headers, **headers},
        body=parameters.body,
    )
    return answer.status
