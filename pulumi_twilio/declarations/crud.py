"""The plain REST verbs, for every declaration that does not bring its own.

A declaration with special needs calls these from its own verbs and adds what differs.
Only 404 means gone, and a delete takes it as done.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_twilio.declarations.call import Call, Created, Refused, Values
from pulumi_twilio.declarations.model import Declaration
from pulumi_twilio.declarations.wire import create_form, update_form, values_from
from twilio_client import InvalidRequest, NotFound, ServerFault, Unreachable, urls

_PRODUCTS = {
    "taskrouter": urls.taskrouter,
    "sync": urls.sync,
    "serverless": urls.serverless,
    "flex": urls.flex,
}
FIRST_DELETE_PAUSE_SECONDS = 0.5
LONGEST_DELETE_PAUSE_SECONDS = 5.0
REPLACED_NAME_LENGTH = 46  # of 64, with room for " (replaced 012345)"


def create(call: Call) -> Created:
    """Create the resource, unless one of its name exists.

    When the answer to the request is lost, the name is looked up again: what stands there now
    did not a moment ago, so it is the resource just made, and its SID is kept.

    Raises: Refused with the import line for a namesake; TwilioError.
    """
    refuse_namesake(call)
    what = f"create {call.label}"
    form = create_form(call.declaration, call.inputs)
    try:
        answer: Mapping[str, Any] = call.client.post(collection_url(call), form, what=what).body
    except (Unreachable, ServerFault):
        found = find_namesake(call)
        if found is None:
            raise
        answer = found
    return Created(id_of(call, str(answer["sid"])), live_values(call, answer))


def read(call: Call) -> Values | None:
    """Read the resource; None when it is gone."""
    try:
        answer = call.client.get(item_url(call), what=f"read {call.label}")
    except NotFound:
        return None
    return live_values(call, answer.body)


def update(call: Call) -> Values:
    """Send what changed; with nothing to send, read.

    Raises: Refused when it is gone; TwilioError; safe to repeat, since it only sets values.
    """
    form = update_form(call.declaration, call.old_inputs, call.inputs)
    what = f"update {call.label}"
    try:
        if form:
            answer = call.client.post(item_url(call), form, repeatable=True, what=what)
        else:
            answer = call.client.get(item_url(call), what=what)
    except NotFound as error:
        raise gone(error) from error
    return live_values(call, answer.body)


def gone(error: NotFound) -> Refused:
    """Tell what to do when a resource to update is not there."""
    return Refused(f"{error}. Run `pulumi up --refresh`, which makes it again")


def delete(call: Call) -> None:
    """Delete the resource; one that is gone already is done.

    Where the declaration says so, a refusal (400: tasks or workers still use it) is repeated
    until the patience ends.

    Raises: InvalidRequest with Twilio's reason after that time; TwilioError.
    """
    url, what = item_url(call), f"delete {call.label}"
    started = call.patience.clock()
    pause = FIRST_DELETE_PAUSE_SECONDS
    while True:
        try:
            call.client.delete(url, what=what)
        except NotFound:
            return
        except InvalidRequest as refusal:
            left = call.patience.seconds - (call.patience.clock() - started)
            if not call.declaration.retries_delete:
                raise
            if left <= 0 or call.patience.wait(min(pause, left)):
                raise _still_in_use(call, refusal) from refusal
            pause = min(pause * 2, LONGEST_DELETE_PAUSE_SECONDS)
        else:
            return


def _still_in_use(call: Call, refusal: InvalidRequest) -> InvalidRequest:
    return InvalidRequest(
        refusal.what,
        status=refusal.status,
        code=refusal.code,
        twilio_message=refusal.twilio_message,
        advice=(
            f"it was tried for {call.patience.seconds:g} s and is still in use: let the work in "
            "flight end, or take it out of what names it, and run it again (customTimeouts.delete "
            "or twilio:deleteRetrySeconds, for destroy TWILIO_DELETE_RETRY_SECONDS,"
            " sets another time)"
        ),
    )


def collection_url(call: Call) -> str:
    """Return the address of the collection the resource belongs to."""
    segments = [
        call.value(segment[1:-1]) if segment.startswith("{") else segment
        for segment in call.declaration.path
    ]
    return _PRODUCTS[call.declaration.product](*segments)


def item_url(call: Call) -> str:
    """Return the resource's own address.

    Settings of a parent have no collection: their path ends with the parent itself.
    """
    own = call.declaration.id_parts[-1].name
    if own in call.declaration.parents:
        return collection_url(call)
    return f"{collection_url(call)}/{call.value(own)}"


def id_of(call: Call, sid: str) -> str:
    """Return the id of a resource from its SID and its place, as import takes it."""
    parents = [part.literal or call.value(part.name) for part in call.declaration.id_parts[:-1]]
    return "/".join([*parents, sid])


def id_of_singleton(call: Call) -> str:
    """Return the id of a resource whose parts are all known before it is made."""
    parts = call.declaration.id_parts
    return "/".join(part.literal or call.value(part.name) for part in parts)


def live_values(call: Call, answer: Mapping[str, Any]) -> Values:
    """Return the values in an answer, with the resource's place."""
    place = {name: call.value(name) for name in call.declaration.parents}
    return {**place, **values_from(call.declaration, answer)}


