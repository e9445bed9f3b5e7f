"""Deploy the contact centre that the stack's definition describes."""

from pathlib import Path

import pulumi

from components.batch_functions import BatchFunctions, BatchFunctionsArgs
from components.definition import DefinitionError, load
from components.event_callback import EventCallback, EventCallbackArgs
from components.release import Release, ReleaseArgs
from components.release_triggers import release_triggers
from components.routing import OwnFunctions, Routing, RoutingArgs
from components.sync import Sync, SyncArgs
from components.workspace import Workspace, WorkspaceArgs

named = pulumi.Config().get("definition")
try:
    definition = load(Path(named or f"stacks/{pulumi.get_stack()}.yaml"))
except DefinitionError as error:
    raise pulumi.RunError(str(error)) from None

workspace = Workspace("workspace", WorkspaceArgs(definition.workspace.source))
sync = Sync("sync", SyncArgs(definition.sync))
functions = BatchFunctions(
    "functions", BatchFunctionsArgs(workspace.sid, sync.sid, definition.functions)
)
own_functions = OwnFunctions(functions.url, functions.deployment)
routing = Routing("routing", RoutingArgs.of(definition, workspace.sid, own_functions))
callback = EventCallback(
    "event-callback",
    EventCallbackArgs.of(
        definition.event_callback, workspace.sid, functions.event_handler_url, functions.deployment
    ),
)
release = Release(
    "release",
    ReleaseArgs(
        workspace_sid=workspace.sid,
        sync_service_sid=sync.sid,
        functions_url=functions.url,
        callback_url=callback.url,
        events=callback.events,
        triggers=release_triggers(definition, routing.task_queue_sids, functions.deployment_sid),
        post_deploy=definition.post_deploy,
    ),
    pulumi.ResourceOptions(depends_on=[workspace, routing, sync, functions, callback]),
)

pulumi.export("workspace_sid", workspace.sid)
pulumi.export("task_queue_sids", routing.task_queue_sids)
pulumi.export("workflow_sids", routing.workflow_sids)
pulumi.export("sync_service_sid", sync.sid)
pulumi.export("functions_url", functions.url)
pulumi.export("callback_url", callback.url)
pulumi.export("callback_events", callback.events)
pulumi.export("release", {"status": release.status, "verified_at": release.verified_at})
pulumi.export("last_sync", release.last_sync)
pulumi.export("batch_document_sid", release.batch_document_sid)
