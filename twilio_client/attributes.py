"""Change a resource's attributes without losing anybody else's change, and none twice.

The caller gives a function attributes -> attributes, not a dict: after a lost race it runs
again on the fresh copy, so a merge is always a merge with what is there now.

A 5xx or a dropped connection says nothing about the write's effect. The resource is read again
and its version tells: unchanged, the write may be repeated under the same If-Match, of which at
most one succeeds; the next one, the attributes tell; further on, `was_applied` is asked.
Agreement: docs/task-attributes.md, An answer that was lost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from twilio_client.attribute_json import (
    ATTRIBUTES_LIMIT,
    Attributes,
    attributes_text,
    parse_attributes,
    read_attributes,
    same,
)
from twilio_client.client import Response, TwilioClient
from twilio_client.errors import (
    AttributesUnreadable,
    NotFound,
    PreconditionFailed,
    ServerFault,
    TwilioError,
    Unreachable,
    UpdateUncertain,
)
from twilio_client.retry import Deadline

__all__ = [
    "ATTRIBUTES_LIMIT",
    "AttributeCopy",
    "AttributeUpdate",
    "Attributes",
    "attributes_text",
    "parse_attributes",
    "read_attributes",
    "update_attributes",
]

Change = Callable[[Attributes], Attributes]
WasApplied = Callable[[Attributes, Attributes], "bool | None"]

# What finding out about a lost answer may take beyond the deadline: without it a write that
# took all the time there was would always end uncertain.
FINDING_OUT_SECONDS = 5.0


@dataclass(frozen=True)
class AttributeCopy:
    """Attributes as JSON text, and the version they belong to."""

    text: str | None
    version: str | None

    def attributes(self, what: str = "") -> Attributes:
        """Parse a copy of one's own. Raises: AttributesUnreadable."""
        return read_attributes(self.text, what=what)


@dataclass(frozen=True)
class AttributeUpdate:
    """How it ended, with the attributes as they are now (empty where it is gone).

    `copy` is what the next update of the same resource can begin with.
    """

    outcome: Literal["updated", "unchanged", "gone"]
    attributes: Attributes
    copy: AttributeCopy | None = None


def update_attributes(
    client: TwilioClient,
    url: str,
    change: Change,
    *,
    what: str = "",
    also: Mapping[str, Any] | None = None,
    deadline_seconds: float = 30.0,
    was_applied: WasApplied | None = None,
    copy: AttributeCopy | None = None,
) -> AttributeUpdate:
    """Read, change and write with If-Match; after a lost race begin again on the fresh copy.

    Shape: attributes is a JSON object. `also` are further form fields of the same write.
    `was_applied(before, now)` tells whether the last attempt of `change` is in `now`, None where
    nobody can tell; without it a change counts as one that may be applied twice (a merge).
    `copy` saves the first read; it may be out of date.
    Units: `deadline_seconds` bounds races, throttling and failures together; finding out about
    an answer that was lost may take 5 s more.

    Returns: updated, unchanged (nothing was written) or gone (404).

    Raises: AttributesTooLong, AttributesInvalid and AttributesUnreadable before sending;
    PreconditionFailed when races were lost until the deadline and RateLimited (both safe to
    repeat); UpdateUncertain when an answer was lost and it cannot be told whether the write
    happened (safe to repeat only without `was_applied`); any other TwilioError. Whatever
    `change` raises passes through.

    Source: TaskRouter Task and Worker resources, ETag and If-Match (OpenAPI taskrouter_v1); the
    version counts up by one per write (assumed for tasks, documented for workers' events).
    """
    deadline = Deadline(deadline_seconds, client.transport.clock)
    writing = _Writing(client, url, what or f"update {url}", also, deadline, was_applied)
    try:
        return writing.run(change, copy)
    except NotFound:
        return AttributeUpdate("gone", {})


@dataclass
class _Doubt:
    """A write whose answer was lost.

    `pending`: no answer came at all, so it may still be on its way.
    """

    copy: AttributeCopy
    after: Attributes
    error: TwilioError
    attempts: int = 1
    pending: bool = False


