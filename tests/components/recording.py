"""Run the program without engine or provider and keep what it registered: the graph's shape."""

from __future__ import annotations

import runpy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime.mocks import MockMonitor

PROJECT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Registered:
    """One registration as the engine would have received it."""

    urn: str
    type: str
    name: str
    parent: str
    dependencies: frozenset[str]
    inputs: Mapping[str, Any] = field(compare=False)


class _Answers(pulumi.runtime.Mocks):
    """Give every resource an id and the outputs its dependents use; answer every look-up."""

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        outputs = {"sid": f"{args.name}-sid", "versionSid": f"{args.name}-version"}
        return f"{args.name}-id", {**args.inputs, **outputs, "domainName": "centre.twil.io"}

    def call(self, args: pulumi.runtime.MockCallArgs) -> Any:
        found = {"id": "found", "sid": "found-sid", "workspaceSid": "WS", "friendlyName": "found"}
        if args.token == "twilio:flex:getConfiguration":
            return {"accountSid": "AC", "taskrouterWorkspaceSid": "flex-workspace-sid"}
        unique = {"uniqueName": "found"} if args.token.endswith("getTaskChannel") else {}
        return {**found, **unique}


class _Recorder(MockMonitor):
    """Keeps the requests, dependencies included, that the plain mocks throw away."""

    def __init__(self) -> None:
        super().__init__(_Answers())
        self.registered: list[Registered] = []

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the protocol's name
        answer: Any = super().RegisterResource(request)  # type: ignore[no-untyped-call]
        inputs = pulumi.runtime.rpc.deserialize_properties(request.object)
        self.registered.append(
            Registered(
                urn=answer.urn,
                type=request.type,
                name=request.name,
                parent=request.parent,
                dependencies=frozenset(request.dependencies),
                inputs=inputs,
            )
        )
        return answer


class Graph:
    """Everything that a run of the program registered."""

    def __init__(self, registered: list[Registered]) -> None:
        self.resources = {each.urn: each for each in registered}

    def of_type(self, suffix: str) -> list[Registered]:
        """List the resources whose type ends so, e.g. `:TaskQueue`."""
        return [each for each in self.resources.values() if each.type.endswith(suffix)]

    def one(self, suffix: str) -> Registered:
        """Return the only resource of a type."""
        (only,) = self.of_type(suffix)
        return only

    def named(self, suffix: str, name: str) -> Registered:
        """Return the resource of a type and a logical name."""
        (only,) = [each for each in self.of_type(suffix) if each.name == name]
        return only

    def comes_after(self, later: Registered, earlier: Registered) -> bool:
        """Whether `later` is created after `earlier`, and so removed before it."""
        return earlier.urn in set(self._all_before(later, set()))

    def _all_before(self, resource: Registered, seen: set[str]) -> Iterator[str]:
        """Yield dependencies and parents, near and far: the engine orders by both."""
        for urn in (resource.dependencies | {resource.parent}) - seen:
            seen.add(urn)
            yield urn
            if urn in self.resources:
                yield from self._all_before(self.resources[urn], seen)


def run_program(stack: str, definition: Path | None = None) -> Graph:
    """Run `__main__.py` for a stack, with another definition if one is given."""
    recorder = _Recorder()
    pulumi.runtime.set_mocks(_Answers(), "contact-centre", stack, monitor=recorder)
    config = {} if definition is None else {"contact-centre:definition": str(definition)}
    pulumi.runtime.set_all_config(config)

    program = str(PROJECT / "__main__.py")
    until_settled: Any = pulumi.runtime.test
    until_settled(lambda: runpy.run_path(program) and None)()
    return Graph(recorder.registered)
