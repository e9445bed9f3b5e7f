"""What a change of inputs means for the resource. Pure.

Inputs are compared with inputs: what the program asked for last time (or what refresh found)
with what it asks for now.
"""

from __future__ import annotations

from dataclasses import dataclass

from pulumi_twilio.declarations.call import Values
from pulumi_twilio.declarations.compare import (
    Change,
    Difference,
    differences,
    differs,
    removed_and_restorable,
)
from pulumi_twilio.declarations.model import Declaration, Property
from pulumi_twilio.provider.state import unsettled_outputs


@dataclass(frozen=True)
class PropertyDifference:
    """One difference, whether it means a new resource, and whether it is one of an output."""

    difference: Difference
    replaces: bool
    of_output: bool = False

    @property
    def top_level(self) -> str:
        """Return the name of the property the path begins with."""
        return self.difference.path.partition(".")[0].partition("[")[0]


@dataclass(frozen=True)
class ResourceDiff:
    """All differences; whether the old resource must go before its replacement comes."""

    differences: tuple[PropertyDifference, ...]
    delete_before_replace: bool

    @property
    def replaces(self) -> list[str]:
        """Return the names of the properties that force a replacement, each once."""
        return list(dict.fromkeys(each.top_level for each in self.differences if each.replaces))


def plan_diff(
    declaration: Declaration, old_inputs: Values, old_state: Values, inputs: Values
) -> ResourceDiff:
    """Compare old and new inputs property by property, and look for what is unsettled."""
    found = tuple(
        PropertyDifference(difference, each.replaces)
        for each in declaration.properties
        if not _cannot_tell(each, old_inputs, old_state)
        for difference in differences(each, old_inputs.get(each.name), inputs.get(each.name))
    ) + tuple(
        PropertyDifference(Difference(name, Change.DELETE), replaces=False)
        for name in removed_and_restorable(declaration, old_inputs, old_state, inputs)
    )
    unsettled = tuple(
        PropertyDifference(Difference(name, Change.UPDATE), replaces=False, of_output=True)
        for name in unsettled_outputs(declaration, old_state)
    )
    return ResourceDiff(found + unsettled, _delete_first(declaration, old_inputs, inputs))


def _cannot_tell(each: Property, old_inputs: Values, old_state: Values) -> bool:
    # Twilio never gives a write-only value back, so after an import nobody knows it; the
    # first update takes the program's value for it into the old inputs.
    unknown = old_inputs.get(each.name) is None and old_state.get(each.name) is None
    return each.write_only and unknown


def _delete_first(declaration: Declaration, old_inputs: Values, inputs: Values) -> bool:
    if declaration.moves_aside:
        return False
    if declaration.delete_before_replace or declaration.namesake is None:
        return declaration.delete_before_replace
    identity = (declaration.namesake.property, *declaration.parents)
    return not any(
        differs(each, old_inputs.get(each.name), inputs.get(each.name))
        for each in declaration.properties
        if each.name in identity
    )