def refuse_namesake(call: Call) -> None:
    """Make sure that nothing carries the new resource's name.

    Raises: Refused, with the exact import line for what does.
    """
    found = find_namesake(call)
    if found is None:
        return
    existing_id = id_of(call, str(found["sid"]))
    if existing_id not in call.replaced:
        raise Refused(import_advice(call, existing_id))
    _move_aside(call, str(found["sid"]))


def _move_aside(call: Call, sid: str) -> None:
    """Free the name that a resource about to be replaced still has."""
    name = f"{call.inputs['friendlyName'][:REPLACED_NAME_LENGTH]} (replaced {sid[-6:]})"
    what = f"rename {sid} to {name!r}, which {call.label} replaces"
    url = f"{collection_url(call)}/{sid}"
    call.client.post(url, {"FriendlyName": name}, repeatable=True, what=what)


def import_advice(call: Call, existing_id: str) -> str:
    """Tell how to adopt what exists instead of making a second one."""
    return (
        f"create {call.label}: one of this name exists already ({existing_id}). If nothing "
        f"manages it, adopt it with\n\n    {import_line(call, existing_id)}\n\n"
        "or give the new one another name. If it is this stack's own under a former logical "
        "name, never import it (removing the former name would delete it): rename it in state "
        "with `pulumi state rename`, or set `aliases`."
    )


def import_line(call: Call, existing_id: str) -> str:
    """Return the command that adopts what exists under the name and place of the new one."""
    line = f"pulumi import {call.declaration.type} {call.name} {existing_id} --protect=false"
    if call.component:
        # Quoted, because a shell takes < and > for redirections.
        line += f" --parent 'parent={call.component}::<its name>'"
    return f"{line} --generate-code=false"


def find_namesake(call: Call) -> Mapping[str, Any] | None:
    """Find the resource that carries the new one's name, None where there is none."""
    namesake = call.declaration.namesake
    if namesake is None:
        return None
    name = str(call.inputs[namesake.property])
    matches = find_by_name(call, call.declaration, name)
    return matches[0] if matches else None


def find_by_name(call: Call, declaration: Declaration, name: str) -> list[Mapping[str, Any]]:
    """List the resources of exactly this name (Twilio's filters may match more)."""
    namesake = declaration.namesake
    if namesake is None:
        return []
    each = declaration.property(namesake.property)
    key = each.answer_name if each else "friendly_name"
    filters = {namesake.filter: name} if namesake.filter else None
    page_size = 100 if declaration.product in ("sync", "serverless") else 1000
    what = f"look for a {declaration.title} named {name!r}"
    records = call.client.list(collection_url(call), filters, page_size=page_size, what=what)
    wanted = name.lower() if namesake.ignore_case else name
    return [
        record
        for record in records
        if (str(record[key]).lower() if namesake.ignore_case else record[key]) == wanted
    ]
