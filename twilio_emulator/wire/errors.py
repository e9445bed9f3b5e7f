"""Twilio's error envelope and the codes every product shares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .call import Call, Reply

AUTHENTICATE = 20003
INVALID_PARAMETER = 20001
METHOD_NOT_ALLOWED = 20004
NOT_FOUND = 20404
PRECONDITION_FAILED = 20412
TOO_MANY_REQUESTS = 20429
PAGE_WITHOUT_TOKEN = 40153
INTERNAL = 20500
NOT_EMULATED = 20501


class ApiError(Exception):
    """An answer other than success.

    Shape: `{"code", "message", "more_info", "status"}`.
    Source: Twilio's error pages; envelope as in recorded bodies.
    """

    def __init__(
        self, status: int, code: int, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})

    @property
    def envelope(self) -> dict[str, Any]:
        """The body to answer with."""
        return {
            "code": self.code,
            "message": self.message,
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }

    @property
    def reply(self) -> Reply:
        """The answer."""
        return Reply(self.envelope, status=self.status, headers=self.headers)


def invalid(message: str) -> ApiError:
    """Refuse a parameter or a state: 400/20001, TaskRouter's catch-all."""
    return ApiError(400, INVALID_PARAMETER, message)


def not_found(call: Call) -> ApiError:
    """Answer that the resource of this call's address does not exist: 404/20404."""
    return ApiError(404, NOT_FOUND, f"The requested resource {call.path} was not found")
