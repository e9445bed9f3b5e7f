"""Every mistake a definition can hold is reported with its file, line and path, all at once."""

from pathlib import Path

import pytest

from components.definition import DefinitionError, load

SOUND = """\
workspace: {existing: flex}
activities:
  lunch: {friendlyName: Lunch, available: false}
taskChannels:
  callback: {friendlyName: Callback}
taskQueues:
  sales:
    friendlyName: Sales
    targetWorkers: routing.skills HAS 'sales'
  everyone: {existing: Everyone}
workflows:
  voice:
    friendlyName: Voice
    defaultQueue: everyone
    filters:
      - friendlyName: Sales
        expression: topic == 'sales'
        targets:
          - queue: sales
            timeout: 30
          - queue: everyone
eventCallback:
  events: [task-queue.created, task-queue.deleted, task-queue.expression.updated,
    worker.attributes.update, worker.created]
sync: {friendlyName: Batches}
functions: {service: centre, environment: live}
"""

ASKING = "workflows:\n  voice:\n    assignmentCallbackUrl: /event-handler\n"
FILTERS = "workflows:\n  voice:\n    filters:\n"
ONE_FILTER = (
    f"{FILTERS}      - friendlyName: A\n        expression: a == 1\n        targets:\n          - "
)


def two_filters(first: str, second: str) -> str:
    """Write a layer with two filters in lines 5 and 6."""
    return FILTERS + "".join(
        f"      - {{{words}, targets: [{{queue: sales}}]}}\n" for words in (first, second)
    )


