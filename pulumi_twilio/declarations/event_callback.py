"""EventCallback: where a workspace sends its events, and which.

Two fields of the workspace as a resource of their own, because the address is known only after
the functions are deployed, and those need the workspace.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from pulumi_twilio.declarations import crud
from pulumi_twilio.declarations.call import Call, Created, Refused, Values
from pulumi_twilio.declarations.event_types import event_problem, events_filter, events_of
from pulumi_twilio.declarations.model import (
    Declaration,
    Failure,
    IdPart,
    Kind,
    Output,
    Property,
    Sent,
)
from pulumi_twilio.declarations.shared import WORKSPACE_SID
from twilio_client import NotFound


def _check(inputs: Values) -> list[Failure]:
    failures = []
    url = inputs.get("url")
    if isinstance(url, str) and urlsplit(url).scheme != "https":
        failures.append(Failure("url", f"{url!r} must be an https address"))
    events = inputs.get("events")
    if events == []:
        failures.append(Failure("events", "must name at least one event: none would mean all"))
    for index, name in enumerate(events if isinstance(events, list) else []):
        problem = event_problem(name) if isinstance(name, str) else None
        if problem:
            failures.append(Failure(f"events[{index}]", problem))
    return failures


def _create(call: Call) -> Created:
    workspace_sid = call.value("workspaceSid")
    found = _settings(call)
    if found is None:
        raise Refused(f"create {call.label}: there is no workspace {workspace_sid}")
    _refuse_take_over(call, found)
    former = _former(call, found)
    _write(call, call.inputs["url"], call.inputs["events"])
    return Created(workspace_sid, {**_ours(call), **former})


def _refuse_take_over(call: Call, found: Values) -> None:
    url = found["url"]
    if url and url != call.inputs["url"] and not call.inputs.get("takeOver"):
        workspace_sid = call.value("workspaceSid")
        raise Refused(
            f"create {call.label}: workspace {workspace_sid} sends its events to {url} already. "
            "Set `takeOver: true` to send them here instead (deleting this resource gives them "
            "back), or adopt the present setting with\n\n"
            f"    {crud.import_line(call, workspace_sid)}\n"
        )


def _refuse_unseen(call: Call, found: Values) -> None:
    """Refuse to overwrite an address that no refresh has shown."""
    url = found["url"]
    known = (None, call.state.get("url"), call.inputs["url"])
    if url not in known and not call.inputs.get("takeOver"):
        raise Refused(
            f"update {call.label}: workspace {call.value('workspaceSid')} sends its events to "
            f"{url} by now. Run `pulumi refresh` to see the change and `pulumi up` to undo it, or "
            "allow it with `takeOver: true`"
        )


def _former(call: Call, found: Values) -> Values:
    """Return what a delete shall restore; the very settings we ask for are not a former state."""
    if found["url"] == call.inputs["url"]:
        return {}
    return {"formerUrl": found["url"], "formerEvents": found["events"] or None}


def _ours(call: Call) -> Values:
    values = {name: call.inputs[name] for name in ("workspaceSid", "url", "events")}
    return {**values, "ownUrl": call.inputs["url"]}


def _read(call: Call) -> Values | None:
    found = _settings(call)
    if found is None or (call.imported and not found["url"]):
        return None
    former = {name: call.state.get(name) for name in ("formerUrl", "formerEvents")}
    # A refresh brings another's address into `url`; that does not make it ours.
    own = found["url"] if call.imported else call.state.get("ownUrl") or call.inputs.get("url")
    return {"workspaceSid": call.value("workspaceSid"), **found, **former, "ownUrl": own}


def _update(call: Call) -> Values:
    found = _settings(call)
    if found is not None:
        _refuse_unseen(call, found)
    _write(call, call.inputs["url"], call.inputs["events"])
    return {**call.state, **_ours(call)}


def _delete(call: Call) -> None:
    """Give the callback back, unless somebody else has taken it since."""
    found = _settings(call)
    if found is None:
        return
    if found["url"] != (call.state.get("ownUrl") or call.state.get("url")):
        now = f"sends its events to {found['url']}" if found["url"] else "sends its events nowhere"
        call.warn(f"{call.label}: the workspace {now} by now; it is left as it is")
        return
    _write(call, call.state.get("formerUrl"), call.state.get("formerEvents") or [])


def _settings(call: Call) -> Values | None:
    """Read the workspace's settings; None where the workspace is gone."""
    what = f"read {call.label}"
    try:
        workspace = call.client.get(_workspace_url(call), what=what).body
    except NotFound:
        return None
    return {
        "url": workspace.get("event_callback_url") or None,
        "events": events_of(workspace.get("events_filter")),
    }


def _write(call: Call, url: str | None, events: list[str]) -> None:
    # An empty text clears a field.
    form: dict[str, Any] = {"EventCallbackUrl": url or "", "EventsFilter": events_filter(events)}
    call.client.post(_workspace_url(call), form, repeatable=True, what=f"set {call.label}")


def _workspace_url(call: Call) -> str:
    return f"{crud.collection_url(call)}/{call.value('workspaceSid')}"


EVENT_CALLBACK = Declaration(
    type="twilio:taskrouter:EventCallback",
    doc=(
        "Where a workspace sends its events, and which. It refuses to take over another "
        "address unless told so, and gives the former address and events back when it is "
        "deleted, if they are still its own by then."
    ),
    product="taskrouter",
    path=("Workspaces",),
    id_parts=(IdPart("workspaceSid", "WS"),),
    properties=(
        WORKSPACE_SID,
        Property(
            "url",
            Kind.STRING,
            "The https address that gets every event as a form.",
            required=True,
            url=True,
            sent=Sent.NEVER,
        ),
        Property(
            "events",
            Kind.STRING_SET,
            "Names of the events to send, such as `task-queue.created`; order means nothing.",
            required=True,
            sent=Sent.NEVER,
        ),
        Property(
            "takeOver",
            Kind.BOOLEAN,
            "Whether to take over a workspace that sends its events elsewhere already.",
            option=True,
            sent=Sent.NEVER,
        ),
    ),
    outputs=(
        Output(
            "ownUrl",
            Kind.STRING,
            "The address this resource set; a delete gives the callback back only while the "
            "workspace still sends there.",
            changes_with=("url",),
            optional=True,
        ),
        Output(
            "formerUrl",
            Kind.STRING,
            "The address events went to before; restored on delete.",
            optional=True,
        ),
        Output(
            "formerEvents",
            Kind.STRING_SET,
            "The events that were sent before; restored on delete.",
            optional=True,
        ),
    ),
    source=(
        "TaskRouter API, Workspace resource (OpenAPI taskrouter_v1: EventCallbackUrl, "
        "EventsFilter) and event reference"
    ),
    assumed="An empty text clears either field.",
    example={
        "workspaceSid": "${workspace}",
        "url": "https://example.com/events",
        "events": ["task-queue.created", "worker.created"],
    },
    check=_check,
    create=_create,
    read=_read,
    update=_update,
    delete=_delete,
)
