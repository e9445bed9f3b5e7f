"""Check and convert the parameters of one request against its route."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from .call import NO_PAGE, PageRequest
from .errors import PAGE_WITHOUT_TOKEN, ApiError, invalid
from .route import Parameter, Route

DEFAULT_PAGE_SIZE = 50
DEEPEST_JSON = 500
"""How far JSON may nest: what is stored is read again with more of the stack in use than here."""

_INTEGER = re.compile(r"-?[0-9]{1,18}")
_BLANK = re.compile(r"[\s\x00-\x1f]")
_STRICT = json.JSONEncoder(allow_nan=False, ensure_ascii=False)
_SID = re.compile(r"[A-Z]{2}[0-9a-fA-F]{32}")


def parse_parameters(route: Route, given: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Convert raw values by name.

    Raises: ApiError 400/20001 naming every unknown or missing parameter, or the first wrong value.
    """
    if not given and not route.required:
        return {}
    _refuse_unknown(route, given)
    missing = [name for name in route.required if name not in given]
    if missing:
        place = "query" if route.method == "GET" else "post body"
        raise invalid(f"Missing required parameter {', '.join(missing)} in the {place}")
    return {name: _convert(route.accepted[name], values) for name, values in given.items()}


def page_request(route: Route, params: dict[str, Any]) -> PageRequest:
    """Take the paging parameters out of `params`.

    Raises: ApiError 400/40153 for a page number without a token, 400/20001 for a wrong size.
    Source: error page 40153 (absolute paging ended 2021-12-01).
    """
    if route.page_size is None:
        return NO_PAGE
    size = params.pop("PageSize", min(DEFAULT_PAGE_SIZE, route.page_size))
    number, token = params.pop("Page", 0), params.pop("PageToken", "")
    if not 1 <= size <= route.page_size:
        raise invalid(f"PageSize {size} is not between 1 and {route.page_size}")
    if number > 0 and not token:
        raise ApiError(
            400, PAGE_WITHOUT_TOKEN, f"Page {number} without PageToken: follow next_page_url"
        )
    return PageRequest(size, number, token)


def _refuse_unknown(route: Route, given: Mapping[str, Sequence[str]]) -> None:
    unknown = [name for name in given if name not in route.accepted]
    if unknown:
        known = ", ".join(sorted(route.accepted)) or "none"
        raise invalid(
            f"Unknown parameter {', '.join(sorted(unknown))} for {route.method} {route.path}"
            f" (the emulator knows: {known})"
        )


def _convert(parameter: Parameter, values: Sequence[str]) -> Any:
    if parameter.repeated:
        return [_convert_one(parameter, value) for value in values]
    # Twilio's own SDKs never repeat these; the last value wins, as in most form parsers.
    return _convert_one(parameter, values[-1])


def _convert_one(parameter: Parameter, value: str) -> Any:
    _check_length(parameter, value)
    if not value and parameter.blank and parameter.kind in ("sid", "url", "string"):
        return ""
    if not value and not parameter.blank:
        raise invalid(f"{parameter.name} must not be empty")
    return _CONVERSIONS[parameter.kind](parameter, value)


def _check_length(parameter: Parameter, value: str) -> None:
    name = parameter.name
    if parameter.max_length is not None and len(value) > parameter.max_length:
        raise invalid(f"{name} has {len(value)} characters, the limit is {parameter.max_length}")
    if parameter.max_bytes is not None and len(value.encode()) > parameter.max_bytes:
        raise invalid(f"{name} has {len(value.encode())} bytes, the limit is {parameter.max_bytes}")


def _string(_parameter: Parameter, value: str) -> str:
    return value


def _integer(parameter: Parameter, value: str) -> int:
    if not _INTEGER.fullmatch(value):
        raise invalid(f"{parameter.name} '{value}' is not an integer")
    number = int(value)
    if parameter.minimum is not None and number < parameter.minimum:
        raise invalid(f"{parameter.name} {number} is less than the minimum of {parameter.minimum}")
    if parameter.maximum is not None and number > parameter.maximum:
        raise invalid(
            f"{parameter.name} {number} is greater than the maximum of {parameter.maximum}"
        )
    return number


def _boolean(parameter: Parameter, value: str) -> bool:
    lowered = value.lower()
    if lowered not in ("true", "false", "1", "0"):
        raise invalid(f"{parameter.name} '{value}' is not true or false")
    return lowered in ("true", "1")


def _flag(_parameter: Parameter, value: str) -> bool:
    """Source: descriptions of Available and IgnoreCapacity in the OpenAPI document."""
    return value.lower() in ("true", "1", "yes")


def _sid(parameter: Parameter, value: str) -> str:
    if not _SID.fullmatch(value) or not value.startswith(parameter.sid_prefix):
        raise invalid(f"{parameter.name} '{value}' is not a valid {parameter.sid_prefix} SID")
    return value


def parse_json(what: str, text: str | bytes) -> Any:
    """Read JSON that can also be written again.

    Raises: ApiError 400/20001, also for NaN, 1e400 and half a surrogate pair: no answer that
    contains one could ever be sent; and for what nests too deeply to be read again later.
    """
    try:
        parsed = json.loads(text)
        _STRICT.encode(parsed).encode()
        _check_depth(parsed)
    except (ValueError, RecursionError) as error:
        raise invalid(f"{what} is not valid JSON: {error}") from None
    return parsed


def _check_depth(parsed: Any) -> None:
    level = [parsed] if isinstance(parsed, dict | list) else []
    for _ in range(DEEPEST_JSON):
        inner = (item.values() if isinstance(item, dict) else item for item in level)
        level = [part for parts in inner for part in parts if isinstance(part, dict | list)]
        if not level:
            return
    raise ValueError(f"it nests more than {DEEPEST_JSON} deep")


def _json(parameter: Parameter, value: str) -> Any:
    return parse_json(parameter.name, value)


def _object(parameter: Parameter, value: str) -> dict[str, Any]:
    parsed = _json(parameter, value)
    if not isinstance(parsed, dict):
        raise invalid(f"{parameter.name} must be a JSON object")
    return parsed


def _enum(parameter: Parameter, value: str) -> str:
    if value not in parameter.choices:
        raise invalid(f"{parameter.name} '{value}' is not one of {', '.join(parameter.choices)}")
    return value


def _date(parameter: Parameter, value: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise invalid(f"{parameter.name} '{value}' is not an ISO 8601 date") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _url(parameter: Parameter, value: str) -> str:
    if not _is_url(value):
        raise invalid(f"{parameter.name} '{value}' is not a valid URL")
    return value


def _is_url(value: str) -> bool:
    try:
        parts = urlsplit(value)
        has_address = parts.scheme in ("http", "https") and bool(parts.hostname)
        return has_address and (parts.port or 0) >= 0 and _BLANK.search(value) is None
    except ValueError:  # brackets without an IPv6 address, a port above 65535
        return False


_CONVERSIONS: dict[str, Callable[[Parameter, str], Any]] = {
    "string": _string,
    "integer": _integer,
    "boolean": _boolean,
    "flag": _flag,
    "sid": _sid,
    "json": _json,
    "object": _object,
    "enum": _enum,
    "date": _date,
    "url": _url,
}
