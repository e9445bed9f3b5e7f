"""Deferred changes in Sync documents: shared by processes, machines and functions."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

from taskrouter_ops.errors import DeferredBusy
from taskrouter_ops.sync_documents import Document as SyncDocument
from taskrouter_ops.sync_documents import SyncDocuments
from taskrouter_ops.task_attributes import deferred
from taskrouter_ops.task_attributes.deferred import Document
from taskrouter_ops.task_attributes.document_store import DocumentStore, Rule
from taskrouter_ops.waiting import REAL_TIME, Waiting
from twilio_client import (
    Conflict,
    NotFound,
    PreconditionFailed,
    RateLimited,
    RetryPolicy,
    ServerFault,
    TwilioClient,
    TwilioError,
    Unreachable,
)

DOCUMENT_PREFIX = "deferred-"

# What may be over at the next try; a document takes 20 reads and writes a second.
_PASSING = (DeferredBusy, RateLimited, ServerFault, Unreachable)
_BETWEEN_TRIES = RetryPolicy(first_seconds=0.05, longest_seconds=1.0)


@dataclass
class _Certainty:
    """Whether an earlier write, whose answer was lost, may still have an effect."""

    error: TwilioError | None = None
    revision: str | None = None

    def lost(self, error: TwilioError, stored: SyncDocument | None) -> None:
        """Note a write without an answer, and the revision it was to replace (None: none)."""
        self.error, self.revision = error, _revision(stored)

    def seen(self, stored: SyncDocument | None) -> None:
        """Take what was read: past that revision the write shows, or can no longer happen."""
        if self.revision != _revision(stored):
            self.error = None

    def failure(self, error: TwilioError | DeferredBusy, *, repeatable: bool) -> Exception:
        """Return what to raise: while a write is uncertain, its own error."""
        if self.error is None:
            error.retry_safe = isinstance(error, _PASSING)
            return error
        self.error.retry_safe = repeatable
        self.error.__cause__ = error
        return self.error


class SyncDeferredChanges(DocumentStore):
    """Keeps deferred changes in the documents `deferred-<task SID>` of a Sync service.

    Every write is conditional on the revision that was read, or creates the document. After a
    lost answer the document is read again: what the write was to do is there or not.

    Lost races, 429, 5xx and dropped connections are tried again with full jitter for
    `deadline_seconds`.

    Raises (every method): DeferredBusy when races were lost until then; DeferredUnreadable;
    TwilioError, whose `retry_safe` tells. Calls that are safe to repeat stay so after a lost
    answer.
    """

    def __init__(
        self,
        client: TwilioClient,
        sync_service_sid: str,
        *,
        deadline_seconds: float = 30.0,
        waiting: Waiting = REAL_TIME,
    ) -> None:
        """Bind to a service; nothing is sent yet."""
        self._documents = SyncDocuments(client, sync_service_sid)
        self._deadline_seconds = deadline_seconds
        self._waiting = waiting

    def discard(self, task_sid: str) -> int:
        """Throw away what is kept for a task; return how many changes that was."""
        thrown = 0

        def discarding(document: Document) -> Document:
            nonlocal thrown
            emptied, found = deferred.discard(task_sid, document)
            # Nothing is left when the answer of the write that emptied it was lost.
            thrown = found or thrown
            return emptied

        self._change(task_sid, discarding, repeatable=True)
        return thrown

    def tasks(self) -> list[str]:
        """Return the SIDs of the tasks for which changes are kept, sorted.

        Cost: one request per 100 documents of the service, whatever they are.
        """
        named = (
            (stored.unique_name.removeprefix(DOCUMENT_PREFIX), stored.data)
            for stored in self._documents.list()
            if stored.unique_name.startswith(DOCUMENT_PREFIX)
        )
        return sorted(sid for sid, data in named if deferred.holds_changes(sid, data))

    def _amend(self, task_sid: str, rule: Rule, *, repeatable: bool = True) -> Document:
        def checking(document: Document) -> Document:
            return rule(_checked(task_sid, document))

        return self._change(task_sid, checking, repeatable=repeatable)

    def _change(self, task_sid: str, rule: Rule, *, repeatable: bool) -> Document:
        """Apply a rule to the newest document, as often as others come between."""
        certainty = _Certainty()
        deadline = self._waiting.now() + self._deadline_seconds
        for attempt in count(1):
            failure: TwilioError | DeferredBusy = DeferredBusy(task_sid, self._deadline_seconds)
            try:
                done = self._try(task_sid, rule, certainty)
                if done is not None:
                    return done
            except TwilioError as error:
                failure = error
            if not isinstance(failure, _PASSING) or self._waiting.now() >= deadline:
                raise certainty.failure(failure, repeatable=repeatable)
            self._waiting.sleep(_BETWEEN_TRIES.wait_seconds(attempt))
        raise AssertionError("counting does not end")

    def _try(self, task_sid: str, rule: Rule, certainty: _Certainty) -> Document | None:
        """Read, change, write once; None where others were first."""
        stored = self._documents.read(_name(task_sid))
        certainty.seen(stored)
        present = stored.data if stored else deferred.empty_document(task_sid)
        after = rule(present)
        if after is present:
            return after
        try:
            self._write(task_sid, stored, after)
        except (Conflict, PreconditionFailed):
            return None
        except (ServerFault, Unreachable) as error:
            if not error.retry_safe:
                certainty.lost(error, stored)
            raise
        return after

    def _write(self, task_sid: str, stored: SyncDocument | None, data: Document) -> None:
        if stored is None:
            self._documents.create(_name(task_sid), data, ttl=deferred.KEPT_SECONDS)
            return
        try:
            self._documents.update(_name(task_sid), data, if_match=stored.revision)
        except NotFound as error:  # it expired just now: begin again with a new one
            raise _vanished(error) from error


def _vanished(error: NotFound) -> PreconditionFailed:
    return PreconditionFailed(error.what, status=error.status, code=error.code)


def _revision(stored: SyncDocument | None) -> str | None:
    return stored.revision if stored else None


def _checked(task_sid: str, data: object) -> Document:
    return deferred.checked_document(task_sid, data)


def _name(task_sid: str) -> str:
    return DOCUMENT_PREFIX + task_sid
