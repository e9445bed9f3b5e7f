"""What a declaration says: a resource's properties, its address at Twilio and its verbs.

Everything else follows from these values: the package schema, checks, diffs, the conversion
to and from Twilio's names, the typed classes and the reference pages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pulumi_twilio.declarations.call import Call, Created, LookupCall, Values

_CAMEL_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class Kind(Enum):
    """The type of a property's value, as programs and Python see it."""

    STRING = "string"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    JSON = "json"  # an object; JSON text of an object is accepted and kept as the object
    STRING_MAP = "map of strings"
    STRING_SET = "set of strings"  # order and repetition mean nothing; kept sorted
    ASSET = "asset"  # a file's content, compared by its hash


class Sent(Enum):
    """When a property's value goes to Twilio."""

    ALWAYS = "always"
    ON_CREATE = "on create"
    ON_UPDATE = "on update"
    NEVER = "never"  # it belongs to the path, or to the provider itself


@dataclass(frozen=True)
class Property:
    """One input of a resource; it is also among the resource's outputs.

    Attributes:
        name: the schema's name (camelCase).
        kind: type of the value.
        doc: one or more sentences; the unit of a number belongs here.
        required: refused when absent.
        default: what Twilio assumes when absent. An absent value and the default are equal
            in every comparison, and removing the property sends the default.
        minimum, maximum: inclusive limits of an integer.
        max_length: most characters of a string.
        sid: prefix of the SID the string must be ("WS"), or several ("WA", "WQ").
        url: the string must be an http(s) URL.
        pattern: regular expression the string must match, with `pattern_hint` in words.
        choices: the only strings allowed (of a set: the only members).
        replaces: a change replaces the resource.
        secret: always kept encrypted.
        sent: when it goes to Twilio.
        write_only: Twilio never gives it back; refresh keeps what state has, and after an
            import a difference in it is not seen. An optional one needs a default (or a create
            that notes a value), or a value added later would not be seen either.
        option: an instruction for the operation rather than a quality of the resource: it is
            never a difference on its own and never comes back.
        unset_keeps: absent means "whatever Twilio has": removing it changes nothing, and
            refresh looks at it only where the program sets it.
        restored_from: with `unset_keeps`, the output that holds the former value: removing the
            property then is a change, and the resource's update puts that value back.
        numeric_text: within JSON, 60 and "60" are equal ("7" and "007", both texts, are not).
        wire: name in requests; the name with a capital unless given.
        answer: name in answers; the name in snake_case unless given.
        to_wire, from_answer: conversions of values other than the kind's own.
    """

    name: str
    kind: Kind
    doc: str
    required: bool = False
    default: Any = None
    minimum: int | None = None
    maximum: int | None = None
    max_length: int | None = None
    sid: str | tuple[str, ...] = ()
    url: bool = False
    pattern: str | None = None
    pattern_hint: str = ""
    choices: tuple[str, ...] = ()
    replaces: bool = False
    secret: bool = False
    sent: Sent = Sent.ALWAYS
    write_only: bool = False
    option: bool = False
    unset_keeps: bool = False
    restored_from: str = ""
    numeric_text: bool = False
    wire: str = ""
    answer: str = ""
    to_wire: Callable[[Any], Any] | None = None
    from_answer: Callable[[Any], Any] | None = None

    @property
    def wire_name(self) -> str:
        """Return the name in requests."""
        return self.wire or self.name[0].upper() + self.name[1:]

    @property
    def answer_name(self) -> str:
        """Return the name in answers."""
        return self.answer or snake_case(self.name)

    @property
    def sid_prefixes(self) -> tuple[str, ...]:
        """Return the SID prefixes allowed, none where it is no SID."""
        return (self.sid,) if isinstance(self.sid, str) else self.sid


@dataclass(frozen=True)
class Output:
    """A value only Twilio (or the provider) knows.

    Attributes:
        name, kind, doc, secret, answer, from_answer: as of a Property.
        changes_with: names of inputs; a preview that changes one of them shows the output as
            unknown.
        optional: may be absent.
        settled: what it must be; while state has something else the resource counts as
            changed, so that the next update tries again.
    """

    name: str
    kind: Kind
    doc: str
    secret: bool = False
    changes_with: tuple[str, ...] = ()
    optional: bool = False
    settled: str = ""
    answer: str = ""
    from_answer: Callable[[Any], Any] | None = None

    @property
    def answer_name(self) -> str:
        """Return the name in answers."""
        return self.answer or snake_case(self.name)


@dataclass(frozen=True)
class IdPart:
    """One part of an id: a SID with this prefix kept under `name`, or a literal text."""

    name: str = ""
    prefix: str = ""
    literal: str = ""

    @property
    def form(self) -> str:
        """Return how the part is written in documentation."""
        return self.literal or f"{self.prefix}…"

    @property
    def pattern(self) -> str:
        """Return the regular expression of the part."""
        return re.escape(self.literal) if self.literal else rf"{self.prefix}[0-9a-fA-F]{{32}}"