# A layer over SOUND, and what is said of it: line, path, words.
OVER_SOUND = {
    "maximum": (
        "taskQueues:\n  sales:\n    maxReservedWorkers: 60\n",
        (4, "taskQueues.sales.maxReservedWorkers", "60 is greater than the maximum of 50"),
    ),
    "minimum": (
        "taskQueues:\n  sales:\n    maxReservedWorkers: 0\n",
        (4, "taskQueues.sales.maxReservedWorkers", "0 is less than the minimum of 1"),
    ),
    "type": (
        "taskQueues:\n  sales: {friendlyName: 7}\n",
        (3, "taskQueues.sales.friendlyName", "must be text, not 7"),
    ),
    "enum": (
        "taskQueues:\n  sales: {taskOrder: fifo}\n",
        (3, "taskQueues.sales.taskOrder", 'must be FIFO or LIFO, not "fifo"'),
    ),
    "unknown key": (
        "taskQueues:\n  sales:\n    maxReserved: 2\n",
        (
            4,
            "taskQueues.sales.maxReserved",
            "is not a known key; did you mean 'maxReservedWorkers'?",
        ),
    ),
    "unknown section": ("queues: {}\n", (2, "queues", "is not a known key")),
    "key of bad form": (
        "taskQueues:\n  Sales_2: {friendlyName: X}\n",
        (3, "taskQueues.Sales_2", "a key is"),
    ),
    "missing name": (
        "taskQueues:\n  more: {}\n",
        (3, "taskQueues.more", "'friendlyName' is missing"),
    ),
    "missing availability": (
        "activities:\n  tea: {friendlyName: Tea}\n",
        (3, "activities.tea", "'available' is missing"),
    ),
    "existing with more": (
        "taskQueues:\n  everyone:\n    maxReservedWorkers: 2\n",
        (3, "taskQueues.everyone", "nothing can be set beside it"),
    ),
    "adopted workspace with a name": (
        "workspace: {friendlyName: Centre}\n",
        (2, "workspace", "an existing workspace keeps its friendlyName"),
    ),
    "removed section": ("sync: null\n", (1, "", "'sync' is missing")),
    "null that removes nothing": (
        "taskQueues:\n  salse: null\n",
        (3, "taskQueues.salse", "there is none to remove; did you mean 'sales'?"),
    ),
    "unknown queue in a target": (
        ONE_FILTER + "{queue: sale}\n",
        (
            8,
            "workflows.voice.filters[0].targets[0].queue",
            "there is no task queue 'sale'; did you mean 'sales'?",
        ),
    ),
    "unknown default queue": (
        "workflows:\n  voice: {defaultQueue: nobody}\n",
        (3, "workflows.voice.defaultQueue", "there is no task queue 'nobody'"),
    ),
    "removed queue still named": (
        "taskQueues:\n  sales: null\n",
        (
            "sound.yaml",
            19,
            "workflows.voice.filters[0].targets[0].queue",
            "there is no task queue 'sales'",
        ),
    ),
    "unknown timeout activity": (
        "workspace: {timeoutActivity: launch}\n",
        (2, "workspace.timeoutActivity", "there is no activity 'launch'; did you mean 'lunch'?"),
    ),
    "unknown reservation activity": (
        "taskQueues:\n  sales: {reservationActivity: busy}\n",
        (3, "taskQueues.sales.reservationActivity", "there is no activity 'busy'"),
    ),
    "queue names equal but for case": (
        "taskQueues:\n  more: {friendlyName: sALES}\n",
        (3, "taskQueues.more.friendlyName", "'sALES' is already the name of 'sales'"),
    ),
    "a queue named like Flex's own": (
        "taskQueues:\n  all: {friendlyName: everyone}\n",
        (3, "taskQueues.all.friendlyName", "the workspace comes with 'Everyone'"),
    ),
    "an activity the workspace comes with": (
        "activities:\n  away: {friendlyName: offline, available: false}\n",
        (3, "activities.away.friendlyName", "refer to it by 'existing: Offline'"),
    ),
    "a task channel the workspace comes with": (
        "taskChannels:\n  chat: {friendlyName: Our Chat}\n",
        (3, "taskChannels.chat", "the workspace comes with 'chat'"),
    ),
    "a unique name with a hyphen": (
        "taskChannels:\n  callback: {uniqueName: call-back}\n",
        (3, "taskChannels.callback.uniqueName", "hyphens break expressions"),
    ),
    "equal unique names": (
        "taskChannels:\n  other: {friendlyName: Other, uniqueName: Callback}\n",
        (3, "taskChannels.other.uniqueName", "is already that of 'callback'"),
    ),
    "keys that name one resource": (
        "functions:\n  variables: {RATE_LIMIT: a, RATE__LIMIT: b}\n",
        (3, "functions.variables.RATE__LIMIT", "differs from 'RATE_LIMIT'"),
    ),
    "plain http": (
        "workflows:\n  voice:\n    assignmentCallbackUrl: http://example.com/\n",
        (4, "workflows.voice.assignmentCallbackUrl", "must be an https address"),
    ),
    "a path that is none": (
        "workflows:\n  voice:\n    assignmentCallbackUrl: event-handler\n",
        (4, "workflows.voice.assignmentCallbackUrl", "or the path of a function of this stack"),
    ),
    "an address without scheme": (
        "workflows:\n  voice:\n    assignmentCallbackUrl: //example.com/x\n",
        (4, "workflows.voice.assignmentCallbackUrl", "or the path of a function of this stack"),
    ),
    "a path with a blank": (
        "workflows:\n  voice:\n    assignmentCallbackUrl: /event handler\n",
        (4, "workflows.voice.assignmentCallbackUrl", "or the path of a function of this stack"),
    ),
    "a path that ends a line": (
        "workflows:\n  voice:\n    assignmentCallbackUrl: |\n      /nowhere\n",
        (4, "workflows.voice.assignmentCallbackUrl", "or the path of a function of this stack"),
    ),
    "an address with a blank": (
        "workflows:\n  voice:\n    assignmentCallbackUrl: https://example.com/a b\n",
        (4, "workflows.voice.assignmentCallbackUrl", "must be an https address"),
    ),
    "a function that is not there": (
        "workflows:\n  voice:\n    assignmentCallbackUrl: /event-handle#rc=2\n",
        (
            4,
            "workflows.voice.assignmentCallbackUrl",
            "there is no function '/event-handle' in functions/functions; did you mean '/event-",
        ),
    ),
    "a private function": (
        "workflows:\n  voice:\n    assignmentCallbackUrl: /lib/batch/signing\n",
        (
            4,
            "workflows.voice.assignmentCallbackUrl",
            "the function '/lib/batch/signing' is private",
        ),
    ),
    "a file's name for a function": (
        "workflows:\n  voice:\n    assignmentCallbackUrl: /event-handler.protected\n",
        (4, "workflows.voice.assignmentCallbackUrl", "did you mean '/event-handler'?"),
    ),
    "a fallback function that is not there": (
        f"{ASKING}    fallbackAssignmentCallbackUrl: /nowhere?a=1\n",
        (5, "workflows.voice.fallbackAssignmentCallbackUrl", "there is no function '/nowhere'"),
    ),
    "a fallback to nothing": (
        "workflows:\n  voice:\n    fallbackAssignmentCallbackUrl: https://example.com/\n",
        (4, "workflows.voice.fallbackAssignmentCallbackUrl", "no assignmentCallbackUrl"),
    ),
    "a queue expression that does not parse": (
        "taskQueues:\n  sales:\n    targetWorkers: routing.skills HAS\n",
        (4, "taskQueues.sales.targetWorkers", "the expression ends too early"),
    ),
    "a queue expression with a prefix": (
        "taskQueues:\n  sales:\n    targetWorkers: worker.routing.skills HAS 'sales'\n",
        (4, "taskQueues.sales.targetWorkers", "'worker.routing.skills' is out of place"),
    ),
    "a filter expression that does not parse": (
        FILTERS + "      - {friendlyName: A, expression: topic = = 1, targets: [{queue: sales}]}\n",
        (5, "workflows.voice.filters[0].expression", "write =="),
    ),
    "a target expression without prefix": (
        ONE_FILTER + "{queue: sales, expression: level > 1}\n",
        (8, "workflows.voice.filters[0].targets[0].expression", "'level' is out of place"),
    ),
    "a skipIf about something else": (
        ONE_FILTER + "{queue: sales, timeout: 1, skipIf: task.a == 1}\n",
        (8, "workflows.voice.filters[0].targets[0].skipIf", "'task.a' is out of place"),
    ),
    "an orderBy that is not one": (
        ONE_FILTER + "{queue: sales, orderBy: level up}\n",
        (8, "workflows.voice.filters[0].targets[0].orderBy", "orderBy lists worker attributes"),
    ),
    "a first target without queue": (
        ONE_FILTER + "{priority: 1}\n",
        (8, "workflows.voice.filters[0].targets[0]", "'queue' is missing"),
    ),
    "a target nobody reaches": (
        ONE_FILTER + "{queue: sales}\n          - {queue: everyone}\n",
        (9, "workflows.voice.filters[0].targets[1]", "targets[0] before it has neither timeout"),
    ),
    "a filter nobody reaches": (
        two_filters("friendlyName: A, expression: 1 == 1", "friendlyName: B, expression: a == 1"),
        (6, "workflows.voice.filters[1]", "the filter of line 5 takes every task"),
    ),
    "two filters of one name": (
        two_filters("friendlyName: A, expression: a == 1", "friendlyName: a, expression: a == 2"),
        (6, "workflows.voice.filters[1].friendlyName", "already the name of the filter of line 5"),
    ),
    "two known workers": (
        ONE_FILTER + "{queue: sales, knownWorkerSid: task.a, knownWorkerFriendlyName: task.b}\n",
        (8, "workflows.voice.filters[0].targets[0]", "not both"),
    ),
    "a workflow that routes nothing": (
        "workflows:\n  empty: {friendlyName: Empty}\n",
        (3, "workflows.empty", "a workflow needs filters, a defaultQueue, or both"),
    ),
    "an event Twilio does not have": (
        "eventCallback:\n  url: https://example.com/\n  events:\n    - worker.attributes.updated\n",
        (
            5,
            "eventCallback.events[0]",
            "is not known; did you mean 'worker.attributes.update'?",
        ),
    ),
    "an event twice": (
        "eventCallback: {url: 'https://example.com/', events: [worker.created, worker.created]}\n",
        (2, "eventCallback.events", "has non-unique elements"),
    ),
    "an event the sync cannot do without": (
        "eventCallback: {events: [task-queue.created, worker.created, worker.attributes.update]}\n",
        (
            2,
            "eventCallback.events",
            "sync also needs task-queue.deleted, task-queue.expression.updated",
        ),
    ),
    "a variable of the deployment": (
        "functions: {variables: {BATCH_SECRET: x}}\n",
        (2, "functions.variables.BATCH_SECRET", "is set by the deployment itself"),
    ),
    "a variable of Twilio": (
        "functions: {variables: {AUTH_TOKEN: x}}\n",
        (2, "functions.variables.AUTH_TOKEN", "is set by Twilio"),
    ),
    "a variable's name": (
        "functions: {variables: {lower: x}}\n",
        (2, "functions.variables.lower", "a variable's name is upper-case"),
    ),
    "a variable too long": (
        "functions: {variables: {LONG: " + "é" * 300 + "}}\n",
        (2, "functions.variables.LONG", "is longer than 450 bytes"),
    ),
    "a version that moves": (
        "functions: {dependencies: {twilio: ^5.0.0}}\n",
        (2, "functions.dependencies.twilio", "must be an exact version"),
    ),
    "yes": (
        "eventCallback: {takeOver: yes}\n",
        (2, "eventCallback.takeOver", "YAML reads yes as a boolean"),
    ),
    "on as a key": ("on: 1\n", (2, "on", "YAML reads the key on as a boolean; put it in quotes")),
    "a number as a key": (
        "taskQueues: {7: {}}\n",
        (2, "taskQueues.7", "YAML reads the key 7 as a number; put"),
    ),
    "a sexagesimal number": (
        "postDeploy: {eventTimeoutSeconds: 1:30}\n",
        (2, "postDeploy.eventTimeoutSeconds", "a number in a special notation"),
    ),
    "a date": (
        "sync: {friendlyName: 2026-11-21}\n",
        (2, "sync.friendlyName", "YAML reads 2026-11-21 as a date"),
    ),
    "a key twice": (
        "sync:\n  friendlyName: A\n  friendlyName: B\n",
        (4, "sync.friendlyName", "is given twice, first in line 3"),
    ),
    "a merge key": (
        "sync: &a {friendlyName: A}\npostDeploy:\n  <<: *a\n",
        (4, "postDeploy", "'<<' is not supported"),
    ),
    "an alias of itself": (
        "workflows: &a\n  voice: *a\n",
        (3, "workflows.voice", "an alias contains itself"),
    ),
    "a tag": ("sync: {friendlyName: !env NAME}\n", (2, "sync.friendlyName", "the tag !env has no")),
}


