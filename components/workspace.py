"""The TaskRouter workspace, adopted or owned.

Owns: `twilio:taskrouter:Workspace` when the definition gives it a friendlyName.
Does not own: an adopted workspace (Flex's, or one named by SID or name), which is only looked
up, nor anything inside the workspace.

Type: `contactcentre:index:Workspace`. Children: at most one `twilio:taskrouter:Workspace`.
"""

from dataclasses import dataclass

import pulumi

from components import look_ups
from components.definition.model import Existing, OwnedWorkspace
from pulumi_twilio.resources import taskrouter


@dataclass(frozen=True)
class WorkspaceArgs:
    """Which workspace: one to refer to, or one to own."""

    source: Existing | OwnedWorkspace


class Workspace(pulumi.ComponentResource):
    """The workspace everything else is in."""

    sid: pulumi.Output[str]
    """The workspace's SID."""

    def __init__(
        self, name: str, args: WorkspaceArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare the workspace, or look it up."""
        super().__init__("contactcentre:index:Workspace", name, {}, opts)
        if isinstance(args.source, Existing):
            self.sid = look_ups.workspace_sid(args.source, self)
        else:
            self.sid = self._owned(name, args.source).sid
        self.register_outputs({"sid": self.sid})

    def _owned(self, name: str, owned: OwnedWorkspace) -> taskrouter.Workspace:
        return taskrouter.Workspace(
            name,
            friendly_name=owned.friendly_name,
            prioritize_queue_order=owned.prioritize_queue_order,
            template=owned.template,
            opts=pulumi.ResourceOptions(parent=self),
        )
