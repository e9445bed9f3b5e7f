"""Cut the work into Sync documents that stay small.

Sync takes 16 KiB, but writes of documents over 10 KiB are limited to two a second
(Source: Sync limits page).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from taskrouter_ops.queue_sync.plan import Item

SHARD_BYTES = 10 * 1024

Shard = dict[str, Any]
"""`{"queues": [SID, …], "items": [[worker SID, [index to add], [index to remove]], …]}`"""


def cut(items: Iterable[Item], *, limit: int = SHARD_BYTES) -> Iterator[Shard]:
    """Pack items, in their order, into as few shards as a single pass can.

    A worker has at most 4096 characters of attributes, so its own item always fits: at most 110
    SIDs to add and as many to remove are some 9000 bytes.
    """
    packer = _Packer()
    for item in items:
        if packer.items and packer.size_with(item) > limit:
            yield packer.shard()
            packer = _Packer()
        packer.add(item)
    if packer.items:
        yield packer.shard()


def encoded(shard: Shard) -> bytes:
    """Return the compact JSON as it is sent."""
    return json.dumps(shard, separators=(",", ":"), ensure_ascii=False).encode()


class _Packer:
    """One shard being filled; knows its encoded size without encoding it again and again."""

    def __init__(self) -> None:
        self.indexes: dict[str, int] = {}
        self.items: list[list[Any]] = []
        self.size = len(encoded({"queues": [], "items": []}))

    def size_with(self, item: Item) -> int:
        return self.size + self._cost(item)

    def add(self, item: Item) -> None:
        self.size += self._cost(item)
        for sid in (*item.add, *item.remove):
            self.indexes.setdefault(sid, len(self.indexes))
        self.items.append(self._row(item, self.indexes))

    def shard(self) -> Shard:
        return {"queues": list(self.indexes), "items": self.items}

    def _cost(self, item: Item) -> int:
        fresh = [sid for sid in (*item.add, *item.remove) if sid not in self.indexes]
        indexes = dict(self.indexes)
        for sid in fresh:
            indexes.setdefault(sid, len(indexes))
        row = len(_compact(self._row(item, indexes))) + 1
        return row + sum(len(_compact(sid)) + 1 for sid in fresh)

    @staticmethod
    def _row(item: Item, indexes: dict[str, int]) -> list[Any]:
        return [
            item.worker_sid,
            [indexes[sid] for sid in item.add],
            [indexes[sid] for sid in item.remove],
        ]


def _compact(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
