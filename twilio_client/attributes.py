"""Change a resource's attributes without losing anybody else's change.

The caller gives a function attributes -> attributes, not a dict: after a lost race it runs
again on the fresh copy, so a merge is always a merge with what is there now.
"""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from twilio_client.client import Response, TwilioClient
from twilio_client.errors import AttributesTooLong, NotFound, PreconditionFailed

Attributes = dict[str, Any]
Change = Callable[[Attributes], Attributes]

# Source: TaskRouter limits page: workers and tasks alike, whitespace included.
ATTRIBUTES_LIMIT = 4096


@dataclass(frozen=True)
class AttributeUpdate:
    """How it ended, with the attributes as they are now (empty where it is gone)."""

    outcome: Literal["updated", "unchanged", "gone"]
    attributes: Attributes


def update_attributes(
    client: TwilioClient,
    url: str,
    change: Change,
    *,
    what: str = "",
    also: Mapping[str, Any] | None = None,
    deadline_seconds: float = 30.0,
    clock: Callable[[], float] = time.monotonic,
) -> AttributeUpdate:
    """Read, change and write with If-Match; after a lost race begin again on the fresh copy.

    Shape: attributes is a JSON object. `also` are further form fields of the same write.
    Units: `deadline_seconds` bounds the time spent losing races.

    Returns: updated, unchanged (nothing was written) or gone (404).

    Raises: AttributesTooLong before sending; PreconditionFailed when races were lost until the
    deadline (safe to repeat); any other TwilioError.

    Source: TaskRouter Task and Worker resources, ETag and If-Match (OpenAPI taskrouter_v1).
    """
    started = clock()
    while True:
        try:
            current = client.get(url, what=what)
        except NotFound:
            return AttributeUpdate("gone", {})
        before = parse_attributes(current.body.get("attributes"))
        after = change(copy.deepcopy(before))
        if after == before and not also:
            return AttributeUpdate("unchanged", before)
        try:
            _write(client, url, current, after, what, also)
        except NotFound:
            return AttributeUpdate("gone", {})
        except PreconditionFailed:
            if clock() - started >= deadline_seconds:
                raise
            continue
        return AttributeUpdate("updated", after)


def parse_attributes(text: object) -> Attributes:
    """Parse the JSON text Twilio keeps; absent, null or empty text is {}."""
    parsed = json.loads(text) if isinstance(text, str) and text.strip() else {}
    return parsed if isinstance(parsed, dict) else {}


def attributes_text(attributes: Mapping[str, Any], *, what: str = "") -> str:
    """Write attributes as compact JSON, within Twilio's 4096 characters.

    Raises: AttributesTooLong naming the length; nothing was sent.
    """
    text = json.dumps(attributes, separators=(",", ":"), ensure_ascii=False)
    if len(text) > ATTRIBUTES_LIMIT:
        raise AttributesTooLong(
            what or "write attributes",
            twilio_message=(
                f"attributes would be {len(text)} characters, Twilio's limit is {ATTRIBUTES_LIMIT}"
            ),
            advice="shorten them",
        )
    return text


def _write(
    client: TwilioClient,
    url: str,
    current: Response,
    attributes: Attributes,
    what: str,
    also: Mapping[str, Any] | None,
) -> None:
    data = {"Attributes": attributes_text(attributes, what=what), **(also or {})}
    client.post(url, data, if_match=current.etag, what=what)
