"""Check what no schema can say: references, names, events and limits across the definition."""

from collections.abc import Iterator

from components.definition.building import unique_name
from components.definition.cursor import Cursor
from components.definition.expressions import TARGET_WORKERS, expression_problems
from components.definition.model import FLEX
from components.definition.problems import Problem, near
from components.definition.source import Entries, plain
from components.definition.workflow_checks import workflow_problems
from components.naming import child
from taskrouter_ops.functions_environment import BATCH_SECRET
from taskrouter_ops.target import SYNC_EVENTS

OWN_VARIABLES = ("TWILIO_FLEX_WORKSPACE_SID", "TWILIO_FLEX_SYNC_SID", BATCH_SECRET)
PLATFORM_VARIABLES = ("ACCOUNT_SID", "AUTH_TOKEN", "DOMAIN_NAME", "SERVICE_SID", "ENVIRONMENT_SID")

# A new workspace and Flex's own come with these; a namesake would be refused at creation.
# Source: TaskRouter Activity and multitasking pages, Flex routing concepts; assumed complete.
READY_MADE = {
    "activities": {"Offline", "Unavailable", "Available"},
    "taskChannels": {"default", "voice", "chat", "sms", "video"},
    "taskQueues": set[str](),
    "workflows": set[str](),
}
FLEX_MADE = {
    "activities": {"Break"},
    "taskChannels": set[str](),
    "taskQueues": {"Everyone"},
    "workflows": {"Assign to Anyone"},
}
VARIABLE_BYTES = 450
NAMED_BY_KEY = (
    ("activities",),
    ("taskChannels",),
    ("taskQueues",),
    ("workflows",),
    ("functions", "variables"),
)


def cross_problems(definition: Entries) -> Iterator[Problem]:
    """Yield every problem of a merged definition that only shows across its parts."""
    root = Cursor(definition)
    yield from _activity_references(root)
    yield from _target_workers(root)
    for section in READY_MADE:
        yield from _name_problems(root, section)
    yield from _unique_name_problems(root)
    for path in NAMED_BY_KEY:
        yield from _key_problems(root, path)
    yield from workflow_problems(root)
    yield from _event_problems(root)
    yield from _variable_problems(root)


def _activity_references(root: Cursor) -> Iterator[Problem]:
    known = {activity.key for activity in root.below("activities")}
    workspace = root.get("workspace")
    named = list(workspace.texts("defaultActivity", "timeoutActivity")) if workspace else []
    for queue in root.below("taskQueues"):
        named.extend(queue.texts("reservationActivity", "assignmentActivity"))
    for reference, key in named:
        if key not in known:
            yield reference.problem(f"there is no activity '{key}'{near(key, known)}")


def _target_workers(root: Cursor) -> Iterator[Problem]:
    for queue in root.below("taskQueues"):
        for cursor, text in queue.texts("targetWorkers"):
            yield from map(cursor.problem, expression_problems(text, TARGET_WORKERS))


def _name_problems(root: Cursor, section: str) -> Iterator[Problem]:
    """Find friendly names that differ from another one by case at most."""
    there = {name.casefold(): name for name in _names_already_there(root, section)}
    first: dict[str, Cursor] = {}
    for entry in root.below(section):
        for cursor, name in entry.texts("friendlyName", "existing"):
            folded = name.casefold()
            if cursor.key == "friendlyName" and folded in there:
                yield cursor.problem(_ready_made(there[folded]))
            elif folded in first:
                yield cursor.problem(_twice(name, first[folded]))
            first.setdefault(folded, cursor)


def _key_problems(root: Cursor, section: tuple[str, ...]) -> Iterator[Problem]:
    """Find keys that would give two resources one name in the stack's state."""
    first: dict[str, Cursor] = {}
    for entry in root.below(*section):
        other = first.setdefault(child("", str(entry.key)), entry)
        if other is not entry:
            yield entry.problem(
                f"differs from '{other.key}' ({other.value.place.file}:{other.value.place.line})"
                " in case or punctuation only: their resources would have the same name"
            )


def _names_already_there(root: Cursor, section: str) -> set[str]:
    workspace = root.get("workspace", "existing")
    adopted_flex = workspace is not None and workspace.text == FLEX
    return READY_MADE[section] | (FLEX_MADE[section] if adopted_flex else set())


def _ready_made(name: str) -> str:
    return f"the workspace comes with '{name}'; refer to it by 'existing: {name}'"


def _twice(name: str, first: Cursor) -> str:
    place = first.value.place
    other = first.path[-2]
    return f"'{name}' is already the name of '{other}' ({place.file}:{place.line}), case aside"


def _unique_name_problems(root: Cursor) -> Iterator[Problem]:
    first: dict[str, Cursor] = {}
    for channel in root.below("taskChannels"):
        entry = plain(channel.value)
        if not isinstance(entry, dict) or "existing" in entry:
            continue
        name = unique_name(channel.key, entry)
        cursor = channel.get("uniqueName") or channel
        if name.casefold() in READY_MADE["taskChannels"]:
            yield cursor.problem(_ready_made(name.casefold()))
        elif name.casefold() in first:
            other = first[name.casefold()].key
            yield cursor.problem(f"the unique name '{name}' is already that of '{other}'")
        first.setdefault(name.casefold(), channel)


def _event_problems(root: Cursor) -> Iterator[Problem]:
    events = root.get("eventCallback", "events")
    if events is None or root.get("eventCallback", "url") is not None:
        return
    given = {event.text for event in events.below()}
    missing = [event for event in SYNC_EVENTS if event not in given]
    if missing:
        yield events.problem(f"the worker-queue sync also needs {', '.join(missing)}")


def _variable_problems(root: Cursor) -> Iterator[Problem]:
    for variable in root.below("functions", "variables"):
        if variable.key in OWN_VARIABLES:
            yield variable.problem("is set by the deployment itself; take it out")
        elif variable.key in PLATFORM_VARIABLES:
            yield variable.problem("is set by Twilio; take it out")
        elif len((variable.text or "").encode()) > VARIABLE_BYTES:
            yield variable.problem(f"is longer than {VARIABLE_BYTES} bytes")
