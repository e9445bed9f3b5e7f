"""What a verb receives and gives back, and the errors it may end with."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from pulumi_twilio.declarations.model import Declaration
from twilio_client import TwilioClient

logger = logging.getLogger(__name__)

Values = dict[str, Any]
"""Values by the schema's names; plain Python, secrets in clear, JSON as dict and list."""

DEFAULT_DELETE_SECONDS = 60.0


class Refused(Exception):
    """The operation cannot be done; the text tells the user why and what to do."""


class PartlyCreated(Exception):
    """The resource exists but could not be finished; its id must not be lost.

    Raise it from a `create` once Twilio has made the resource: state then keeps the id and
    the values, and the next update takes the resource up again.
    """

    def __init__(self, created: Created, reason: str) -> None:
        """Keep what exists and the reason it is unfinished."""
        super().__init__(reason)
        self.created = created


@dataclass(frozen=True)
class Created:
    """A new resource: the id as `pulumi import` takes it, and its values."""

    id: str
    values: Values


@dataclass(frozen=True)
class Patience:
    """How long an operation may wait for Twilio, and how it waits.

    Units: seconds. `wait` returns True when the engine has cancelled the operation.
    """

    seconds: float = DEFAULT_DELETE_SECONDS
    wait: Callable[[float], bool] = field(default_factory=lambda: threading.Event().wait)
    clock: Callable[[], float] = time.monotonic


@dataclass(frozen=True)
class Call:
    """One operation on one resource.

    Attributes:
        client: the door to Twilio.
        declaration: the resource's declaration.
        name: the resource's logical name in the program.
        component: URN of the component it is in but for the component's name, which a
            resource's own URN does not tell; empty where it is in none.
        id: its id, empty for a create.
        inputs: what the program asks for (of a read or delete: what state has).
        old_inputs: what it asked for last time (update only).
        state: the outputs in state.
        replaced: ids of the resources the engine is about to replace.
        patience: how long to wait where waiting is needed.
        warn: shows a warning beside the resource.
    """

    client: TwilioClient
    declaration: Declaration
    name: str
    component: str = ""
    id: str = ""
    inputs: Values = field(default_factory=dict)
    old_inputs: Values = field(default_factory=dict)
    state: Values = field(default_factory=dict)
    replaced: Collection[str] = ()
    patience: Patience = field(default_factory=Patience)
    warn: Callable[[str], None] = logger.warning

    @property
    def imported(self) -> bool:
        """Tell whether a read knows nothing but the id."""
        return not self.inputs and not self.state

    def value(self, name: str) -> str:
        """Return a part of the address: from the id, the inputs or state, in this order.

        Raises: Refused where nothing has it.
        """
        parts = self.declaration.parse_id(self.id) or {} if self.id else {}
        for source in (parts, self.inputs, self.state):
            if source.get(name):
                return str(source[name])
        raise Refused(f"{self.declaration.title} {self.name!r}: {name} is not known")

    @property
    def label(self) -> str:
        """Name the resource for messages: its type, its name at Twilio and its id."""
        named = self.inputs.get("friendlyName") or self.inputs.get("uniqueName") or self.name
        place = f" ({self.id})" if self.id else ""
        return f"{self.declaration.title} {str(named)!r}{place}"


@dataclass(frozen=True)
class LookupCall:
    """One look-up: the door to Twilio and the arguments."""

    client: TwilioClient
    inputs: Values
