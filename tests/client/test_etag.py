"""The version an answer carries, as If-Match takes it."""

import pytest

from twilio_client import Response


@pytest.mark.parametrize(
    ("headers", "version"),
    [
        ({"ETag": '"3"'}, "3"),
        ({"ETag": "3"}, "3"),
        ({"ETag": 'W/"3"'}, "3"),
        ({"ETag": '""'}, None),
        ({"ETag": ""}, None),
        ({}, None),
    ],
)
def test_a_version_is_bare_or_none(headers: dict[str, str], version: str | None) -> None:
    """Quoted, bare or made weak on the way; an empty one would write on any version."""
    assert Response(200, {}, headers).etag == version
