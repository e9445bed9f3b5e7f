"""WorkspaceSettings: the activities a workspace puts workers in by itself.

They are apart from the Workspace because an activity needs its workspace first. Deleting the
settings puts back what was there before, so that the activities can go afterwards.
"""

from __future__ import annotations

from pulumi_twilio.declarations import crud
from pulumi_twilio.declarations.call import Call, Created, Refused, Values
from pulumi_twilio.declarations.model import (
    Declaration,
    Failure,
    IdPart,
    Kind,
    Output,
    Property,
)
from pulumi_twilio.declarations.shared import WORKSPACE_SID
from pulumi_twilio.declarations.wire import create_form
from twilio_client import InvalidRequest, NotFound

_FORMER = {
    "defaultActivitySid": "formerDefaultActivitySid",
    "timeoutActivitySid": "formerTimeoutActivitySid",
}


def _create(call: Call) -> Created:
    before = _workspace(call)
    form = create_form(call.declaration, call.inputs)
    answer = call.client.post(
        crud.item_url(call), form, repeatable=True, what=f"set {call.label} of {before['sid']}"
    )
    values = crud.live_values(call, answer.body)
    return Created(crud.id_of_singleton(call), {**values, **_former(call, before)})


def _read(call: Call) -> Values | None:
    values = crud.read(call)
    return None if values is None else {**_kept(call), **values}


def _update(call: Call) -> Values:
    before = _workspace(call)
    values = crud.update(call)
    return {**_former(call, before), **_kept(call), **values}


def _delete(call: Call) -> None:
    """Put the former activities back where they are still ours to change."""
    try:
        now = _workspace(call)
    except NotFound:
        return
    back = {
        each.wire_name: call.state[_FORMER[each.name]]
        for each in call.declaration.properties
        if each.name in _FORMER
        and now.get(each.answer_name) == call.inputs.get(each.name)
        and call.state.get(_FORMER[each.name])
    }
    if back:
        _restore(call, back)


def _restore(call: Call, back: Values) -> None:
    what = f"put back the former activities of workspace {call.id}"
    try:
        call.client.post(crud.item_url(call), back, repeatable=True, what=what)
    except InvalidRequest as error:
        raise Refused(
            f"{error}. If they are gone, choose another default and timeout activity for the "
            "workspace by hand; what was set by hand is left alone, so run it again"
        ) from error


def _workspace(call: Call) -> Values:
    return call.client.get(crud.item_url(call), what=f"read the workspace of {call.label}").body


def _former(call: Call, before: Values) -> Values:
    """Note what each activity was before it was set here."""
    return {
        _FORMER[each.name]: before[each.answer_name]
        for each in call.declaration.properties
        if each.name in _FORMER and call.inputs.get(each.name) and before.get(each.answer_name)
    }


def _kept(call: Call) -> Values:
    return {name: call.state[name] for name in _FORMER.values() if call.state.get(name)}


def _check(inputs: Values) -> list[Failure]:
    if any(inputs.get(name) is not None for name in _FORMER):
        return []
    return [Failure("defaultActivitySid", "set it, or timeoutActivitySid, or both")]


WORKSPACE_SETTINGS = Declaration(
    type="twilio:taskrouter:WorkspaceSettings",
    doc=(
        "The activities a workspace puts workers in by itself: new ones, and those who let a "
        "reservation time out. Deleting it puts back the former ones, except where somebody has "
        "set another by hand meanwhile."
    ),
    product="taskrouter",
    path=("Workspaces", "{workspaceSid}"),
    id_parts=(IdPart("workspaceSid", "WS"),),
    properties=(
        WORKSPACE_SID,
        Property(
            "defaultActivitySid",
            Kind.STRING,
            "Activity of a new worker. Left out: as it is.",
            sid="WA",
            unset_keeps=True,
        ),
        Property(
            "timeoutActivitySid",
            Kind.STRING,
            "Activity of a worker who let a reservation time out. Left out: as it is.",
            sid="WA",
            unset_keeps=True,
        ),
    ),
    outputs=(
        Output(
            "formerDefaultActivitySid",
            Kind.STRING,
            "Default activity before; deleting puts it back. Not known after an import.",
            optional=True,
        ),
        Output(
            "formerTimeoutActivitySid",
            Kind.STRING,
            "Timeout activity before; deleting puts it back. Not known after an import.",
            optional=True,
        ),
    ),
    source=(
        "TaskRouter API, Workspace resource: both are set by update only and cannot be cleared "
        "(OpenAPI taskrouter_v1)"
    ),
    example={"workspaceSid": "${workspace}", "defaultActivitySid": "${activity}"},
    check=_check,
    create=_create,
    read=_read,
    update=_update,
    delete=_delete,
)
