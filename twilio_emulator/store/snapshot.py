"""Everything a store holds at one moment, as a value and as a file."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

FORMAT = 1


class StateError(Exception):
    """What is on disk or in a snapshot was written by another version, or by something else."""


@dataclass(frozen=True)
class Snapshot:
    """Records with their positions, the counts SIDs are made from, settings.

    Shape: `records` are (kind, position, fields as JSON text) in order of position; `about` is
    whatever its maker wants to know again (the moment, the clock), as JSON values.
    """

    seed: int
    counts: Mapping[str, int]
    settings: Mapping[str, object]
    records: Sequence[tuple[str, int, str]] = field(repr=False)
    about: Mapping[str, Any] = field(default_factory=dict)

    def dump(self) -> bytes:
        """Write it as gzipped lines of JSON, the same bytes for the same state."""
        head = {
            "format": FORMAT,
            "about": self.about,
            "seed": self.seed,
            "counts": self.counts,
            "settings": self.settings,
        }
        lines = [json.dumps(head), *(json.dumps(record) for record in self.records)]
        return gzip.compress("\n".join(lines).encode(), compresslevel=3, mtime=0)

    @classmethod
    def load(cls, content: bytes) -> Snapshot:
        """Read it back.

        Raises: StateError for anything that is no snapshot of this format.
        """
        try:
            lines = gzip.decompress(content).decode().split("\n")
            head = json.loads(lines[0])
            if head["format"] != FORMAT:
                raise StateError(f"it is of format {head['format']}, this version reads {FORMAT}")
            records = [_record(json.loads(line)) for line in lines[1:]]
            counts = {str(prefix): int(count) for prefix, count in head["counts"].items()}
            settings, about = _mapping(head["settings"]), _mapping(head["about"])
            return cls(int(head["seed"]), counts, settings, records, about)
        except _WRONG as error:
            raise StateError(f"it is no snapshot of an emulator ({error})") from error


def about(content: bytes) -> dict[str, Any]:
    """Read only what its maker noted about a dumped snapshot.

    Raises: StateError.
    """
    return dict(Snapshot.load(content).about)


_WRONG = (
    OSError,
    EOFError,
    zlib.error,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    OverflowError,
    RecursionError,
)


def _mapping(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"{type(value).__name__} in place of an object")
    return value


def _record(row: list[Any]) -> tuple[str, int, str]:
    kind, position, fields = row
    return str(kind), int(position), str(fields)