def problems_of(directory: Path, **files: str) -> list[str]:
    """Write `files` (name without `.yaml` -> text) and return what is said of the last one."""
    for name, text in files.items():
        (directory / f"{name}.yaml").write_text(text, "utf-8")
    with pytest.raises(DefinitionError) as refused:
        load(Path(f"{name}.yaml"))
    return str(refused.value).splitlines()


@pytest.fixture(autouse=True)
def _inside_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(("layer", "expected"), OVER_SOUND.values(), ids=OVER_SOUND.keys())
def test_a_mistake_is_reported_where_it_was_made(
    tmp_path: Path, layer: str, expected: tuple[int | str, ...]
) -> None:
    """One mistake in a layer gives exactly one problem, at its file, line and path."""
    file, line, path, words = expected if len(expected) == 4 else ("layer.yaml", *expected)

    said = problems_of(tmp_path, sound=SOUND, layer=f"extends: sound.yaml\n{layer}")

    assert len(said) == 1, said
    assert said[0].startswith(f"{file}:{line}: {path}{': ' if path else ''}")
    assert str(words) in said[0]


def test_all_mistakes_are_reported_at_once_in_order(tmp_path: Path) -> None:
    """Problems of form, of the schema and across sections appear together, by file and line."""
    layer = (
        "extends: sound.yaml\n"
        "workflows: {voice: {defaultQueue: nobody}}\n"
        "taskQueues:\n"
        "  sales: {maxReservedWorkers: 60}\n"
        "  more: {friendlyName: on}\n"
        "  everyone: null\n"
    )

    said = problems_of(tmp_path, sound=SOUND, layer=layer)

    assert [line.rsplit(":", 1)[0] for line in said] == [
        "layer.yaml:2: workflows.voice.defaultQueue",
        "layer.yaml:4: taskQueues.sales.maxReservedWorkers",
        "layer.yaml:5: taskQueues.more.friendlyName",
        "sound.yaml:21: workflows.voice.filters[0].targets[1].queue",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "x.yaml:1: the file is empty"),
        ("# nothing\n", "x.yaml:1: the file is empty"),
        ("- a\n", "x.yaml:1: a definition is a mapping of keys to values"),
        ("a: 1\n\tb: 2\n", "x.yaml:2: is not YAML: "),
        ("a:\n\tb: 2\n", "x.yaml:2: is not YAML: a tab stands where YAML needs spaces"),
        ("a: [1\n", "x.yaml:2: is not YAML: "),
        ("a: 1\n---\nb: 2\n", "x.yaml:2: is not YAML: expected a single document"),
        ("a: *b\n", "x.yaml:1: is not YAML: found undefined alias"),
        ("a: \x01\n", "x.yaml:1: is not YAML: "),
    ],
    ids=["empty", "comment", "list", "tab", "tab first", "open", "two", "alias", "control"],
)
def test_a_file_that_is_no_definition_is_refused(tmp_path: Path, text: str, expected: str) -> None:
    """What cannot be read as one YAML mapping is refused with the line it breaks at."""
    said = problems_of(tmp_path, x=text)

    assert len(said) == 1
    assert said[0].startswith(expected), said


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    """Bytes that are not UTF-8 are named as such."""
    (tmp_path / "x.yaml").write_bytes(b"a: \xff\n")

    with pytest.raises(DefinitionError, match=r"x\.yaml:1: cannot be read as UTF-8"):
        load(Path("x.yaml"))


