"""What the expressions of a workflow's targets see of workers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from twilio_emulator import assumptions
from twilio_emulator.store import Store
from twilio_emulator.taskrouter.lookup import parts
from twilio_emulator.taskrouter.records import Activity, TaskChannel, Worker, WorkerChannel

from .load import Load


def channel_settings(store: Store, worker_sid: str, channel_sid: str) -> WorkerChannel | None:
    """Return a worker's settings of a channel; None while they are the default ones."""
    index = store[WorkerChannel].index("place", lambda own: (own.worker_sid, own.task_channel_sid))
    return index.first((worker_sid, channel_sid))


class WorkerScope(Mapping[str, Any]):
    """What an expression reads of a worker: attributes, fields and, with a load, channels.

    Nothing is worked out before it is read: most expressions read one or two names of thousands
    of workers.

    Source: workflow configuration page (attributes, fields, `worker.channel`), workers page.
    """

    __slots__ = ("_attributes", "_load", "_store", "_worker")

    def __init__(self, store: Store, worker: Worker, load: Load | None = None) -> None:
        self._store, self._worker, self._load = store, worker, load
        self._attributes = worker.parsed_attributes

    def get(self, name: str, default: Any = None) -> Any:
        """Return what goes by a name."""
        is_hidden = assumptions.WORKER_FIELDS_HIDE_ATTRIBUTES or name not in self._attributes
        if name in FIELDS and is_hidden:
            return self._field(name)
        return self._attributes.get(name, default)

    def __getitem__(self, name: str) -> Any:
        if name not in self._names():
            raise KeyError(name)
        return self.get(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __len__(self) -> int:
        return len(self._names())

    def _names(self) -> dict[str, None]:
        return dict.fromkeys((*self._attributes, *FIELDS))

    def _field(self, name: str) -> Any:
        if name == "activity_name":
            activity = self._store[Activity].get(self._worker.activity_sid)
            return activity.friendly_name if activity else None
        if name == "channel":
            if self._load is None:
                return self._attributes.get(name)
            return _Channels(self._store, self._load, self._worker)
        return getattr(self._worker, name)


FIELDS = frozenset({"sid", "friendly_name", "activity_sid", "activity_name", "channel"})


def capacity_percentage(configured: int, reserved: int) -> int:
    """Tell how much of a channel's capacity is free, rounded down.

    Source: multitasking page.
    """
    if configured <= 0:
        return 0
    return max(0, (configured - reserved) * 100 // configured)


class _Channels(Mapping[str, dict[str, int]]):
    """A worker's channels by unique name, worked out when an expression reads them."""

    def __init__(self, store: Store, load: Load, worker: Worker) -> None:
        self._store, self._load, self._worker = store, load, worker

    def __getitem__(self, unique_name: str) -> dict[str, int]:
        for channel in self._all():
            if channel.unique_name == unique_name:
                return self._figures(channel)
        raise KeyError(unique_name)

    def __iter__(self) -> Iterator[str]:
        return iter([channel.unique_name for channel in self._all()])

    def __len__(self) -> int:
        return len(self._all())

    def _all(self) -> list[TaskChannel]:
        return parts(self._store, TaskChannel, self._worker.workspace_sid)

    def _figures(self, channel: TaskChannel) -> dict[str, int]:
        sid = self._worker.sid
        own = channel_settings(self._store, sid, channel.sid)
        configured = own.configured_capacity if own else 1
        reserved = self._load.reserved(sid, channel.sid)
        return {
            "configured_capacity": configured,
            "assigned_tasks": self._load.assigned(sid, channel.sid),
            "available_capacity_percentage": capacity_percentage(configured, reserved),
        }
