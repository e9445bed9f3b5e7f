"""Sync's own error codes.

Source: Twilio's error pages; statuses that stand in `assumptions` are assumed.
"""

from __future__ import annotations

from twilio_emulator import assumptions
from twilio_emulator.wire import ApiError

DATA_LIMIT = 16 * 1024
DOCUMENT_REVISION_MISMATCH = 54103
LIST_ITEM_REVISION_MISMATCH = 54155
MAP_ITEM_REVISION_MISMATCH = 54205


def bad_revision(given: str) -> ApiError:
    """Refuse an If-Match that no revision can look like."""
    return ApiError(
        assumptions.SYNC_BAD_REVISION_STATUS, 54003, f"If-Match '{given}' is not a valid revision"
    )


def data_too_large(size: int) -> ApiError:
    """Refuse data of more than 16 KiB."""
    status = assumptions.SYNC_DATA_TOO_LARGE_STATUS
    return ApiError(status, 54006, f"Data has {size} bytes, the limit is {DATA_LIMIT}")


def too_often(what: str) -> ApiError:
    """Refuse an access above its rate; it was not carried out and is safe to repeat."""
    wait = assumptions.RETRY_AFTER_SECONDS
    headers = {} if wait is None else {"Retry-After": str(wait)}
    return ApiError(429, 54009, f"Rate limit exceeded for {what}", headers)


def revision_mismatch(code: int, current: int, expected: str) -> ApiError:
    """Refuse a write that knew another revision."""
    return ApiError(
        412, code, f"The revision {expected} does not match the current revision {current}"
    )


def map_key_taken(key: str) -> ApiError:
    """Refuse a second map item with a key."""
    status = assumptions.SYNC_KEY_TAKEN_STATUS
    return ApiError(status, 54208, f"An Item with the key '{key}' already exists in the Map")


def unique_name_taken(name: str) -> ApiError:
    """Refuse a second object with a unique name."""
    return ApiError(409, 54301, f"Unique name '{name}' already exists")


def unique_name_invalid(name: str) -> ApiError:
    """Refuse a unique name that could be mistaken for a SID, or is too long."""
    status = assumptions.SYNC_BAD_NAME_STATUS
    return ApiError(status, 54302, f"Unique name '{name}' is not valid")
