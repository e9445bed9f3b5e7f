"""Keep the distinct violations of one process, and read those of many."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

VARIABLE = "TWILIO_OPENAPI_REPORT"


@dataclass(frozen=True, order=True)
class Violation:
    """What does not fit in one exchange: `where` in it, and `what` is wrong there."""

    method: str
    route: str
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.method} {self.route}: {self.where}: {self.what}"


class Report:
    """Write every violation the first time it is seen, at once: a process may be killed."""

    def __init__(self, folder: Path | None) -> None:
        self._file = None if folder is None else folder / f"violations-{os.getpid()}.jsonl"
        self._seen: set[tuple[str, str, str]] = set()

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Report:
        """Write where `TWILIO_OPENAPI_REPORT` says, or to the error stream."""
        folder = environ.get(VARIABLE)
        return cls(Path(folder) if folder else None)

    def add(self, violation: Violation) -> None:
        """Write one, unless the same place has failed before."""
        place = (violation.method, violation.route, violation.where)
        if place in self._seen:
            return
        self._seen.add(place)
        if self._file is None:
            sys.stderr.write(f"Not as in the OpenAPI documents: {violation}\n")
            return
        with self._file.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(asdict(violation)) + "\n")


def read_reports(folder: Path) -> list[Violation]:
    """Return the distinct violations that processes wrote into a folder."""
    found = {
        Violation(**json.loads(line))
        for file in folder.glob("violations-*.jsonl")
        for line in file.read_text(encoding="utf-8").splitlines()
    }
    return sorted(found)
