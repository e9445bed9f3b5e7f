"""The engine's side of the protocol: a plugin in this process, spoken to over real gRPC."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from pulumi_twilio.declarations.special import reveal
from pulumi_twilio.provider.__main__ import serve
from pulumi_twilio.provider.codec import decode, encode
from pulumi_twilio.provider.servicer import TwilioProvider

Values = dict[str, Any]
_KINDS = provider_pb2.PropertyDiff.Kind


class Failed(Exception):
    """The plugin answered with an error; `unfinished` is what it kept of a half-done create."""

    def __init__(self, error: grpc.RpcError) -> None:
        """Read the status."""
        super().__init__(error.details())
        self.unfinished = _unfinished(error)


class CheckFailed(Exception):
    """Check refused the inputs: (property path, reason) pairs."""

    def __init__(self, failures: list[tuple[str, str]]) -> None:
        """Keep the failures."""
        super().__init__(str(failures))
        self.failures = failures


@dataclass(frozen=True)
class Diff:
    """A diff by property path: {"configuration.a[1]": "UPDATE"}."""

    paths: dict[str, str]
    replaces: list[str]
    delete_before_replace: bool

    @property
    def changed(self) -> bool:
        """Tell whether there is any difference."""
        return bool(self.paths)


@dataclass(frozen=True)
class Resource:
    """A resource as the engine's state has it; values may carry secret wrappers."""

    type: str
    id: str
    inputs: Values
    outputs: Values


class Plugin:
    """Speaks the protocol as the engine does."""

    def __init__(self, stub: provider_pb2_grpc.ResourceProviderStub) -> None:
        """Use a connection."""
        self.stub = stub

    def configure(self, config: Mapping[str, str]) -> None:
        """Check the configuration, then configure."""
        news = self.check_config(config)
        _answer(self.stub.Configure, provider_pb2.ConfigureRequest(args=encode(news)))

    def check_config(self, config: Mapping[str, str]) -> Values:
        """Check the configuration. Raises: CheckFailed."""
        request = provider_pb2.CheckRequest(urn=urn("pulumi:providers:twilio"))
        request.news.CopyFrom(encode(dict(config)))
        return _checked(_answer(self.stub.CheckConfig, request))

    def check(self, type_: str, inputs: Values) -> Values:
        """Check inputs. Raises: CheckFailed."""
        request = provider_pb2.CheckRequest(urn=urn(type_), news=encode(inputs))
        return _checked(_answer(self.stub.Check, request))

    def diff(self, old: Resource, inputs: Values) -> Diff:
        """Compare a resource with new inputs, checked first."""
        request = provider_pb2.DiffRequest(
            id=old.id,
            urn=urn(old.type),
            olds=encode(old.outputs),
            old_inputs=encode(old.inputs),
            news=encode(self.check(old.type, inputs)),
        )
        answer = _answer(self.stub.Diff, request)
        order = {name: place for place, name in enumerate(answer.diffs)}
        in_order = sorted(answer.detailedDiff, key=lambda path: (order[_top_level(path)], path))
        paths = {path: _KINDS.Name(answer.detailedDiff[path].kind) for path in in_order}
        some = answer.changes == provider_pb2.DiffResponse.DIFF_SOME
        assert some == bool(paths)
        return Diff(paths, list(answer.replaces), answer.deleteBeforeReplace)

    def create(self, type_: str, inputs: Values, name: str = "one") -> Resource:
        """Check and create. Raises: CheckFailed, Failed."""
        checked = self.check(type_, inputs)
        request = provider_pb2.CreateRequest(urn=urn(type_, name), properties=encode(checked))
        answer = _answer(self.stub.Create, request)
        return Resource(type_, answer.id, checked, decode(answer.properties))

    def preview_create(self, type_: str, inputs: Values) -> Values:
        """Show what a create would give."""
        checked = self.check(type_, inputs)
        request = provider_pb2.CreateRequest(
            urn=urn(type_), properties=encode(checked), preview=True
        )
        return decode(_answer(self.stub.Create, request).properties)

    def update(self, old: Resource, inputs: Values) -> Resource:
        """Check and update. Raises: CheckFailed, Failed."""
        checked = self.check(old.type, inputs)
        answer = _answer(self.stub.Update, self._update_request(old, checked))
        return Resource(old.type, old.id, checked, decode(answer.properties))

    def preview_update(self, old: Resource, inputs: Values) -> Values:
        """Show what an update would give."""
        request = self._update_request(old, self.check(old.type, inputs))
        request.preview = True
        return decode(_answer(self.stub.Update, request).properties)

    def read(self, old: Resource) -> Resource | None:
        """Refresh; None when it is gone."""
        request = provider_pb2.ReadRequest(
            id=old.id,
            urn=urn(old.type),
            inputs=encode(old.inputs),
            properties=encode(old.outputs),
        )
        return self._read(old.type, request)

    def import_(self, type_: str, id_: str) -> Resource | None:
        """Read by id alone."""
        return self._read(type_, provider_pb2.ReadRequest(id=id_, urn=urn(type_)))

    def delete(self, old: Resource, timeout: float = 0) -> None:
        """Delete. Raises: Failed."""
        request = provider_pb2.DeleteRequest(
            id=old.id,
            urn=urn(old.type),
            properties=encode(old.outputs),
            old_inputs=encode(old.inputs),
            timeout=timeout,
        )
        _answer(self.stub.Delete, request)

    def invoke(self, function: str, arguments: Values) -> Values:
        """Look something up. Raises: CheckFailed, Failed."""
        request = provider_pb2.InvokeRequest(tok=function, args=encode(arguments))
        answer = _answer(self.stub.Invoke, request)
        _raise_failures(answer.failures)
        return decode(getattr(answer, "return"))

    def cancel(self) -> None:
        """Cancel what waits."""
        _answer(self.stub.Cancel, empty_pb2.Empty())

    def _read(self, type_: str, request: provider_pb2.ReadRequest) -> Resource | None:
        answer = _answer(self.stub.Read, request)
        if not answer.id:
            return None
        return Resource(type_, answer.id, decode(answer.inputs), decode(answer.properties))

    def _update_request(self, old: Resource, checked: Values) -> provider_pb2.UpdateRequest:
        return provider_pb2.UpdateRequest(
            id=old.id,
            urn=urn(old.type),
            olds=encode(old.outputs),
            old_inputs=encode(old.inputs),
            news=encode(checked),
        )


