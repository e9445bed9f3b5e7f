"""Merge a definition with what it extends: maps by key, lists as a whole, null removes."""

from collections.abc import Iterator
from pathlib import Path

from components.definition.problems import DefinitionError, Problem, near, shown
from components.definition.source import Entries, Leaf, Located, Step, dotted, read

EXTENDS = "extends"


def merge(base: Entries, layer: Entries) -> Entries:
    """Put `layer` over `base`; neither is changed.

    A key of both whose values are maps merges in turn; otherwise the layer's value stands, and
    null takes the key away. The places of the layer's values go with them.
    """
    merged = dict(base.entries)
    for key, value in layer.entries.items():
        below = merged.get(key)
        if isinstance(value, Leaf) and value.value is None:
            merged.pop(key, None)
        elif isinstance(value, Entries):
            under = below if isinstance(below, Entries) else Entries({}, value.place)
            merged[key] = merge(under, value)
        else:
            merged[key] = value
    return Entries(merged, layer.place)


def removals_of_nothing(
    base: Entries, layer: Entries, path: tuple[Step, ...] = ()
) -> Iterator[Problem]:
    """Find nulls in `layer` that remove no key of `base`: mostly a misspelt key."""
    for key, value in layer.entries.items():
        below = base.entries.get(key)
        if isinstance(value, Leaf) and value.value is None and below is None:
            message = "null removes a key, but there is none to remove" + near(key, base.entries)
            yield Problem(value.place, dotted((*path, key)), message)
        elif isinstance(value, Entries):
            under = below if isinstance(below, Entries) else Entries({}, value.place)
            yield from removals_of_nothing(under, value, (*path, key))


def resolve(file: Path) -> tuple[Entries, list[Problem]]:
    """Read `file` and everything it extends; return it merged, with the problems of its form.

    Raises: DefinitionError for a file that cannot be used at all, is missing, or a circle.
    """
    problems: list[Problem] = []
    layers = _layers(file, problems)
    merged = Entries({}, layers[-1].place)
    for layer in reversed(layers):
        problems.extend(removals_of_nothing(merged, layer))
        merged = merge(merged, layer)
    return merged, problems


def _layers(file: Path, problems: list[Problem]) -> list[Entries]:
    """Read `file` without its `extends`, then the file that names, to the end of the chain."""
    layers: list[Entries] = []
    trail: list[Path] = []
    named: Located | None = None
    while not layers or named is not None:
        if named is not None:
            file = _extended(file, named, trail)
        trail.append(file)
        entries, found = read(file)
        problems.extend(found)
        named = entries.entries.get(EXTENDS)
        rest = {key: value for key, value in entries.entries.items() if key != EXTENDS}
        layers.append(Entries(rest, entries.place))
    return layers


def _extended(file: Path, named: Located, trail: list[Path]) -> Path:
    """Find the file that `named` means, seen from `file`; blame that line if it cannot be."""
    if not (isinstance(named, Leaf) and isinstance(named.value, str) and named.value):
        raise _refusal(named, "must name one file, such as base.yaml")
    extended = file.parent / named.value
    if extended.resolve() in [step.resolve() for step in trail]:
        circle = " -> ".join(shown(step) for step in [*trail, extended])
        raise _refusal(named, f"goes in a circle: {circle}")
    if not extended.is_file():
        raise _refusal(named, f"there is no file {shown(extended)}")
    return extended


def _refusal(named: Located, message: str) -> DefinitionError:
    return DefinitionError([Problem(named.place, EXTENDS, message)])
