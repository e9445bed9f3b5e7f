"""The Flex configuration: which workspace, workflow and queue Flex works with."""

from __future__ import annotations

from pulumi_twilio.declarations.call import LookupCall, Refused, Values
from pulumi_twilio.declarations.model import Kind, Lookup, Output
from pulumi_twilio.declarations.wire import pick
from twilio_client import NotFound, urls


def _optional(name: str, doc: str) -> Output:
    return Output(name, Kind.STRING, doc, optional=True)


_OUTPUTS = (
    Output("accountSid", Kind.STRING, "The account."),
    Output("taskrouterWorkspaceSid", Kind.STRING, "The one workspace Flex uses."),
    _optional("status", "State of the Flex instance, e.g. ok."),
    _optional("taskrouterTargetWorkflowSid", "Workflow new tasks go to."),
    _optional("taskrouterTargetTaskqueueSid", "Queue new tasks go to."),
    _optional("taskrouterOfflineActivitySid", "Activity of workers who are offline."),
    _optional("flexServiceInstanceSid", "The Flex instance."),
)


def _call(request: LookupCall) -> Values:
    try:
        answer = request.client.get(urls.flex("Configuration"), what="read the Flex configuration")
    except NotFound as error:
        raise Refused(f"{error}. Does this account have Flex?") from error
    values = pick(_OUTPUTS, answer.body)
    if "taskrouterWorkspaceSid" not in values:
        raise Refused("read the Flex configuration: it names no workspace; finish Flex's setup")
    return values


FLEX_CONFIGURATION = Lookup(
    name="twilio:flex:getConfiguration",
    doc="Look up the account's Flex configuration, above all its one workspace.",
    inputs=(),
    outputs=_OUTPUTS,
    call=_call,
    source="Flex API, Configuration resource (OpenAPI flex_v1)",
)
