"""The workspace's event callback.

Owns: the workspace's callback address and its list of events, for as long as the stack is
there; what was there before is restored afterwards.

Type: `contactcentre:index:EventCallback`. Children: one `twilio:taskrouter:EventCallback`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from components.definition import model
from pulumi_twilio.resources import taskrouter


@dataclass(frozen=True)
class EventCallbackArgs:
    """Where a workspace reports which events.

    `take_over` allows another address to be replaced. `handlers` are what answers at `url`: no
    event arrives before it can be handled, nor after.
    """

    workspace_sid: pulumi.Input[str]
    url: pulumi.Input[str]
    events: Sequence[str]
    take_over: bool = False
    handlers: Sequence[pulumi.Resource] = ()

    @classmethod
    def of(
        cls,
        definition: model.EventCallback,
        workspace_sid: pulumi.Input[str],
        event_handler_url: pulumi.Input[str],
        deployment: pulumi.Resource,
    ) -> "EventCallbackArgs":
        """Take what a definition says, with the deployed handler where it names no address."""
        url = definition.url or event_handler_url
        return cls(workspace_sid, url, definition.events, definition.take_over, (deployment,))


class EventCallback(pulumi.ComponentResource):
    """Sends the workspace's events to the deployed handler."""

    url: pulumi.Output[str]
    """Where events go."""
    events: pulumi.Output[Sequence[str]]
    """The names of the events that go there."""

    def __init__(
        self, name: str, args: EventCallbackArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare the callback."""
        super().__init__("contactcentre:index:EventCallback", name, {}, opts)
        callback = taskrouter.EventCallback(
            name,
            workspace_sid=args.workspace_sid,
            url=args.url,
            events=sorted(args.events),
            take_over=args.take_over or None,
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(args.handlers)),
        )
        self.url, self.events = callback.url, callback.events
        self.register_outputs({"url": self.url})