class _Writing:
    """One update from its first read to its outcome."""

    def __init__(
        self,
        client: TwilioClient,
        url: str,
        what: str,
        also: Mapping[str, Any] | None,
        deadline: Deadline,
        was_applied: WasApplied | None,
    ) -> None:
        self._client = client
        self._url = url
        self._what = what
        self._also = also
        self._deadline = deadline
        self._was_applied = was_applied
        self._lost_races = 0

    def run(self, change: Change, copy: AttributeCopy | None) -> AttributeUpdate:
        """Return how it ended. Raises: what `update_attributes` does, and NotFound."""
        fresh = copy is None or copy.version is None
        current = self._read() if copy is None or copy.version is None else copy
        while True:
            before = current.attributes(self._what)
            after = change(current.attributes(self._what))
            if not same(after, before) or self._also:
                text = attributes_text(after, what=self._what)
                written = self._write(current, after, text)
            elif fresh:
                return AttributeUpdate("unchanged", before, current)
            else:  # others may have written since the copy was made
                written = self._read()
            if isinstance(written, AttributeUpdate):
                return written
            current, fresh = written, True

    def _write(
        self, current: AttributeCopy, after: Attributes, text: str
    ) -> AttributeUpdate | AttributeCopy:
        """Write until it is known what became of it; a copy means: begin again with this one."""
        doubt: _Doubt | None = None
        self._check_time()
        while True:
            try:
                return _updated(self._post(current, text), after, text)
            except PreconditionFailed:
                if doubt is None:
                    self._lost_races += 1
                    self._check_time()
                    return self._read()
            except (ServerFault, Unreachable) as error:
                doubt = self._in_doubt(error, doubt, current, after)
            except TwilioError as error:
                if doubt is None or not doubt.pending or isinstance(error, NotFound):
                    raise
                raise self._uncertain("it may still be on its way", error) from error
            settled = self._find_out(doubt)
            if settled is not None:
                return settled
            self._pause(doubt)

    def _in_doubt(
        self,
        error: ServerFault | Unreachable,
        doubt: _Doubt | None,
        current: AttributeCopy,
        after: Attributes,
    ) -> _Doubt:
        unanswered = isinstance(error, Unreachable)
        if unanswered and error.retry_safe and doubt is None:  # it was never sent
            raise error
        found = doubt or _Doubt(current, after, error, attempts=0)
        found.error = error
        found.attempts += 1
        found.pending = found.pending or (unanswered and not error.retry_safe)
        return found

    def _find_out(self, doubt: _Doubt) -> AttributeUpdate | AttributeCopy | None:
        """Read again after a lost answer; None where the write is to be repeated as it was."""
        now = self._read_in_doubt()
        if now.version is not None and now.version == doubt.copy.version:
            return None
        if self._happened(doubt, now):
            return AttributeUpdate("updated", now.attributes(self._what), now)
        if self._deadline.passed:
            raise _without_effect(doubt.error) from doubt.error
        return now

    def _happened(self, doubt: _Doubt, now: AttributeCopy) -> bool:
        before = doubt.copy.attributes(self._what)
        try:
            found = now.attributes(self._what)
        except AttributesUnreadable as error:
            raise self._uncertain(error.twilio_message, error) from error
        answer = self._was_applied(before, found) if self._was_applied else False
        if _is_next(doubt.copy.version, now.version) and not same(before, doubt.after):
            # Twilio may keep another spelling than it was sent; a mark is spelled in one way.
            return answer is True or same(found, doubt.after)
        if answer is None:
            raise self._uncertain("others wrote it since", doubt.error) from doubt.error
        return answer

    def _read_in_doubt(self) -> AttributeCopy:
        seconds = max(self._deadline.left, FINDING_OUT_SECONDS)
        try:
            return self._read(Deadline(seconds, self._client.transport.clock))
        except NotFound:
            raise
        except TwilioError as error:
            raise self._uncertain("it could not be read again", error) from error

    def _pause(self, doubt: _Doubt) -> None:
        """Wait before the write is repeated. Raises: what is known when the time is over."""
        transport = self._client.transport
        wait = transport.retry.wait_seconds(doubt.attempts)
        if wait < self._deadline.left:
            transport.sleep(wait)
        elif doubt.pending:
            raise self._uncertain("it may still be on its way", doubt.error) from doubt.error
        else:
            # The version has not moved, and a fault that was answered does nothing later.
            raise _without_effect(doubt.error) from doubt.error

    def _check_time(self) -> None:
        """Raise where no time is left; nothing was written then."""
        if not self._deadline.passed:
            return
        said = f"{self._lost_races} races lost, no time left of {self._deadline.seconds:g} s"
        advice = "nothing was written; run it again"
        if self._lost_races:
            raise PreconditionFailed(self._what, status=412, twilio_message=said, advice=advice)
        raise Unreachable(self._what, twilio_message=said, advice=advice, retry_safe=True)

    def _uncertain(self, why: str, error: TwilioError) -> UpdateUncertain:
        return UpdateUncertain(
            self._what,
            status=error.status,
            code=error.code,
            twilio_message=why,
            retry_safe=self._was_applied is None,
        )

    def _read(self, deadline: Deadline | None = None) -> AttributeCopy:
        answer = self._client.get(self._url, deadline=deadline or self._deadline, what=self._what)
        return _copy_of(answer)

    def _post(self, current: AttributeCopy, text: str) -> Response:
        data = {"Attributes": text, **(self._also or {})}
        return self._client.post(
            self._url, data, if_match=current.version, deadline=self._deadline, what=self._what
        )


def _without_effect(error: TwilioError) -> TwilioError:
    """Describe a failure of which it is known by now that a repeat does no harm."""
    return type(error)(
        error.what,
        status=error.status,
        code=error.code,
        twilio_message=error.twilio_message,
        advice="it was read again since, and a repeat does no harm: run it again",
        retry_safe=True,
    )


def _updated(answer: Response, after: Attributes, text: str) -> AttributeUpdate:
    """Take what the answer says; an answer without attributes leaves what was sent."""
    copy = _copy_of(answer)
    if copy.text is None:
        return AttributeUpdate("updated", after, AttributeCopy(text, None))
    return AttributeUpdate("updated", parse_attributes(copy.text), copy)


def _copy_of(answer: Response) -> AttributeCopy:
    return AttributeCopy(answer.body.get("attributes"), answer.etag)


def _is_next(version: str | None, following: str | None) -> bool:
    """Tell whether exactly one write lies between two versions; unknown ones do not say so."""
    numbers = (version or "").isdecimal() and (following or "").isdecimal()
    return bool(numbers) and int(following or 0) == int(version or 0) + 1
