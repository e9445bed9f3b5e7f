"""How the provider's outcomes are told to the engine, errors above all.

One message for the user, without a traceback and without secrets.
"""

from __future__ import annotations

import functools
import os
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import grpc
from google.protobuf import message
from pulumi.runtime.proto import provider_pb2, status_pb2

from pulumi_twilio.declarations.call import Refused
from pulumi_twilio.declarations.compare import Change
from pulumi_twilio.declarations.model import Failure
from pulumi_twilio.declarations.special import Secret, has_secret, reveal
from pulumi_twilio.provider.trace import traced

if TYPE_CHECKING:
    from pulumi_twilio.provider.diff import PropertyDifference, ResourceDiff

TRACEBACK_VARIABLE = "PULUMI_TWILIO_TRACEBACK"
_STATUS_DETAILS = "grpc-status-details-bin"
_SHORTEST_SECRET = 4

Request = TypeVar("Request", bound=message.Message)
Reply = TypeVar("Reply")


class InitFailed(Exception):
    """A resource exists unfinished; carries what state must keep of it."""

    def __init__(self, details: provider_pb2.ErrorResourceInitFailed) -> None:
        """Keep the details for the status."""
        super().__init__(", ".join(details.reasons))
        self.details = details


def answered(
    method: Callable[[Any, Request], Reply],
) -> Callable[[Any, Request, grpc.ServicerContext], Reply]:
    """Make a protocol method of a function: its errors become statuses, never tracebacks."""

    @functools.wraps(method)
    def answer(self: Any, request: Request, context: grpc.ServicerContext) -> Reply:
        try:
            with traced(method.__name__):
                return method(self, request)
        except Exception as error:  # noqa: BLE001 a plugin that dies loses the user's update
            _abort(context, error, method.__name__, secrets_in(request))

    return answer


def _abort(
    context: grpc.ServicerContext, error: Exception, method: str, secrets: set[str]
) -> NoReturn:
    from twilio_client import TwilioError

    if isinstance(error, InitFailed):
        _abort_unfinished(context, error, secrets)
    if isinstance(error, (Refused, TwilioError)):
        context.abort(grpc.StatusCode.UNKNOWN, redacted(str(error), secrets))
    if os.environ.get(TRACEBACK_VARIABLE):
        traceback.print_exception(error, file=sys.stderr)
    fault = redacted(f"{type(error).__name__}: {error}", secrets)
    hint = f"set {TRACEBACK_VARIABLE}=1 to see where, and report it"
    context.abort(
        grpc.StatusCode.INTERNAL, f"fault in the Twilio provider ({method}): {fault}; {hint}"
    )


def _abort_unfinished(
    context: grpc.ServicerContext, error: InitFailed, secrets: set[str]
) -> NoReturn:
    reasons = [redacted(reason, secrets) for reason in error.details.reasons]
    del error.details.reasons[:]
    error.details.reasons.extend(reasons)
    code, text = grpc.StatusCode.UNKNOWN, "; ".join(reasons)
    status = status_pb2.Status(code=code.value[0], message=text)
    status.details.add().Pack(error.details)
    context.set_trailing_metadata(((_STATUS_DETAILS, status.SerializeToString()),))
    context.abort(code, text)


def secrets_in(request: message.Message) -> set[str]:
    """Collect the secret texts a request carries, so that no message repeats them."""
    from pulumi_twilio.provider.codec import decode

    found: set[str] = set()
    for field, value in request.ListFields():
        if field.message_type is not None and field.message_type.name == "Struct":
            found |= _secret_texts(decode(value), within=False)
    return found


def _secret_texts(tree: Any, *, within: bool) -> set[str]:
    if isinstance(tree, Secret):
        return _secret_texts(reveal(tree), within=True)
    if isinstance(tree, dict):
        parts: Iterable[Any] = tree.values()
    elif isinstance(tree, list):
        parts = tree
    else:
        return {tree} if within and isinstance(tree, str) else set()
    return {text for part in parts for text in _secret_texts(part, within=within)}


def redacted(text: str, secrets: Iterable[str]) -> str:
    """Replace secret texts in a message (those too short to be one are left alone)."""
    for secret in secrets:
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, "[secret]")
    return text


def check_failures(
    failures: Iterable[Failure], values: Mapping[str, Any] | None = None
) -> list[provider_pb2.CheckFailure]:
    """Tell failures by property path.

    The engine prints the value of the property that a failure names, secret or not; so where
    `values` has a secret under the path, the reason alone names it.
    """
    found = values or {}
    secrets = _secret_texts(found, within=False)
    return [_check_failure(each, found, secrets) for each in failures]


def _check_failure(
    failure: Failure, values: Mapping[str, Any], secrets: set[str]
) -> provider_pb2.CheckFailure:
    top_level = failure.path.partition(".")[0].partition("[")[0]
    if not has_secret(values.get(top_level)):
        return provider_pb2.CheckFailure(property=failure.path, reason=failure.reason)
    reason = f"{failure.path}: {redacted(failure.reason, secrets)}"
    return provider_pb2.CheckFailure(reason=reason)


def diff_response(diff: ResourceDiff) -> provider_pb2.DiffResponse:
    """Tell a diff in full: changed or not, each path, what replaces."""
    changed = bool(diff.differences)
    some, none = provider_pb2.DiffResponse.DIFF_SOME, provider_pb2.DiffResponse.DIFF_NONE
    return provider_pb2.DiffResponse(
        changes=some if changed else none,
        diffs=list(dict.fromkeys(each.top_level for each in diff.differences)),
        replaces=diff.replaces,
        deleteBeforeReplace=diff.delete_before_replace and bool(diff.replaces),
        hasDetailedDiff=changed,
        detailedDiff={each.difference.path: _property_diff(each) for each in diff.differences},
    )


def _property_diff(each: PropertyDifference) -> provider_pb2.PropertyDiff:
    kinds = {
        (Change.ADD, False): provider_pb2.PropertyDiff.ADD,
        (Change.ADD, True): provider_pb2.PropertyDiff.ADD_REPLACE,
        (Change.DELETE, False): provider_pb2.PropertyDiff.DELETE,
        (Change.DELETE, True): provider_pb2.PropertyDiff.DELETE_REPLACE,
        (Change.UPDATE, False): provider_pb2.PropertyDiff.UPDATE,
        (Change.UPDATE, True): provider_pb2.PropertyDiff.UPDATE_REPLACE,
    }
    kind = kinds[each.difference.change, each.replaces]
    return provider_pb2.PropertyDiff(kind=kind, inputDiff=not each.of_output)
