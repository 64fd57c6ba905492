"""Charging a card at the payment provider."""

import httpx

TIMEOUT_S = 0.3


class PaymentGatewayTimeout(Exception):  # noqa: N818 - a name as applications choose them
    """The provider did not answer in time; whether it charged is unknown."""


def charge(gateway_url: str, *, order: int, amount: float) -> str:
    try:
        answer = httpx.post(f"{gateway_url}/charge", json={"amount": amount, "order": order}, timeout=TIMEOUT_S)
    except httpx.ReadTimeout as error:
        raise PaymentGatewayTimeout(f"gateway did not answer in {TIMEOUT_S}s (order {order})") from error
    answer.raise_for_status()
    return str(answer.json()["charge"])
