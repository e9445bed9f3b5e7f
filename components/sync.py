"""The Sync service in which batches keep their progress, adopted or owned.

Owns: `twilio:sync:Service` when the definition gives it a friendlyName.
Does not own: an adopted service, nor the documents in either.

Type: `contactcentre:index:Sync`. Children: at most one `twilio:sync:Service`.
"""

from dataclasses import dataclass

import pulumi

from components import look_ups
from components.definition.model import Existing, SyncService
from pulumi_twilio.resources import sync


@dataclass(frozen=True)
class SyncArgs:
    """Which Sync service: one to refer to, or one to own."""

    source: Existing | SyncService


class Sync(pulumi.ComponentResource):
    """Where batches and the release keep their records."""

    sid: pulumi.Output[str]
    """The Sync service's SID."""

    def __init__(
        self, name: str, args: SyncArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare the Sync service, or look it up."""
        super().__init__("contactcentre:index:Sync", name, {}, opts)
        if isinstance(args.source, Existing):
            self.sid = look_ups.sync_service_sid(args.source, self)
        else:
            self.sid = sync.Service(
                name,
                friendly_name=args.source.friendly_name,
                acl_enabled=args.source.acl_enabled,
                opts=pulumi.ResourceOptions(parent=self),
            ).sid
        self.register_outputs({"sid": self.sid})
