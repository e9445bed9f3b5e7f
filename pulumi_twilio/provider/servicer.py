"""The provider protocol, verb by verb, over the declarations.

Requests run side by side on a thread pool; nothing here is shared between them but the
connection. Plain values go to the declarations, secret wrappers stay here.
"""

from __future__ import annotations

import threading
from functools import partial
from importlib import resources
from typing import Any

from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from pulumi_twilio.declarations import crud, declarations, lookups
from pulumi_twilio.declarations.call import (
    Call,
    Created,
    LookupCall,
    PartlyCreated,
    Patience,
    Refused,
    Values,
)
from pulumi_twilio.declarations.model import Declaration
from pulumi_twilio.declarations.special import has_unknown, reveal
from pulumi_twilio.provider import check, state
from pulumi_twilio.provider.answers import InitFailed, answered, check_failures, diff_response
from pulumi_twilio.provider.codec import decode, encode
from pulumi_twilio.provider.configuration import (
    CONFIGURATION,
    Connection,
    credential_failures,
    moved_failures,
    pinned,
)
from pulumi_twilio.provider.diff import plan_diff
from pulumi_twilio.provider.engine_log import EngineLog

_ENGINE_KEYS = ("version", "pluginDownloadURL")


class TwilioProvider(provider_pb2_grpc.ResourceProviderServicer):
    """Serves one engine."""

    def __init__(self, version: str) -> None:
        """Start unconfigured."""
        self._version = version
        self._cancelled = threading.Event()
        # A cancelled engine waits for nobody: what is left to repeat is tried at once.
        self._connection = Connection(self._cancelled.wait)
        self._replaced: set[str] = set()  # ids whose names a replacement may take
        self._engine = EngineLog()

    @answered
    def Handshake(  # noqa: N802 the protocol's name, here and below
        self, request: provider_pb2.ProviderHandshakeRequest
    ) -> provider_pb2.ProviderHandshakeResponse:
        """Agree on what both sides understand, and learn where the engine listens."""
        self._engine.listen_at(request.engine_address)
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    @answered
    def GetPluginInfo(self, _request: empty_pb2.Empty) -> plugin_pb2.PluginInfo:  # noqa: N802
        """Tell the version."""
        return plugin_pb2.PluginInfo(version=self._version)

    @answered
    def GetSchema(  # noqa: N802
        self, _request: provider_pb2.GetSchemaRequest
    ) -> provider_pb2.GetSchemaResponse:
        """Serve the package schema."""
        text = resources.files("pulumi_twilio").joinpath("schema.json").read_text()
        return provider_pb2.GetSchemaResponse(schema=text)

    @answered
    def CheckConfig(  # noqa: N802
        self, request: provider_pb2.CheckRequest
    ) -> provider_pb2.CheckResponse:
        """Check the configuration and prove the credentials: wrong ones are one failure here."""
        given = decode(request.news)
        engine = {name: given.pop(name) for name in _ENGINE_KEYS if name in given}
        news = check.normalised(CONFIGURATION, given)
        failures = check.failures(CONFIGURATION, reveal(news))
        if not failures and not has_unknown(news):
            failures = moved_failures(reveal(decode(request.olds)), pinned(reveal(news)))
        if not failures and not has_unknown(news):
            self._connection.configure(reveal(news))
            failures = credential_failures(self._connection)
        if failures:
            return provider_pb2.CheckResponse(failures=check_failures(failures, news))
        return provider_pb2.CheckResponse(inputs=encode({**pinned(news), **engine}))

    @answered
    def DiffConfig(  # noqa: N802
        self, request: provider_pb2.DiffRequest
    ) -> provider_pb2.DiffResponse:
        """Compare configurations; in another account every resource is another one."""
        old, new = reveal(decode(request.old_inputs)), reveal(decode(request.news))
        changed = sorted(name for name in {*old, *new} if old.get(name) != new.get(name))
        moved = [name for name in changed if name == "accountSid" and old.get(name)]
        some, none = provider_pb2.DiffResponse.DIFF_SOME, provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(
            changes=some if changed else none, diffs=changed, replaces=moved
        )

    @answered
    def Configure(  # noqa: N802
        self, request: provider_pb2.ConfigureRequest
    ) -> provider_pb2.ConfigureResponse:
        """Take over the configuration; the first operation proves the credentials.

        Proving them here would have the engine repeat the failure for every resource.
        """
        given = reveal(decode(request.args))
        values = {name: value for name, value in given.items() if name not in _ENGINE_KEYS}
        if not has_unknown(values):
            self._connection.configure(values)
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    @answered
    def Invoke(self, request: provider_pb2.InvokeRequest) -> provider_pb2.InvokeResponse:  # noqa: N802
        """Look something up."""
        lookup = lookups().get(request.tok)
        if lookup is None:
            raise Refused(f"there is no function {request.tok} in this provider")
        inputs = reveal(check.normalised(lookup.inputs, decode(request.args)))
        failures = check.failures(lookup.inputs, inputs, lookup.check)
        if failures:
            return provider_pb2.InvokeResponse(failures=check_failures(failures))
        if has_unknown(inputs):
            return provider_pb2.InvokeResponse()
        values = lookup.call(LookupCall(self._connection.client(), inputs))
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(encode(values))
        return response

    @answered
    def Check(self, request: provider_pb2.CheckRequest) -> provider_pb2.CheckResponse:  # noqa: N802
        """Check inputs; nothing is sent to Twilio."""
        declaration = _declaration(request)
        news = check.normalised(declaration.properties, decode(request.news))
        failures = check.failures(
            declaration.properties,
            reveal(news),
            declaration.check,
            # An import checks the very inputs that its read made.
            imported=bool(request.olds.fields) and request.olds == request.news,
        )
        if failures:
            return provider_pb2.CheckResponse(failures=check_failures(failures, news))
        return provider_pb2.CheckResponse(inputs=encode(news))

    @answered
    def Diff(self, request: provider_pb2.DiffRequest) -> provider_pb2.DiffResponse:  # noqa: N802
        """Compare old and new inputs; nothing is sent to Twilio."""
        old_inputs, old_state, inputs = (
            reveal(decode(each)) for each in (request.old_inputs, request.olds, request.news)
        )
        declaration = _declaration(request)
        diff = plan_diff(declaration, old_inputs, old_state, inputs)
        if declaration.moves_aside and diff.replaces:
            self._replaced.add(request.id)
        return diff_response(diff)

    @answered
    def Create(self, request: provider_pb2.CreateRequest) -> provider_pb2.CreateResponse:  # noqa: N802
        """Create a resource, or show what a preview can know of it."""
        declaration, inputs = _declaration(request), decode(request.properties)
        if request.preview:
            shown = state.previewed_create(declaration, inputs)
            return provider_pb2.CreateResponse(
                properties=encode(state.with_secrets(declaration, shown, inputs))
            )
        call = self._call(request, inputs=reveal(inputs))
        try:
            created = (declaration.create or crud.create)(call)
        except PartlyCreated as unfinished:
            raise InitFailed(
                _unfinished(declaration, inputs, unfinished.created, str(unfinished))
            ) from unfinished
        made = _outputs(declaration, inputs, created.values)
        return provider_pb2.CreateResponse(id=created.id, properties=made)

    @answered
    def Read(self, request: provider_pb2.ReadRequest) -> provider_pb2.ReadResponse:  # noqa: N802
        """Read what Twilio has, for a refresh or an import; an empty answer means gone."""
        declaration = _declaration(request)
        inputs, old = decode(request.inputs), decode(request.properties)
        if declaration.parse_id(request.id) is None:
            raise Refused(
                f"read {declaration.title}: {request.id!r} is not an id of the form "
                f"{declaration.id_form} (pulumi import {declaration.type} <name> "
                f"{declaration.id_form})"
            )
        call = self._call(request, inputs=reveal(inputs), state=reveal(old))
        values = (declaration.read or crud.read)(call)
        if values is None:
            return provider_pb2.ReadResponse()
        live = state.live_inputs(declaration, inputs, values, call.imported)
        made = state.outputs(declaration, {**reveal(old), **reveal(live)}, values)
        return provider_pb2.ReadResponse(
            id=request.id,
            inputs=encode(state.with_secrets(declaration, live, inputs)),
            properties=encode(state.with_secrets(declaration, made, live, old)),
        )

    @answered
    def Update(self, request: provider_pb2.UpdateRequest) -> provider_pb2.UpdateResponse:  # noqa: N802
        """Bring a resource in line, or show what a preview can know of it."""
        declaration = _declaration(request)
        old_inputs, old, inputs = (
            decode(each) for each in (request.old_inputs, request.olds, request.news)
        )
        if request.preview:
            plain = (reveal(old_inputs), reveal(old), reveal(inputs))
            shown = state.previewed_update(declaration, *plain)
            made = state.with_secrets(declaration, shown, inputs)
            return provider_pb2.UpdateResponse(properties=encode(made))
        call = self._call(
            request, inputs=reveal(inputs), old_inputs=reveal(old_inputs), state=reveal(old)
        )
        try:
            values = (declaration.update or crud.update)(call)
        except PartlyCreated as unfinished:
            raise InitFailed(
                _unfinished(declaration, inputs, unfinished.created, str(unfinished))
            ) from unfinished
        return provider_pb2.UpdateResponse(properties=_outputs(declaration, inputs, values))

    @answered
    def Delete(self, request: provider_pb2.DeleteRequest) -> empty_pb2.Empty:  # noqa: N802
        """Delete a resource; one that is gone already is done."""
        declaration = _declaration(request)
        inputs, old = reveal(decode(request.old_inputs)), reveal(decode(request.properties))
        (declaration.delete or crud.delete)(self._call(request, inputs=inputs, state=old))
        return empty_pb2.Empty()

    @answered
    def Cancel(self, _request: empty_pb2.Empty) -> empty_pb2.Empty:  # noqa: N802
        """Stop waiting for Twilio; requests already sent are answered."""
        self._cancelled.set()
        return empty_pb2.Empty()

    def _call(self, request: Any, **values: Any) -> Call:
        declaration = _declaration(request)
        waiting = self._connection.delete_seconds
        if not isinstance(request, provider_pb2.DeleteRequest):
            waiting = declaration.wait_seconds or waiting
        seconds = getattr(request, "timeout", 0) or waiting
        return Call(
            client=self._connection.client(),
            declaration=declaration,
            name=request.urn.split("::", 3)[-1],
            component=_component(request.urn),
            id=getattr(request, "id", ""),
            replaced=self._replaced,
            patience=Patience(seconds, self._cancelled.wait),
            warn=partial(self._engine.warn, request.urn),
            **values,
        )


def _declaration(request: Any) -> Declaration:
    """Find the declaration a request is about."""
    token = request.urn.split("::")[2].rsplit("$", 1)[-1]
    declaration = declarations().get(token)
    if declaration is None:
        raise Refused(f"there is no resource {token} in this provider")
    return declaration


def _component(urn: str) -> str:
    """Return the URN of the component a resource is in, without the component's name."""
    stack, project, types, _ = urn.split("::", 3)
    parents = types.rpartition("$")[0]
    return "::".join((stack, project, parents)) if parents else ""


def _outputs(declaration: Declaration, inputs: Values, values: Values) -> Any:
    made = state.outputs(declaration, reveal(inputs), values)
    return encode(state.with_secrets(declaration, made, inputs))


def _unfinished(
    declaration: Declaration, inputs: Values, created: Created, reason: str
) -> provider_pb2.ErrorResourceInitFailed:
    return provider_pb2.ErrorResourceInitFailed(
        id=created.id,
        properties=_outputs(declaration, inputs, created.values),
        inputs=encode(inputs),
        reasons=[reason],
    )
