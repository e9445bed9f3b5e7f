"""Source of a typed class, and of a look-up. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from pulumi_twilio.declarations.model import (
    Declaration,
    Kind,
    Lookup,
    Output,
    Property,
    snake_case,
)
from pulumi_twilio.generate.schema import always_set

_INPUT_TYPES = {
    Kind.STRING: "str",
    Kind.INTEGER: "int",
    Kind.BOOLEAN: "bool",
    Kind.JSON: "Mapping[str, Any] | str",
    Kind.STRING_MAP: "Mapping[str, pulumi.Input[str]]",
    Kind.STRING_SET: "Sequence[pulumi.Input[str]]",
    Kind.ASSET: "pulumi.Asset",
}
_OUTPUT_TYPES = {
    Kind.STRING: "str",
    Kind.INTEGER: "int",
    Kind.BOOLEAN: "bool",
    Kind.JSON: "dict[str, Any]",
    Kind.STRING_MAP: "dict[str, str]",
    Kind.STRING_SET: "list[str]",
    Kind.ASSET: "pulumi.Asset",
}


def class_source(declaration: Declaration) -> str:
    """Write a resource's class."""
    inputs = sorted(declaration.properties, key=lambda each: not each.required)
    shown = [each for each in inputs if not each.option]
    names = [*(each.name for each in inputs), *(each.name for each in declaration.outputs)]
    unique = dict.fromkeys(names)
    return "\n".join(
        [
            f"class {declaration.title}(TwilioResource):",
            _docstring(declaration.doc, _id_lines(declaration), 4),
            "",
            f'    TYPE: ClassVar[str] = "{declaration.type}"',
            "    NAMES: ClassVar[Mapping[str, str]] = {",
            *(f'        "{snake_case(name)}": "{name}",' for name in unique),
            "    }",
            "",
            *_constructor(inputs),
            *(line for each in shown for line in _attribute(each, always_set(each))),
            *(
                line
                for each in declaration.outputs
                if each.name not in {one.name for one in shown}
                for line in _attribute(each, not each.optional)
            ),
        ]
    )


def _id_lines(declaration: Declaration) -> list[str]:
    return [f"Import: `pulumi import {declaration.type} <name> {declaration.id_form}`"]


def _constructor(inputs: Sequence[Property]) -> list[str]:
    arguments = [f"        {_argument(each)}," for each in inputs]
    values = [f'"{snake_case(each.name)}": {snake_case(each.name)},' for each in inputs]
    return [
        "    def __init__(",
        "        self,",
        "        resource_name: str,",
        "        opts: pulumi.ResourceOptions | None = None,",
        "        *,",
        *arguments,
        "    ) -> None:",
        '        """Declare one.',
        "",
        "        Args:",
        *_argument_docs("resource_name", "Its logical name in the program."),
        *_argument_docs("opts", "Pulumi's options."),
        *(line for each in inputs for line in _argument_docs(snake_case(each.name), _doc(each))),
        '        """',
        f"        super().__init__(resource_name, {{{' '.join(values)}}}, opts)",
        "",
    ]


def _argument(each: Property) -> str:
    optional = "" if each.required else " | None = None"
    return f"{snake_case(each.name)}: pulumi.Input[{_INPUT_TYPES[each.kind]}]{optional}"


def _argument_docs(name: str, doc: str) -> list[str]:
    return textwrap.wrap(f"{name}: {doc}", 98, initial_indent=" " * 12, subsequent_indent=" " * 16)


def _doc(each: Property) -> str:
    notes = []
    if each.minimum is not None or each.maximum is not None:
        notes.append(f"From {each.minimum} to {each.maximum}.")
    if 0 < len(each.choices) <= 10:
        notes.append(f"One of {', '.join(each.choices)}.")
    if each.default is not None:
        notes.append(f"Default: {default_text(each)}.")
    if each.replaces and not each.required:
        notes.append("A change replaces the resource.")
    return " ".join([each.doc, *notes])


def default_text(each: Property) -> str:
    """Write a default as documentation shows it."""
    if isinstance(each.default, bool):
        return "true" if each.default else "false"
    return str(each.default)


def _attribute(each: Property | Output, always: bool) -> list[str]:
    kind = _OUTPUT_TYPES[each.kind] + ("" if always else " | None")
    return [
        "    @property",
        f"    def {snake_case(each.name)}(self) -> pulumi.Output[{kind}]:",
        _docstring(each.doc, [], 8),
        f'        return self.output("{each.name}")',
        "",
    ]


