"""The one place where schema names and values become Twilio's, and back.

Programs use camelCase, requests PascalCase, answers snake_case.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pulumi_twilio.declarations.call import Values
from pulumi_twilio.declarations.compare import differs
from pulumi_twilio.declarations.model import Declaration, Kind, Output, Property, Sent


def create_form(declaration: Declaration, inputs: Values) -> Values:
    """Make the form of a create: every input that is sent and set."""
    sent = (Sent.ALWAYS, Sent.ON_CREATE)
    return {
        each.wire_name: to_wire(each, inputs[each.name])
        for each in declaration.properties
        if each.sent in sent and inputs.get(each.name) is not None
    }


def update_form(declaration: Declaration, old_inputs: Values, inputs: Values) -> Values:
    """Make the form of an update: what changed, and the clearing value of what was removed.

    Options (such as ReEvaluateTasks) go along when set; they are no change on their own.
    """
    form: Values = {}
    for each in declaration.properties:
        if each.sent not in (Sent.ALWAYS, Sent.ON_UPDATE):
            continue
        value = inputs.get(each.name)
        if each.option:
            if value is not None:
                form[each.wire_name] = to_wire(each, value)
        elif differs(each, old_inputs.get(each.name), value):
            form[each.wire_name] = cleared(each) if value is None else to_wire(each, value)
    return form


def cleared(each: Property) -> Any:
    """Return what to send for a property that was removed: Twilio's default, or nothing."""
    return "" if each.default is None else to_wire(each, each.default)


def to_wire(each: Property, value: Any) -> Any:
    """Convert one value for a request's form."""
    if each.to_wire is not None:
        return each.to_wire(value)
    if each.kind is Kind.STRING_SET:
        return ",".join(sorted(value))
    return value


def values_from(declaration: Declaration, answer: Mapping[str, Any]) -> Values:
    """Read all inputs and outputs a Twilio answer has; what is empty is left out."""
    readable = [each for each in declaration.properties if not each.write_only and not each.option]
    return pick((*readable, *declaration.outputs), answer)


def pick(wanted: tuple[Property | Output, ...], answer: Mapping[str, Any]) -> Values:
    """Read the wanted values from an answer; what is absent or empty is left out."""
    read = {each.name: from_answer(each, answer.get(each.answer_name)) for each in wanted}
    return {name: value for name, value in read.items() if value not in (None, "")}


def from_answer(each: Property | Output, value: Any) -> Any:
    """Convert one value of an answer."""
    if each.from_answer is not None:
        return each.from_answer(value)
    if value in (None, ""):
        return None
    if each.kind is Kind.STRING_SET and isinstance(value, str):
        return sorted({name.strip() for name in value.split(",") if name.strip()})
    if each.kind is Kind.JSON and isinstance(value, str):
        return json.loads(value)
    return value
