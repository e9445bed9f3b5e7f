"""What `extends` does: maps merge by key, lists replace, null removes, places follow values."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from components.definition import load
from components.definition.merging import merge, removals_of_nothing
from components.definition.model import TaskQueue
from components.definition.problems import Place
from components.definition.source import Entries, Items, Leaf, Located, Plain, place_of, plain

KEYS = st.sampled_from(["a", "b", "c"])
SCALARS = st.one_of(st.integers(0, 3), st.booleans(), st.text("xy", max_size=2))


def documents(nulls: bool) -> st.SearchStrategy[dict[str, Plain]]:
    """Make nested mappings over few keys, so that layers often meet."""
    leaves = st.one_of(SCALARS, st.lists(SCALARS, max_size=2), *([st.none()] if nulls else []))
    values = st.recursive(leaves, lambda inner: st.dictionaries(KEYS, inner, max_size=3))
    return st.dictionaries(KEYS, values, max_size=3)


def located(value: Plain, file: str) -> Located:
    """Give every value of a document a place in `file`."""
    place = Place(file, 1)
    if isinstance(value, dict):
        return Entries({key: located(inner, file) for key, inner in value.items()}, place)
    if isinstance(value, list):
        return Items(tuple(located(item, file) for item in value), place)
    return Leaf(value, place)


def entries(value: dict[str, Plain], file: str) -> Entries:
    """Give a whole document places in `file`."""
    result = located(value, file)
    assert isinstance(result, Entries)
    return result


def merged(base: dict[str, Plain], layer: dict[str, Plain]) -> Plain:
    """Merge two plain documents."""
    return plain(merge(entries(base, "base"), entries(layer, "layer")))


def merge_patch(target: Plain, patch: Plain) -> Plain:
    """Apply a JSON merge patch, as RFC 7396 writes it down."""
    if not isinstance(patch, dict):
        return patch
    result: dict[str, Plain] = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge_patch(result.get(key), value)
    return result


@given(documents(nulls=False), documents(nulls=True))
def test_a_merge_is_a_json_merge_patch(base: dict[str, Plain], layer: dict[str, Plain]) -> None:
    """A layer over a base means what RFC 7396 says."""
    assert merged(base, layer) == merge_patch(base, layer)


@given(documents(nulls=False))
def test_an_empty_layer_changes_nothing(base: dict[str, Plain]) -> None:
    """Extending without saying anything gives the base."""
    assert merged(base, {}) == base


@given(documents(nulls=False), documents(nulls=True))
def test_a_layer_twice_is_a_layer_once(base: dict[str, Plain], layer: dict[str, Plain]) -> None:
    """Merging the same layer again changes nothing."""
    once = merge(entries(base, "base"), entries(layer, "layer"))

    assert plain(merge(once, entries(layer, "layer"))) == plain(once)


SHAPED: st.SearchStrategy[Plain] = st.recursive(
    st.fixed_dictionaries({}, optional={"a": SCALARS, "b": st.lists(SCALARS, max_size=2)}),
    lambda inner: st.fixed_dictionaries({}, optional={"a": SCALARS, "m": inner, "n": inner}),
)
"""Documents in which a key means the same kind of value everywhere, as a schema has it."""


@given(SHAPED, SHAPED, SHAPED)
def test_layers_without_removals_group_freely(base: Plain, middle: Plain, top: Plain) -> None:
    """Without nulls it does not matter which two of three files are merged first."""
    assert isinstance(base, dict)
    assert isinstance(middle, dict)
    assert isinstance(top, dict)

    lower_first = merge(merge(entries(base, "b"), entries(middle, "m")), entries(top, "t"))
    upper_first = merge(entries(base, "b"), merge(entries(middle, "m"), entries(top, "t")))

    assert plain(lower_first) == plain(upper_first)


@given(documents(nulls=False), documents(nulls=True))
def test_neither_side_is_changed_by_a_merge(
    base: dict[str, Plain], layer: dict[str, Plain]
) -> None:
    """Merging leaves its inputs as they were."""
    below, above = entries(base, "base"), entries(layer, "layer")

    merge(below, above)

    assert (plain(below), plain(above)) == (base, layer)


@given(documents(nulls=False), documents(nulls=True))
def test_a_value_keeps_the_file_it_came_from(
    base: dict[str, Plain], layer: dict[str, Plain]
) -> None:
    """Top-level values that only one side has are found in that side's file."""
    both = merge(entries(base, "base"), entries(layer, "layer"))

    for key in both.entries:
        file = place_of(both, (key,)).file
        assert file == ("layer" if key in layer else "base")


@given(documents(nulls=False), documents(nulls=True))
def test_no_null_survives_and_only_idle_ones_are_reported(
    base: dict[str, Plain], layer: dict[str, Plain]
) -> None:
    """Nulls never stay in the result; removing again what is gone is what gets reported."""
    below, above = entries(base, "base"), entries(layer, "layer")

    both = merge(below, above)

    assert "null" not in repr(plain(both)).replace("None", "null")
    idle = {problem.path for problem in removals_of_nothing(below, above)}
    top_level_nulls = {key for key, value in layer.items() if value is None}
    assert idle & top_level_nulls == top_level_nulls - base.keys()


def test_a_chain_of_files_is_merged_from_the_bottom(tmp_path: Path) -> None:
    """A file may extend one that extends another, each found beside the file that names it."""
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "base.yaml").write_text(
        "workspace: {existing: flex}\n"
        "taskQueues: {a: {friendlyName: A}, b: {friendlyName: B, maxReservedWorkers: 2}}\n"
        "workflows: {w: {friendlyName: W, defaultQueue: b}}\n"
        "eventCallback: {url: 'https://example.com/', events: [worker.created, worker.deleted]}\n"
        "sync: {existing: default}\n"
        "functions: {service: s, environment: e, variables: {A: '1', B: '2'}}\n"
    )
    (tmp_path / "shared" / "middle.yaml").write_text(
        "extends: base.yaml\ntaskQueues: {a: null, b: {maxReservedWorkers: 3}}\n"
    )
    (tmp_path / "top.yaml").write_text(
        "extends: shared/middle.yaml\n"
        "taskQueues: {b: {taskOrder: LIFO}}\n"
        "eventCallback: {events: [task.created]}\n"
        "functions: {variables: {A: null, C: 3}}\n"
    )

    definition = load(tmp_path / "top.yaml")

    queue = definition.task_queues["b"]
    assert set(definition.task_queues) == {"b"}
    assert queue == TaskQueue("B", max_reserved_workers=3, task_order="LIFO")
    assert definition.event_callback.events == ("task.created",)
    assert definition.functions.variables == {"B": "2", "C": "3"}
