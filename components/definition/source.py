"""Read YAML into values that know where they were written.

PyYAML's composer gives nodes with marks; its constructor would lose them, and would also keep the
last of two equal keys without a word. Every value keeps its place through merging, so that a
problem found in the merged definition points at the file and line that caused it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from components.definition.problems import DefinitionError, Place, Problem, shown

Plain = str | int | float | bool | None | dict[str, "Plain"] | list["Plain"]
Step = str | int

MAX_DIGITS = 18
MAX_VALUES = 200_000
"""Aliases of aliases grow exponentially; no real definition comes near this many values."""

_TOO_DEEP = "is nested too deeply to be a definition"
_TAG = "tag:yaml.org,2002:"
_KINDS = {
    "bool": "a boolean",
    "int": "a number",
    "float": "a number",
    "null": "null",
    "timestamp": "a date",
}
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z")


@dataclass(frozen=True)
class Leaf:
    """A string, number, boolean or null."""

    value: str | int | float | bool | None
    place: Place


@dataclass(frozen=True)
class Items:
    """A sequence."""

    items: tuple["Located", ...]
    place: Place


@dataclass(frozen=True)
class Entries:
    """A mapping; each entry's value carries the place of its key."""

    entries: dict[str, "Located"]
    place: Place


Located = Leaf | Items | Entries


def plain(located: Located) -> Plain:
    """Drop the places: the value as JSON would hold it."""
    match located:
        case Leaf(value):
            return value
        case Items(items):
            return [plain(item) for item in items]
        case Entries(entries):
            return {key: plain(value) for key, value in entries.items()}


def place_of(located: Located, path: tuple[Step, ...]) -> Place:
    """Find where the value at `path` was written, or its nearest ancestor that exists."""
    for step in path:
        match located, step:
            case Entries(entries), str() if step in entries:
                located = entries[step]
            case Items(items), int() if step < len(items):
                located = items[step]
            case _:
                break
    return located.place