@contextmanager
def running_plugin() -> Iterator[Plugin]:
    """Serve an unconfigured plugin on a free port for the length of the block."""
    server, port = serve(TwilioProvider("1.2.3"))
    try:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield Plugin(provider_pb2_grpc.ResourceProviderStub(channel))
    finally:
        server.stop(grace=None).wait()


def urn(type_: str, name: str = "one") -> str:
    """Make a resource's URN."""
    return f"urn:pulumi:test::project::{type_}::{name}"


def _top_level(path: str) -> str:
    return path.partition(".")[0].partition("[")[0]


def plain(values: Values) -> Values:
    """Take secret wrappers off."""
    revealed: Values = reveal(values)
    return revealed


def _answer(method: Any, request: Any) -> Any:
    try:
        return method(request)
    except grpc.RpcError as error:
        raise Failed(error) from None


def _checked(answer: provider_pb2.CheckResponse) -> Values:
    _raise_failures(answer.failures)
    return decode(answer.inputs)


def _raise_failures(failures: Any) -> None:
    if failures:
        raise CheckFailed([(each.property, each.reason) for each in failures])


def _unfinished(error: grpc.RpcError) -> provider_pb2.ErrorResourceInitFailed | None:
    metadata = dict(error.trailing_metadata() or ())
    if "grpc-status-details-bin" not in metadata:
        return None
    status = status_pb2.Status.FromString(metadata["grpc-status-details-bin"])
    details = provider_pb2.ErrorResourceInitFailed()
    status.details[0].Unpack(details)
    return details
