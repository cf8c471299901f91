"""Keeps web pages of other sites, open in a browser on this machine, from using a server without authentication."""

import ipaddress
from urllib.parse import urlsplit

from starlette.requests import Request

from timesuite_jax.apps.serve.api_error import ApiError


def check_host(request: Request, host: str) -> None:
    """Checks the header Host of a request to a server that listens on this machine only.

    A site whose name resolves to this machine (DNS rebinding) would otherwise have the same origin as the server, and
    its pages could read the answers. Starlette's TrustedHostMiddleware does not read IPv6 addresses.

    Args:
      request: of a client.
      host: address that the server listens on; unless it is one of this machine only, any name is accepted.

    Raises:
      ApiError: the header names another machine, or is missing.
    """
    given = request.headers.get("host", "")
    if not _is_local(host) or _is_local(_name(given)):
        return
    message = (
        f"the header Host is {given[:100]!r}, not a name of this machine; send the request to 127.0.0.1 or localhost, "
        "or have the proxy set the header Host to 127.0.0.1"
    )
    raise ApiError(403, message, code="host_not_allowed")


def check_content_type(request: Request) -> None:
    """Checks that a body is declared as JSON.

    A page of another site can send other types without asking (CSRF); for JSON, browsers first ask the server for
    permission (CORS preflight), which it does not give.

    Raises:
      ApiError: the type is another one, or missing.
    """
    given = request.headers.get("content-type", "")
    if given.partition(";")[0].strip().lower() != "application/json":
        message = f"the header Content-Type is {given[:100]!r}; send application/json"
        raise ApiError(415, message, code="unsupported_media_type")


def _name(host: str) -> str:
    """The name or address in a header Host, without the port; empty if there is none."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_local(name: str) -> bool:
    """Whether a name or an address is one of this machine only."""
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name.lower().rstrip(".") == "localhost"
