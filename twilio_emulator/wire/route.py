"""Declare what the emulator answers to: routes, their parameters, and what it refuses by name."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from .call import Call, Reply

Kind = Literal[
    "string", "integer", "boolean", "flag", "sid", "json", "object", "enum", "date", "url"
]
Body = Literal["form", "json", "multipart", "none"]
Source = Literal["spec", "doc", "assumed"]  # OpenAPI document; page or recording; nobody says
Answer: TypeAlias = "Reply | dict[str, Any] | None"
Handler: TypeAlias = "Callable[[Call], Answer | Awaitable[Answer]]"


@dataclass(frozen=True)
class Parameter:
    """One query or form parameter, by its wire name.

    Shape: a `flag` is true as true, 1 or yes and false as anything else; a `boolean` is refused
    as anything else.
    Units: `max_length` counts characters, `max_bytes` UTF-8 bytes; `minimum` and `maximum` are
    inclusive.
    """

    name: str
    kind: Kind = "string"
    required: bool = False
    repeated: bool = False
    choices: tuple[str, ...] = ()
    sid_prefix: str = ""
    minimum: int | None = None
    maximum: int | None = None
    max_length: int | None = None
    max_bytes: int | None = None
    blank: bool = True  # an empty value is accepted, and clears the property
    secret: bool = False
    source: Source = "spec"


PAGING = (
    Parameter("PageSize", "integer"),
    Parameter("Page", "integer", minimum=0),
    Parameter("PageToken"),
)


@dataclass(frozen=True)
class Route:
    """One method of one address."""

    method: str
    host: str
    path: str
    handler: Handler
    parameters: tuple[Parameter, ...] = ()
    body: Body = "form"
    status: int = 200
    page_size: int | None = None
    if_match: bool = False
    source: Source = "spec"

    @cached_property
    def accepted(self) -> dict[str, Parameter]:
        """Everything this route knows, by name."""
        paging = PAGING if self.page_size is not None else ()
        return {parameter.name: parameter for parameter in (*self.parameters, *paging)}

    @cached_property
    def required(self) -> tuple[str, ...]:
        """The names that have to be there."""
        return tuple(parameter.name for parameter in self.parameters if parameter.required)


@dataclass(frozen=True)
class Refused:
    """Addresses Twilio has and the emulator has not: answered 501 with the reason.

    `path` is a template whose last segment is literal; everything below it is refused as well.
    """

    host: str
    path: str
    reason: str


def compile_path(template: str) -> re.Pattern[str]:
    """Turn "/v1/Services/{ServiceSid}" into a pattern with a group per part."""
    parts = re.split(r"\{(\w+)\}", template)
    pattern = "".join(
        f"(?P<{part}>[^/]+)" if number % 2 else re.escape(part) for number, part in enumerate(parts)
    )
    return re.compile(pattern)
