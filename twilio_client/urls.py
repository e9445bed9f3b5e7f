"""Addresses of Twilio's products, built from path segments.

Source: the `servers` entries of Twilio's OpenAPI documents; the upload host from the
Serverless API pages.
"""

from urllib.parse import quote

TASKROUTER = "https://taskrouter.twilio.com/v1"
SYNC = "https://sync.twilio.com/v1"
SERVERLESS = "https://serverless.twilio.com/v1"
SERVERLESS_UPLOAD = "https://serverless-upload.twilio.com/v1"
FLEX = "https://flex-api.twilio.com/v1"
API = "https://api.twilio.com/2010-04-01"


def taskrouter(*segments: str) -> str:
    """Return a TaskRouter v1 address below `/v1`, e.g. ("Workspaces", "WS…", "Workers")."""
    return _join(TASKROUTER, segments)


def sync(*segments: str) -> str:
    """Return a Sync v1 address."""
    return _join(SYNC, segments)


def serverless(*segments: str) -> str:
    """Return a Serverless v1 address."""
    return _join(SERVERLESS, segments)


def serverless_upload(*segments: str) -> str:
    """Return an address on the Serverless upload host (function and asset versions)."""
    return _join(SERVERLESS_UPLOAD, segments)


def flex(*segments: str) -> str:
    """Return a Flex v1 address."""
    return _join(FLEX, segments)


def api(*segments: str) -> str:
    """Return an address of the 2010 API; the last segment carries `.json`."""
    return _join(API, segments)


def _join(base: str, segments: tuple[str, ...]) -> str:
    return "/".join([base, *(quote(segment, safe="") for segment in segments)])
