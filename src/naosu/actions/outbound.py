"""HTTP calls to addresses that somebody wrote down: never to the inside of the network unless a setting says so."""

import ipaddress
import socket
import time
from collections.abc import Collection, Mapping

import httpx
import msgspec

from naosu.actions.errors import ActionFailedError, ActionRefusedError

ANSWER_BYTES_MAX = 65_536


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came back; of the body at most its beginning."""

    status: int
    body: str


def call(
    method: str,
    url: str,
    *,
    timeout_s: float,
    private_hosts: Collection[str] = (),
    headers: Mapping[str, str] | None = None,
    body: str = "",
) -> Answer:
    """Send one request. Redirects are not followed, and the name is looked up once: what was checked is what is called.

    Raises:
        ActionRefusedError: It is no address of the web, or one of the inside that no setting allows.
        ActionFailedError: Nothing answered in time.
    """
    parts = httpx.URL(url)
    if parts.scheme not in ("http", "https") or not parts.host or parts.userinfo:
        raise ActionRefusedError(f"{parts.copy_with(query=None, username=None, password=None)} cannot be called")
    address = _address_of(parts, private_hosts)
    named = {**(headers or {}), "Host": parts.netloc.decode()}
    try:
        with (
            httpx.Client(timeout=timeout_s, follow_redirects=False, trust_env=False) as client,
            client.stream(
                method,
                parts.copy_with(host=address),
                headers=named,
                content=body.encode(),
                extensions={"sni_hostname": parts.host},
            ) as response,
        ):
            return Answer(
                status=response.status_code, body=_beginning(response, deadline_s=time.monotonic() + timeout_s)
            )
    except httpx.HTTPError as error:
        raise ActionFailedError(f"{parts.host} did not answer: {type(error).__name__}") from error


def _address_of(parts: httpx.URL, private_hosts: Collection[str]) -> str:
    port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    try:
        found = socket.getaddrinfo(parts.host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise ActionFailedError(f"{parts.host} is not known") from error
    addresses = [str(entry[4][0]) for entry in found]
    if parts.host not in private_hosts and not all(_is_public(address) for address in addresses):
        raise ActionRefusedError(f"{parts.host} is inside the network, and no setting allows to call it")
    return addresses[0]


def _is_public(address: str) -> bool:
    known = ipaddress.ip_address(address.partition("%")[0])
    inner = getattr(known, "ipv4_mapped", None) or known
    return bool(inner.is_global) and not inner.is_multicast


def _beginning(response: httpx.Response, *, deadline_s: float) -> str:
    taken = b""
    for block in response.iter_bytes():
        taken += block
        if len(taken) >= ANSWER_BYTES_MAX or time.monotonic() > deadline_s:
            break
    return taken[:ANSWER_BYTES_MAX].decode(errors="replace")
