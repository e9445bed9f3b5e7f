"""A change of task attributes: operations in order, as values.

Numbers keep their value, integers of any size too. `1` and `1.0` are equal, as JSON has one
kind of number; `true` equals neither. So `Remove(("tags",), [1])` takes out `1` and `1.0` and
leaves `true`. Agreement: docs/task-attributes.md.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

from taskrouter_ops.errors import InvalidChange, NotApplicable
from taskrouter_ops.task_attributes.json_values import DEEPEST, copied
from twilio_client.attribute_json import Attributes, same, type_name


@dataclass(frozen=True)
class Merge:
    """An RFC 7396 merge patch: null removes, objects merge, everything else replaces.

    Raises: InvalidChange on construction, all problems at once.
    """

    patch: Mapping[str, Any]

    def __post_init__(self) -> None:
        """Keep a copy that nobody else changes."""
        problems: list[str] = []
        if not isinstance(self.patch, Mapping):
            problems.append("merge: must be an object")
        patch = copied(self.patch, "merge", problems)
        _refuse(problems)
        object.__setattr__(self, "patch", patch)


@dataclass(frozen=True)
class Append:
    """Add values at the end of the list at `path`; absent or null there is an empty list.

    Raises: InvalidChange on construction, all problems at once.
    """

    path: tuple[str, ...]
    values: Sequence[Any]

    def __post_init__(self) -> None:
        """Keep copies that nobody else changes."""
        _keep_copies(self, "append")


@dataclass(frozen=True)
class Remove:
    """Take every element equal to one of the values out of the list at `path`.

    Raises: InvalidChange on construction, all problems at once.
    """

    path: tuple[str, ...]
    values: Sequence[Any]

    def __post_init__(self) -> None:
        """Keep copies that nobody else changes."""
        _keep_copies(self, "remove")


Operation = Merge | Append | Remove
Change = tuple[Operation, ...]


def as_change(value: Mapping[str, Any] | Sequence[Operation] | Operation) -> Change:
    """Make a change of an object (a merge), one operation, or several.

    Raises: InvalidChange naming all problems; not worth repeating.
    """
    if isinstance(value, Operation):
        return (value,)
    if isinstance(value, Mapping):
        return (Merge(value),)
    given = tuple(value) if _is_list(value) else (value,)
    _refuse(
        f"change[{number}]: must be a Merge, Append or Remove"
        for number, operation in enumerate(given)
        if not isinstance(operation, Operation)
    )
    return given


def change_from_json(value: object, *, place: str = "change") -> Change:
    """Read a change from parsed JSON: a list of operations, or an object, which is a merge.

    Shape: `{"merge": {…}}`, `{"append": {"path": […], "values": […]}}` and `remove` likewise;
    `place` is what the value is called where it came from. Raises: InvalidChange naming all
    problems by place; not worth repeating.
    """
    problems: list[str] = []
    operations = list(_operations(value, place, problems))
    _refuse(problems)
    return tuple(operations)


def change_to_json(change: Change) -> list[dict[str, Any]]:
    """Write a change as its list of operations, what `change_from_json` reads."""
    return [_operation_json(operation) for operation in change]


def apply(change: Change, attributes: Mapping[str, Any]) -> Attributes:
    """Return the attributes as they are after a change.

    Shape: `attributes` is a JSON object and stays as it is; the result shares with it what the
    change does not touch. Raises: NotApplicable where an append meets something else than a
    list, or something else than an object on its way.
    """
    result: Attributes = dict(attributes)
    for operation in change:
        if isinstance(operation, Merge):
            result = _merged(result, operation.patch)
        elif isinstance(operation, Append):
            result = _appended(result, operation.path, operation)
        else:
            result = _removed(result, operation.path, operation.values)
    return result


def fold(first: Change, second: Change) -> Change:
    """Return one change with the effect of `first` and then `second`, on any attributes.

    Merges that follow each other become one where a merge patch can say it, appends to one
    path that follow each other always do. Nothing else is folded.
    """
    folded: list[Operation] = []
    for operation in (*first, *second):
        newest = operation
        while folded and (together := _together(folded[-1], newest)) is not None:
            folded.pop()
            newest = together
        folded.append(newest)
    return tuple(folded)


def is_repeatable(change: Change) -> bool:
    """Tell whether applying it twice ends in the same attributes: merges only."""
    return all(isinstance(operation, Merge) for operation in change)


def _together(one: Operation, following: Operation) -> Operation | None:
    if isinstance(one, Merge) and isinstance(following, Merge):
        patch = _composed(one.patch, following.patch)
        return None if patch is None else Merge(patch)
    if isinstance(one, Append) and isinstance(following, Append) and one.path == following.path:
        return Append(one.path, (*one.values, *following.values))
    return None


def _composed(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the patch that does both, None where there is none.

    A patch cannot say "replace whatever is there by this object": it would merge into an
    object that is there.
    """
    result = dict(first)
    for key, value in second.items():
        result[key] = value
        if isinstance(value, Mapping) and key in first:
            inner = _composed(first[key], value) if isinstance(first[key], Mapping) else None
            if inner is None:
                return None
            result[key] = inner
    return result


