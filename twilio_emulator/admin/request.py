"""A request to one of the emulator's own routes, and how it is refused."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

PREFIX = "/_emulator/"
"""Where the emulator's own routes are."""

MARK = "Twilio-Emulator"
"""Header of every answer, so that a client knows that it was an emulator that answered."""


_DIGITS = 15


class Refusal(Exception):
    """A request to an own route that cannot be followed."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class OwnRequest:
    """What was asked: `name` is the last part of a path that ends in one."""

    query: Mapping[str, str]
    content: bytes = field(repr=False)
    name: str = ""

    @cached_property
    def body(self) -> dict[str, Any]:
        """The JSON object that was sent; none is an empty one.

        Raises: Refusal.
        """
        try:
            body = json.loads(self.content or b"{}")
            # NaN and half a surrogate pair are read, but no answer that holds one could be sent.
            json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
        except (ValueError, RecursionError) as error:
            raise Refusal(400, f"the body is not JSON: {error}") from None
        if not isinstance(body, dict):
            raise Refusal(400, "the body must be a JSON object")
        return body

    def number(self, name: str) -> int | None:
        """Return a number not below 0 from the query, None where it was not given.

        Raises: Refusal.
        """
        text = self.query.get(name)
        if text is not None and not is_number(text):
            raise Refusal(400, f"{name} '{text}' is not a number")
        return None if text is None else int(text)


def is_number(text: str) -> bool:
    """Tell whether a text is a number not below 0 that can count something."""
    return text.isascii() and text.isdigit() and len(text) <= _DIGITS


def refuse_unknown(given: Iterable[str], known: Iterable[str]) -> None:
    """Refuse names that mean nothing here.

    Raises: Refusal.
    """
    names = sorted(known)
    if unknown := sorted(set(given) - set(names)):
        raise Refusal(400, f"unknown {', '.join(unknown)} (known: {', '.join(names)})")