@dataclass(frozen=True)
class Namesake:
    """How to find an existing resource with the name a new one is about to take.

    Attributes:
        property: the input that names the resource.
        filter: the list's filter for it; empty where Twilio has none and the list is searched.
        ignore_case: names that differ in case only collide.
    """

    property: str = "friendlyName"
    filter: str = ""
    ignore_case: bool = False


@dataclass(frozen=True)
class Failure:
    """A value that cannot be accepted: the property's path and the reason."""

    path: str
    reason: str


@dataclass(frozen=True)
class Declaration:
    """One resource.

    Attributes:
        type: the type token, "twilio:<product>:<Resource>".
        doc: what it is; first sentence stands alone.
        id_parts: the id's parts, which import takes; the last is the resource's own.
        path: segments of the collection's address; "{name}" stands for an input.
        product: host the path belongs to (taskrouter, sync, serverless, flex).
        properties, outputs: its values. Output `sid` comes from every answer.
        namesake: set where a second resource of the same name must not be made.
        moves_aside: others refer to it, so a replacement of the same name comes first: the old
            one is renamed, the others follow, and then it is deleted.
        delete_before_replace: the replacement can never exist beside the old one.
        wait_seconds: how long its create and update may wait for Twilio unless customTimeouts
            says else; 0 for the provider's own time for deletes.
        retries_delete: Twilio refuses to delete while work is in flight; the refusal (400) is
            repeated within the time for deletes.
        source: where the facts come from.
        assumed: what was assumed for want of a source.
        example: inputs of a small resource, for the reference page and the lifecycle tests;
            a value "${name}" stands for a resource the reader has.
        check: further checks over all inputs.
        create, read, update, delete: verbs of its own, instead of the plain REST ones.
    """

    type: str
    doc: str
    id_parts: tuple[IdPart, ...]
    path: tuple[str, ...]
    properties: tuple[Property, ...]
    outputs: tuple[Output, ...]
    product: str
    example: Mapping[str, Any]
    namesake: Namesake | None = None
    moves_aside: bool = False
    delete_before_replace: bool = False
    wait_seconds: float = 0.0
    retries_delete: bool = False
    source: str = ""
    assumed: str = ""
    check: Callable[[Values], list[Failure]] | None = None
    create: Callable[[Call], Created] | None = None
    read: Callable[[Call], Values | None] | None = None
    update: Callable[[Call], Values] | None = None
    delete: Callable[[Call], None] | None = None

    @property
    def title(self) -> str:
        """Return the resource's name without product, e.g. "TaskQueue"."""
        return self.type.rsplit(":", 1)[1]

    @property
    def module(self) -> str:
        """Return the product in the type, e.g. "taskrouter"."""
        return self.type.split(":")[1]

    @property
    def id_form(self) -> str:
        """Return the form of the id, e.g. "WS…/WQ…"."""
        return "/".join(part.form for part in self.id_parts)

    @property
    def parents(self) -> tuple[str, ...]:
        """Return the names of the inputs that stand in the path."""
        return tuple(segment[1:-1] for segment in self.path if segment.startswith("{"))

    def property(self, name: str) -> Property | None:
        """Return the input of that name, None where there is none."""
        return next((each for each in self.properties if each.name == name), None)

    def parse_id(self, text: str) -> dict[str, str] | None:
        """Split an id into its named parts, e.g. {"workspaceSid": …, "sid": …}.

        Returns None where the text has another form.
        """
        pieces = text.split("/")
        if len(pieces) != len(self.id_parts):
            return None
        pairs = list(zip(self.id_parts, pieces, strict=True))
        if not all(re.fullmatch(part.pattern, piece) for part, piece in pairs):
            return None
        return {part.name: piece for part, piece in pairs if part.name}


@dataclass(frozen=True)
class Lookup:
    """A look-up (invoke).

    Attributes:
        name: the function's full name, "twilio:<product>:get<Resource>".
        inputs: its arguments.
        outputs: its result.
        call: receives the client and the arguments, returns the result.
        check: further checks over all arguments.
    """

    name: str
    doc: str
    inputs: tuple[Property, ...]
    outputs: tuple[Output, ...]
    call: Callable[[LookupCall], Values]
    check: Callable[[Values], list[Failure]] | None = None
    source: str = ""

    @property
    def title(self) -> str:
        """Return the name without the product, e.g. "getTaskQueue"."""
        return self.name.rsplit(":", 1)[1]

    @property
    def module(self) -> str:
        """Return the product in the name."""
        return self.name.split(":")[1]


def sid_output(title: str) -> Output:
    """Declare the output every resource has: its own SID."""
    return Output("sid", Kind.STRING, f"The {title}'s SID.")


def snake_case(name: str) -> str:
    """Write a camelCase name in snake_case ("maxReservedWorkers": "max_reserved_workers")."""
    return _CAMEL_HUMP.sub("_", name).lower()
