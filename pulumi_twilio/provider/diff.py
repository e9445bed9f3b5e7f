"""What a change of inputs means for the resource. Pure.

Inputs are compared with inputs: what the program asked for last time (or what refresh found)
with what it asks for now.
"""

from __future__ import annotations

from dataclasses import dataclass

from pulumi_twilio.declarations.call import Values
from pulumi_twilio.declarations.compare import Difference, differences, differs
from pulumi_twilio.declarations.model import Declaration, Property


@dataclass(frozen=True)
class PropertyDifference:
    """One difference, and whether it means a new resource."""

    difference: Difference
    replaces: bool

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
    """Compare old and new inputs property by property."""
    found = tuple(
        PropertyDifference(difference, each.replaces)
        for each in declaration.properties
        if not _cannot_tell(each, old_state)
        for difference in differences(each, old_inputs.get(each.name), inputs.get(each.name))
    )
    return ResourceDiff(found, _delete_first(declaration, old_inputs, inputs))


def _cannot_tell(each: Property, old_state: Values) -> bool:
    # Twilio never gives a write-only value back, so after an import nobody knows it.
    return each.write_only and old_state.get(each.name) is None


def _delete_first(declaration: Declaration, old_inputs: Values, inputs: Values) -> bool:
    if declaration.delete_before_replace or declaration.namesake is None:
        return declaration.delete_before_replace
    identity = (declaration.namesake.property, *declaration.parents)
    return not any(
        differs(each, old_inputs.get(each.name), inputs.get(each.name))
        for each in declaration.properties
        if each.name in identity
    )
