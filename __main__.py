"""Deploy the contact centre that the stack's definition describes."""

from pathlib import Path

import pulumi

from components.batch_functions import BatchFunctions, BatchFunctionsArgs
from components.definition import DefinitionError, load
from components.event_callback import EventCallback, EventCallbackArgs
from components.release import Release, ReleaseArgs
from components.release_triggers import release_triggers
from components.routing import Routing, RoutingArgs
from components.sync import Sync, SyncArgs
from components.workspace import Workspace, WorkspaceArgs

named = pulumi.Config().get("definition")
try:
    definition = load(Path(named or f"stacks/{pulumi.get_stack()}.yaml"))
except DefinitionError as error:
    raise pulumi.RunError(str(error)) from None

workspace = Workspace("workspace", WorkspaceArgs(definition.workspace.source))
routing = Routing("routing", RoutingArgs.of(definition, workspace.sid))
sync = Sync("sync", SyncArgs(definition.sync))
functions = BatchFunctions(
    "functions", BatchFunctionsArgs(workspace.sid, sync.sid, definition.functions)
)
callback = EventCallback(
    "event-callback",
    EventCallbackArgs.of(definition.event_callback, workspace.sid, functions.event_handler_url),
    pulumi.ResourceOptions(depends_on=[functions]),
)
release = Release(
    "release",
    ReleaseArgs(
        workspace_sid=workspace.sid,
        sync_service_sid=sync.sid,
        functions_url=functions.url,
        callback_url=callback.url,
        events=sorted(definition.event_callback.events),
        triggers=release_triggers(definition, routing.task_queue_sids, functions.build_sid),
        on_failure=definition.post_deploy.on_failure,
    ),
    pulumi.ResourceOptions(depends_on=[workspace, routing, sync, functions, callback]),
)

pulumi.export("workspaceSid", workspace.sid)
pulumi.export("taskQueueSids", routing.task_queue_sids)
pulumi.export("workflowSids", routing.workflow_sids)
pulumi.export("functionsUrl", functions.url)
pulumi.export("syncServiceSid", sync.sid)
pulumi.export("callbackUrl", callback.url)
pulumi.export("release", {"status": release.status, "verifiedAt": release.verified_at})
pulumi.export("lastSync", release.last_sync)
pulumi.export("batchDocumentSid", release.batch_document_sid)
