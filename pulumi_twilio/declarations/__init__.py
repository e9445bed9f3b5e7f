"""The resources and look-ups of this provider, one declaration each.

How to add a resource
---------------------
1. Write `declarations/<resource>.py` with one `Declaration` (see `task_queue.py`, the plainest
   one, and `model.py`, where every field is explained).
2. Add the module's name and the constant's name to `_RESOURCES` below.
3. Run `python -m pulumi_twilio.generate`, which writes `schema.json`, the typed classes in
   `pulumi_twilio/resources/` and the page in `docs/resources/`, and commit what it wrote.
4. Its `example` makes the lifecycle tests run it through every verb; write a test of your own
   for what is special about it.

A plain resource needs nothing more. Where Twilio's verbs differ, the declaration brings its
own functions; each gets a `Call` (client, inputs, old inputs, state, id, patience) and may use
the plain verbs of `crud`:

- `create(call) -> Created(id, values)`. Once Twilio has made something, an error must not lose
  it: raise `PartlyCreated(created, reason)`.
- `read(call) -> values | None`. None means gone; only a 404 does. `call.imported` tells that
  nothing but the id is known. Values are by schema names, inputs and outputs alike; what is
  left out counts as unset. Outputs that only state knows are copied from `call.state`.
- `update(call) -> values`, as of a read. `wire.update_form(declaration, call.old_inputs,
  call.inputs)` gives what changed and clears what was removed.
- `delete(call) -> None`. A 404 is done.

Values are plain Python (secrets in clear, an asset is an `Asset`, a set of strings a sorted
list). Verbs are never called in a preview, and never with unknown values. Errors are
`TwilioError` from the client or `Refused("what, on which resource, why, what to do")`.

Look-ups come from `lookup_for(DECLARATION)`, or are a `Lookup` of their own.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module

from pulumi_twilio.declarations.model import Declaration, Lookup

_RESOURCES = (
    ("workspace", "WORKSPACE"),
    ("workspace_settings", "WORKSPACE_SETTINGS"),
    ("event_callback", "EVENT_CALLBACK"),
    ("activity", "ACTIVITY"),
    ("task_channel", "TASK_CHANNEL"),
    ("task_queue", "TASK_QUEUE"),
    ("workflow", "WORKFLOW"),
    ("worker", "WORKER"),
    ("worker_queue_attributes", "WORKER_QUEUE_ATTRIBUTES"),
    ("release", "RELEASE"),
    ("sync_service", "SYNC_SERVICE"),
    ("serverless.service", "SERVICE"),
    ("serverless.environment", "ENVIRONMENT"),
    ("serverless.variable", "VARIABLE"),
    ("serverless.function", "FUNCTION"),
    ("serverless.asset", "ASSET"),
    ("serverless.build", "BUILD"),
    ("serverless.deployment", "DEPLOYMENT"),
)

_LOOKED_UP = (
    "twilio:taskrouter:Workspace",
    "twilio:taskrouter:Activity",
    "twilio:taskrouter:TaskChannel",
    "twilio:taskrouter:TaskQueue",
    "twilio:taskrouter:Workflow",
    "twilio:taskrouter:Worker",
    "twilio:sync:Service",
    "twilio:serverless:Service",
    "twilio:serverless:Environment",
)


@cache
def declarations() -> dict[str, Declaration]:
    """Return all resources by type, in the order of the reference."""
    loaded = [_load(module, constant) for module, constant in _RESOURCES]
    return {each.type: each for each in loaded}


@cache
def lookups() -> dict[str, Lookup]:
    """Return all look-ups by name."""
    from pulumi_twilio.declarations.flex_configuration import FLEX_CONFIGURATION
    from pulumi_twilio.declarations.lookup import lookup_for

    by_resource = [lookup_for(declarations()[each]) for each in _LOOKED_UP]
    return {each.name: each for each in (*by_resource, FLEX_CONFIGURATION)}


def _load(module: str, constant: str) -> Declaration:
    value = getattr(import_module(f"{__name__}.{module}"), constant)
    if not isinstance(value, Declaration):
        raise TypeError(f"{module}.{constant} is not a Declaration")
    return value
