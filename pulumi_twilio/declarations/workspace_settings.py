"""WorkspaceSettings: the activities a workspace puts workers in by itself.

They are apart from the Workspace because an activity needs its workspace first. Deleting the
settings puts back what was there before, so that the activities can go afterwards.
"""

from __future__ import annotations

from pulumi_twilio.declarations import crud
from pulumi_twilio.declarations.call import Call, Created, Refused, Values
from pulumi_twilio.declarations.compare import removed_and_restorable
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
    if values is None:
        return None
    # What somebody else set meanwhile is not ours to put back from.
    ours = {
        former: call.state.get(former)
        for name, former in _FORMER.items()
        if values.get(name) == call.inputs.get(name)
    }
    return {**ours, **values}


def _update(call: Call) -> Values:
    before = _workspace(call)
    removed = removed_and_restorable(call.declaration, call.old_inputs, call.state, call.inputs)
    back = _to_put_back(call, before, call.old_inputs, removed)
    if back:
        _restore(call, back)
    values = crud.update(call)
    return {**_former(call, before), **_kept(call, removed), **values}


def _delete(call: Call) -> None:
    """Put the former activities back where they are still ours to change."""
    try:
        now = _workspace(call)
    except NotFound:
        return
    back = _to_put_back(call, now, call.inputs, list(_FORMER))
    if back:
        _restore(call, back)
    stays = [each.name for each in _ours(call, now, call.inputs) if not _known(call, each.name)]
    if stays:
        call.warn(
            f"{call.label}: what {' and '.join(stays)} was before is not known, so it stays as it "
            "is; choose another activity by hand before this one can be deleted"
        )


def _ours(call: Call, now: Values, inputs: Values) -> list[Property]:
    """List the settings that are still as these inputs made them."""
    return [
        each
        for each in call.declaration.properties
        if each.name in _FORMER
        and inputs.get(each.name)
        and now.get(each.answer_name) == inputs[each.name]
    ]


def _known(call: Call, name: str) -> bool:
    return call.state.get(_FORMER[name]) is not None


def _to_put_back(call: Call, now: Values, ours: Values, names: list[str]) -> Values:
    """Make the form that puts former activities back where the present ones are still ours."""
    return {
        each.wire_name: call.state[_FORMER[each.name]]
        for each in _ours(call, now, ours)
        if each.name in names and _known(call, each.name)
    }


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
        if each.name in _FORMER
        and call.inputs.get(each.name)
        and before.get(each.answer_name) not in (None, call.inputs[each.name])
    }


def _kept(call: Call, removed: list[str]) -> Values:
    return {
        former: call.state[former]
        for name, former in _FORMER.items()
        if call.state.get(former) and name not in removed
    }


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
            "Activity of a new worker. Left out: as it is; taken out: as it was before.",
            sid="WA",
            unset_keeps=True,
            restored_from="formerDefaultActivitySid",
        ),
        Property(
            "timeoutActivitySid",
            Kind.STRING,
            "Activity of a worker who let a reservation time out. Left out: as it is; taken out: "
            "as it was before.",
            sid="WA",
            unset_keeps=True,
            restored_from="formerTimeoutActivitySid",
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
