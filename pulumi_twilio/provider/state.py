"""What state keeps of a resource: its outputs, and its inputs as they are at Twilio. Pure."""

from __future__ import annotations

from typing import Any

from pulumi_twilio.declarations.call import Values
from pulumi_twilio.declarations.compare import differs, is_default
from pulumi_twilio.declarations.model import Declaration, Property
from pulumi_twilio.declarations.special import UNKNOWN, Secret, has_secret, reveal


def outputs(declaration: Declaration, inputs: Values, values: Values) -> Values:
    """Make the outputs: what Twilio has, what only the inputs tell, and Twilio's defaults."""
    made: Values = {}
    for each in declaration.properties:
        if each.option:
            continue
        value = values.get(each.name)
        if value is None and (each.write_only or each.name in declaration.parents):
            value = inputs.get(each.name)
        made[each.name] = each.default if value is None else value
    made.update({each.name: values.get(each.name) for each in declaration.outputs})
    return {name: value for name, value in made.items() if value is not None}


def previewed_create(declaration: Declaration, inputs: Values) -> Values:
    """Make the outputs a preview of a create shows; what Twilio decides is unknown."""
    made: Values = {}
    for each in declaration.properties:
        if not each.option:
            fallback = UNKNOWN if each.unset_keeps or each.secret else each.default
            made[each.name] = inputs.get(each.name, fallback)
    made.update({each.name: UNKNOWN for each in declaration.outputs})
    return {name: value for name, value in made.items() if value is not None}


def previewed_update(
    declaration: Declaration, old_inputs: Values, state: Values, inputs: Values
) -> Values:
    """Make the outputs a preview of an update shows."""
    changed = {
        each.name
        for each in declaration.properties
        if differs(each, old_inputs.get(each.name), inputs.get(each.name))
    }
    made = dict(state)
    for each in declaration.properties:
        if each.name in changed:
            made[each.name] = inputs.get(each.name, each.default)
    again = bool(unsettled_outputs(declaration, state))
    for output in declaration.outputs:
        if changed.intersection(output.changes_with) or (again and output.changes_with):
            made[output.name] = UNKNOWN
    return {name: value for name, value in made.items() if value is not None}


def unsettled_outputs(declaration: Declaration, state: Values) -> list[str]:
    """Name the outputs that are not yet what they must be."""
    return [
        each.name
        for each in declaration.outputs
        if each.settled and state.get(each.name, each.settled) != each.settled
    ]


def live_inputs(
    declaration: Declaration, old_inputs: Values, values: Values, imported: bool
) -> Values:
    """Make the inputs that would lead to what Twilio has now.

    What means the same as the old input stays as it was written (`old_inputs` may hold secret
    wrappers); a default the program never named is left out, so that a resource nobody
    touched shows no drift and one just imported shows only what differs from Twilio's
    defaults.
    """
    made: Values = {}
    for each in declaration.properties:
        old = old_inputs.get(each.name)
        value = _live_input(declaration, each, old, values.get(each.name), imported)
        if value is not None:
            made[each.name] = value
    return made


def _live_input(
    declaration: Declaration, each: Property, old: Any, live: Any, imported: bool
) -> Any:
    if each.option or (each.write_only and live is None):
        return old
    if live is None and each.name in declaration.parents:
        return old
    if each.unset_keeps and old is None and not imported:
        return None
    if old is not None and not differs(each, reveal(old), live):
        return old
    if old is None and is_default(each, live):
        return None
    return Secret(live) if live is not None and has_secret(old) else live


def with_secrets(declaration: Declaration, made: Values, *sources: Values) -> Values:
    """Wrap what is declared secret, and what the program or state keeps secret."""
    declared = {each.name for each in declaration.properties if each.secret}
    declared |= {each.name for each in declaration.outputs if each.secret}
    kept = {name for source in sources for name, tree in source.items() if has_secret(tree)}
    return {
        name: _wrapped(value) if name in declared | kept else value for name, value in made.items()
    }


def _wrapped(value: Any) -> Any:
    return value if isinstance(value, Secret) else Secret(reveal(value))
