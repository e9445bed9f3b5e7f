"""How the typed classes register with the engine and look things up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self, TypeVar

import pulumi
from pulumi.output import UNKNOWN

from pulumi_twilio.resources.names import schema_path, snake_case

Result = TypeVar("Result")


class TwilioResource(pulumi.CustomResource):
    """Any resource of this provider.

    Property paths in options (`ignore_changes` and the like) may use Python's names.
    """

    TYPE: ClassVar[str]
    NAMES: ClassVar[Mapping[str, str]]  # Python's name of every property: the schema's name

    def __init__(
        self, resource_name: str, values: Mapping[str, Any], opts: pulumi.ResourceOptions | None
    ) -> None:
        """Register the resource; `values` are by Python's names."""
        properties = {schema: values.get(name) for name, schema in self.NAMES.items()}
        super().__init__(self.TYPE, resource_name, properties, _with_schema_paths(opts, self.NAMES))

    @classmethod
    def get(
        cls,
        resource_name: str,
        id: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> Self:
        """Read an existing resource by its id, without managing it."""
        resource = cls.__new__(cls)
        options = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=id))
        TwilioResource.__init__(resource, resource_name, {}, options)
        return resource

    def output(self, name: str) -> pulumi.Output[Any]:
        """Return an output by the schema's name."""
        found: pulumi.Output[Any] = self.__dict__[name]
        return found


def _with_schema_paths(
    opts: pulumi.ResourceOptions | None, names: Mapping[str, str]
) -> pulumi.ResourceOptions | None:
    if opts is None:
        return None
    changed = pulumi.ResourceOptions.merge(opts, None)
    for option in ("ignore_changes", "replace_on_changes", "additional_secret_outputs"):
        paths = getattr(changed, option)
        if paths:
            setattr(changed, option, [schema_path(path, names) for path in paths])
    return changed


def invoke(
    result: type[Result],
    function: str,
    arguments: Mapping[str, Any],
    opts: pulumi.InvokeOptions | None,
) -> Result:
    """Call a look-up now; all arguments are known.

    Raises: pulumi.RunError in a preview in which the provider's account is not known yet.
    """
    values = pulumi.runtime.invoke(function, dict(arguments), opts).value
    if not values:
        raise pulumi.RunError(
            f"{function}: the provider's configuration is not known before the update; use the "
            "look-up that ends in _output"
        )
    return _result(result, values)


def invoke_output(
    result: type[Result],
    function: str,
    arguments: Mapping[str, Any],
    opts: pulumi.InvokeOptions | pulumi.InvokeOutputOptions | None,
) -> pulumi.Output[Result]:
    """Call a look-up once its arguments are known."""
    found: pulumi.Output[Any] = pulumi.runtime.invoke_output(function, dict(arguments), opts)
    return found.apply(lambda values: _result(result, values) if values else _unknown())


def _unknown() -> Any:
    # The engine answers nothing for a provider whose configuration is not known yet.
    return pulumi.Output.from_input(UNKNOWN)


def _result(result: type[Result], values: Mapping[str, Any]) -> Result:
    return result(**{snake_case(name): value for name, value in values.items()})