def dotted(path: tuple[Step, ...]) -> str:
    """Write a path as `taskQueues.sales` and `filters[0]`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")


def read(file: Path) -> tuple[Entries, list[Problem]]:
    """Read one definition file, with the problems of its form.

    Raises: DefinitionError when nothing of the file can be used.
    """
    reader = _Reader(shown(file))
    try:
        located = reader.locate(_compose(file), (), None)
    except RecursionError:
        raise DefinitionError([Problem(Place(reader.file, 1), "", _TOO_DEEP)]) from None
    if not isinstance(located, Entries):
        message = "a definition is a mapping of keys to values"
        raise DefinitionError([*reader.problems, Problem(located.place, "", message)])
    return located, reader.problems


def _compose(file: Path) -> yaml.Node:
    name = shown(file)
    try:
        text = file.read_bytes().decode("utf-8-sig")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except FileNotFoundError:
        raise DefinitionError([Problem(Place(name, 1), "", "there is no such file")]) from None
    except (OSError, UnicodeDecodeError) as error:
        message = f"cannot be read as UTF-8 text: {error}"
        raise DefinitionError([Problem(Place(name, 1), "", message)]) from None
    except yaml.YAMLError as error:
        raise DefinitionError([_syntax_problem(name, error)]) from None
    except RecursionError:
        raise DefinitionError([Problem(Place(name, 1), "", _TOO_DEEP)]) from None
    if node is None:
        raise DefinitionError([Problem(Place(name, 1), "", "the file is empty")])
    return node


def _syntax_problem(name: str, error: yaml.YAMLError) -> Problem:
    if not isinstance(error, yaml.MarkedYAMLError):
        return Problem(Place(name, 1), "", f"is not YAML: {' '.join(str(error).split())}")
    mark = error.problem_mark or error.context_mark
    what = ", ".join(part for part in (error.context, error.problem) if part)
    if "'\\t'" in what:
        what = "a tab stands where YAML needs spaces"
    return Problem(Place(name, mark.line + 1 if mark else 1), "", f"is not YAML: {what}")


class _Reader:
    """Turns one file's nodes into located values and collects what is wrong with them."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self._open: list[yaml.Node] = []
        self._count = 0

    def report(self, place: Place, path: tuple[Step, ...], message: str) -> None:
        self.problems.append(Problem(place, dotted(path), message))

    def locate(self, node: yaml.Node, path: tuple[Step, ...], key: Place | None) -> Located:
        place = key or self._place(node)
        self._count += 1
        if self._count > MAX_VALUES:
            message = f"aliases expand to more than {MAX_VALUES} values"
            raise DefinitionError([*self.problems, Problem(place, "", message)])
        if any(node is outer for outer in self._open):
            self.report(place, path, "an alias contains itself")
            return Leaf("", place)
        self._open.append(node)
        try:
            return self._convert(node, path, place)
        finally:
            self._open.pop()

    def _convert(self, node: yaml.Node, path: tuple[Step, ...], place: Place) -> Located:
        if isinstance(node, yaml.MappingNode):
            return Entries(dict(self._entries(node, path)), place)
        if isinstance(node, yaml.SequenceNode):
            numbered = enumerate(node.value)
            return Items(tuple(self.locate(n, (*path, i), None) for i, n in numbered), place)
        return Leaf(self._scalar(node, path, place), place)

    def _entries(
        self, node: yaml.MappingNode, path: tuple[Step, ...]
    ) -> Iterator[tuple[str, Located]]:
        seen: dict[str, Place] = {}
        for key_node, value_node in node.value:
            place = self._place(key_node)
            key = self._key(key_node, path, place)
            if key in seen:
                first = seen[key].line
                self.report(place, (*path, key), f"is given twice, first in line {first}")
            elif key is not None:
                seen[key] = place
                yield key, self.locate(value_node, (*path, key), place)

    def _key(self, node: yaml.Node, path: tuple[Step, ...], place: Place) -> str | None:
        if node.tag == f"{_TAG}merge":
            self.report(
                place, path, "'<<' is not supported; files build on each other by 'extends'"
            )
            return None
        if not isinstance(node, yaml.ScalarNode) or node.tag != f"{_TAG}str":
            text = node.value if isinstance(node, yaml.ScalarNode) else "a collection"
            kind = _KINDS.get(node.tag.removeprefix(_TAG), "something else than text")
            message = f"YAML reads the key {text} as {kind}; put it in quotes"
            self.report(place, (*path, text), message)
            return None
        return str(node.value)

    def _scalar(
        self, node: yaml.Node, path: tuple[Step, ...], place: Place
    ) -> str | int | float | bool | None:
        text, kind = str(node.value), node.tag.removeprefix(_TAG)
        if kind == "str":
            return text
        if kind == "null":
            return None
        if kind == "bool" and text.lower() in ("true", "false"):
            return text.lower() == "true"
        if kind == "int" and len(text) <= MAX_DIGITS and _DECIMAL.match(text):
            return int(text)
        if kind == "float" and re.fullmatch(r"[-+]?[0-9]+\.[0-9]+", text):
            return float(text)
        self.report(place, path, _ambiguity(kind, text))
        return text

    def _place(self, node: yaml.Node) -> Place:
        return Place(self.file, node.start_mark.line + 1)


def _ambiguity(kind: str, text: str) -> str:
    """Explain a plain scalar that YAML reads as something its author hardly meant."""
    if kind == "bool":
        return f"YAML reads {text} as a boolean; write true or false, or put it in quotes"
    if kind in ("int", "float"):
        return (
            f"YAML reads {text} as a number in a special notation; write it in decimal or in quotes"
        )
    if kind == "timestamp":
        return f"YAML reads {text} as a date; put it in quotes"
    return f"the tag !{kind.removeprefix('!')} has no meaning here"