def test_a_missing_file_is_named() -> None:
    """A stack without a definition is told which file it lacks."""
    with pytest.raises(DefinitionError, match=r"gone\.yaml:1: there is no such file"):
        load(Path("gone.yaml"))


def test_aliases_that_explode_are_refused(tmp_path: Path) -> None:
    """A small file whose aliases expand without end stops before memory does."""
    rows = ["a0: &a0 [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 8)]

    said = problems_of(tmp_path, x="\n".join(rows))

    assert "aliases expand to more than" in said[-1]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"x": "extends: x.yaml\n"}, "x.yaml:1: extends: goes in a circle: x.yaml -> x.yaml"),
        (
            {"a": "# a\nextends: x.yaml\n", "x": "extends: a.yaml\n"},
            "a.yaml:2: extends: goes in a circle: x.yaml -> a.yaml -> x.yaml",
        ),
        ({"x": "extends: none.yaml\n"}, "x.yaml:1: extends: there is no file none.yaml"),
        ({"x": "extends: [a, b]\n"}, "x.yaml:1: extends: must name one file, such as base.yaml"),
    ],
    ids=["itself", "each other", "missing", "two"],
)
def test_an_extends_that_leads_nowhere_is_refused(
    tmp_path: Path, files: dict[str, str], expected: str
) -> None:
    """Circles, missing files and several bases are refused at the line that names them."""
    assert problems_of(tmp_path, **files) == [expected]


def test_the_base_is_sound(tmp_path: Path) -> None:
    """The definition that the table of mistakes builds on has none of its own."""
    (tmp_path / "sound.yaml").write_text(SOUND, "utf-8")

    assert set(load(Path("sound.yaml")).task_queues) == {"sales", "everyone"}


@pytest.mark.parametrize(
    "text",
    ["a: " + "[" * 5000 + "]" * 5000, "a: " + "{a: " * 3000 + "1" + "}" * 3000],
    ids=["lists", "maps"],
)
def test_bottomless_nesting_is_one_line(tmp_path: Path, text: str) -> None:
    """A file no reader can follow is a problem of the file, not a crash."""
    file = tmp_path / "deep.yaml"
    file.write_text(text)

    with pytest.raises(DefinitionError, match="nested too deeply"):
        load(file)
