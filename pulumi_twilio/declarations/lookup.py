"""Look-ups: the `get…` function that every resource with a name has."""

from __future__ import annotations

from dataclasses import replace

from pulumi_twilio.declarations import crud
from pulumi_twilio.declarations.call import Call, LookupCall, Refused, Values
from pulumi_twilio.declarations.model import (
    Declaration,
    Failure,
    Kind,
    Lookup,
    Output,
    Property,
)


def lookup_for(declaration: Declaration) -> Lookup:
    """Declare the look-up of a resource by its SID or by its name.

    Its result has `id` (as import takes it) and everything Twilio gives back.
    """
    namesake = declaration.namesake
    if namesake is None:
        raise ValueError(f"{declaration.type} has no name to look it up by")
    by = namesake.property

    def call(request: LookupCall) -> Values:
        return _look_up(declaration, by, request)

    def check(inputs: Values) -> list[Failure]:
        if (inputs.get("sid") is None) == (inputs.get(by) is None):
            return [Failure("sid", f"give either sid or {by}")]
        return []

    return Lookup(
        name=f"twilio:{declaration.module}:get{declaration.title}",
        doc=f"Look up {_with_article(declaration.title)} by its SID or by its {by}.",
        inputs=_inputs(declaration, by),
        outputs=_outputs(declaration),
        call=call,
        check=check,
        source=declaration.source,
    )


def _with_article(title: str) -> str:
    return f"an {title}" if title[0] in "AEIO" else f"a {title}"


def _inputs(declaration: Declaration, by: str) -> tuple[Property, ...]:
    parents = [each for each in declaration.properties if each.name in declaration.parents]
    name = f"The {declaration.title}'s {by}, exactly."
    return (
        *(replace(each, replaces=False) for each in parents),
        Property(
            "sid",
            Kind.STRING,
            f"The {declaration.title}'s SID.",
            sid=declaration.id_parts[-1].prefix,
        ),
        Property(by, Kind.STRING, name),
    )


def _outputs(declaration: Declaration) -> tuple[Output, ...]:
    readable = [
        Output(each.name, each.kind, each.doc, secret=each.secret, optional=not each.required)
        for each in declaration.properties
        if not each.write_only and not each.option
    ]
    own_id = Output("id", Kind.STRING, f"The id as `pulumi import` takes it: {declaration.id_form}")
    return (own_id, *readable, *declaration.outputs)


def _look_up(declaration: Declaration, by: str, request: LookupCall) -> Values:
    sid, name = request.inputs.get("sid"), request.inputs.get(by)
    call = Call(request.client, declaration, str(sid or name), inputs=request.inputs)
    if sid is None:
        sid = _sid_of(call, declaration, str(name))
    found_id = crud.id_of(call, str(sid))
    read = declaration.read or crud.read
    values = read(replace(call, id=found_id, inputs={}))
    if values is None:
        raise Refused(f"look up {declaration.title} {found_id}: there is none")
    return {"id": found_id, **values}


def _sid_of(call: Call, declaration: Declaration, name: str) -> str:
    matches = crud.find_by_name(call, declaration, name)
    if not matches:
        raise Refused(f"look up {declaration.title} {name!r}: there is none of this name")
    if len(matches) > 1:
        sids = ", ".join(str(match["sid"]) for match in matches)
        raise Refused(f"look up {declaration.title} {name!r}: there are several ({sids}); use sid")
    return str(matches[0]["sid"])