def _merged(target: object, patch: Mapping[str, Any]) -> Attributes:
    result = dict(target) if isinstance(target, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, Mapping):
            result[key] = _merged(result.get(key), value)
        else:
            result[key] = copy.deepcopy(value)
    return result


def _appended(there: object, path: tuple[str, ...], operation: Append) -> Any:
    """Return what is there with the values added at `path` below it."""
    there = ([] if not path else {}) if there is None else there
    if not isinstance(there, Mapping if path else list):
        reached = operation.path[: len(operation.path) - len(path)]
        raise NotApplicable(operation.path, at=reached, found=type_name(there))
    if isinstance(there, Mapping):
        return {**there, path[0]: _appended(there.get(path[0]), path[1:], operation)}
    return [*there, *copy.deepcopy(operation.values)]


def _removed(there: Any, path: tuple[str, ...], values: Sequence[Any]) -> Any:
    """Return what is there without the values in the list at `path` below it."""
    if path:
        if not isinstance(there, Mapping) or path[0] not in there:
            return there
        return {**there, path[0]: _removed(there[path[0]], path[1:], values)}
    if not isinstance(there, list):
        return there
    return [item for item in there if not any(same(item, value) for value in values)]


def _operations(value: object, place: str, problems: list[str]) -> Iterator[Operation]:
    if isinstance(value, Mapping):
        given = [(place, {"merge": value})]
    elif _is_list(value):
        given = [(f"{place}[{number}]", item) for number, item in enumerate(value)]
    else:
        problems.append(f"{place}: must be an object or a list of operations")
        return
    for where, item in given:
        try:
            yield _operation(item)
        except InvalidChange as error:
            problems.extend(_placed(where, problem) for problem in error.problems)


def _operation(value: object) -> Operation:
    if not isinstance(value, Mapping) or len(value) != 1:
        raise InvalidChange([": must be an object with one key: merge, append or remove"])
    ((name, content),) = value.items()
    if name == "merge":
        return Merge(content)
    if name not in {"append", "remove"}:
        raise InvalidChange([": must be one of merge, append and remove"])
    if not isinstance(content, Mapping) or set(content) != {"path", "values"}:
        raise InvalidChange([f"{name}: must be an object with path and values"])
    kind = Append if name == "append" else Remove
    return kind(content["path"], content["values"])


def _placed(where: str, problem: str) -> str:
    return where + problem if problem.startswith(":") else f"{where}.{problem}"


def _operation_json(operation: Operation) -> dict[str, Any]:
    if isinstance(operation, Merge):
        return {"merge": copy.deepcopy(operation.patch)}
    content = {"path": list(operation.path), "values": copy.deepcopy(list(operation.values))}
    return {"append" if isinstance(operation, Append) else "remove": content}


def _keep_copies(operation: Append | Remove, name: str) -> None:
    problems = list(_path_problems(operation.path, f"{name}.path"))
    if not _is_list(operation.values):
        problems.append(f"{name}.values: must be a list")
    values = copied(operation.values, f"{name}.values", problems)
    _refuse(problems)
    object.__setattr__(operation, "path", tuple(operation.path))
    object.__setattr__(operation, "values", tuple(values))


def _path_problems(path: object, place: str) -> list[str]:
    if not _is_list(path) or not path or not all(isinstance(key, str) for key in path):
        return [f"{place}: must be a list of keys, at least one"]
    problems = [f"{place}: is more than {DEEPEST} keys long"] if len(path) > DEEPEST else []
    copied(path, place, problems)
    return problems


def _is_list(value: object) -> TypeGuard[Sequence[Any]]:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray))


def _refuse(problems: Iterable[str]) -> None:
    found = tuple(problems)
    if found:
        raise InvalidChange(found)