def lookup_source(lookup: Lookup) -> str:
    """Write a look-up's result and its two functions."""
    return "\n".join([*_result(lookup), "", "", *_plain(lookup), "", "", *_deferred(lookup), ""])


def result_name(lookup: Lookup) -> str:
    """Return the name of a look-up's result class."""
    return f"{lookup.title[0].upper()}{lookup.title[1:]}Result"


def _result(lookup: Lookup) -> list[str]:
    return [
        "@dataclass(frozen=True)",
        f"class {result_name(lookup)}:",
        f'    """What `{snake_case(lookup.title)}` found."""',
        "",
        *(f"    {line}" for line in _fields(lookup.outputs)),
    ]


def _fields(outputs: Iterable[Output]) -> list[str]:
    ordered = sorted(outputs, key=lambda each: each.optional)
    return [
        f"{snake_case(each.name)}: {_OUTPUT_TYPES[each.kind]}"
        + (" | None = None" if each.optional else "")
        for each in ordered
    ]


def _plain(lookup: Lookup) -> list[str]:
    name, result = snake_case(lookup.title), result_name(lookup)
    arguments = [_plain_argument(each) for each in lookup.inputs]
    return [
        *_signature(name, arguments, result, lookup),
        f"    return invoke({result}, {_call_of(lookup)}, opts)",
    ]


def _plain_argument(each: Property) -> str:
    kind = _OUTPUT_TYPES[each.kind]
    return f"{snake_case(each.name)}: {kind}" + ("" if each.required else " | None = None")


def _deferred(lookup: Lookup) -> list[str]:
    name, result = f"{snake_case(lookup.title)}_output", result_name(lookup)
    arguments = [_argument(each) for each in lookup.inputs]
    return [
        *_signature(name, arguments, f"pulumi.Output[{result}]", lookup),
        f"    return invoke_output({result}, {_call_of(lookup)}, opts)",
    ]


def _signature(name: str, arguments: list[str], result: str, lookup: Lookup) -> list[str]:
    kind = (
        "pulumi.InvokeOptions"
        if not name.endswith("_output")
        else "pulumi.InvokeOptions | pulumi.InvokeOutputOptions"
    )
    star = ["    *,"] if arguments else []
    documented = [
        line for each in lookup.inputs for line in _wrapped_argument(snake_case(each.name), each)
    ]
    return [
        f"def {name}(",
        *star,
        *(f"    {each}," for each in arguments),
        f"    opts: {kind} | None = None,",
        f") -> {result}:",
        _docstring(lookup.doc, ["Args:", *documented, "    opts: Pulumi's options."], 4),
    ]


def _wrapped_argument(name: str, each: Property) -> list[str]:
    return textwrap.wrap(
        f"{name}: {each.doc}", 90, initial_indent=" " * 4, subsequent_indent=" " * 8
    )


def _call_of(lookup: Lookup) -> str:
    values = ", ".join(f'"{each.name}": {snake_case(each.name)}' for each in lookup.inputs)
    return f'"{lookup.name}", {{{values}}}'


def _docstring(doc: str, more: Sequence[str], indent: int) -> str:
    pad = " " * indent
    first, _, rest = doc.partition(". ")
    first = first if first.endswith((".", ":")) or not rest else f"{first}."
    if not rest and not more and len(first) + indent + 6 <= 100:
        return f'{pad}"""{first}"""'
    lines = _summary(first, 100 - indent - 3)
    if rest:
        lines += ["", *textwrap.wrap(rest, 100 - indent - 2)]
    if more:
        lines += ["", *more]
    shown = "\n".join(f"{pad}{line}".rstrip() for line in lines).lstrip()
    return f'{pad}"""{shown}\n{pad}"""'


def _summary(first: str, width: int) -> list[str]:
    # A docstring begins with one line; a long first sentence breaks where it pauses.
    if len(first) <= width:
        return [first]
    for mark in (": ", "; ", ", "):
        head = first[:width].rpartition(mark)[0]
        if head:
            tail = first[len(head) + len(mark) :]
            return [f"{head}.", "", *textwrap.wrap(tail[0].upper() + tail[1:], width)]
    return [first]
