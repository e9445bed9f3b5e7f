"""What is wrong with a definition, each problem with its file, line and path."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path


@dataclass(frozen=True, order=True)
class Place:
    """A line of a definition file; `file` as the user would write it, `line` from 1."""

    file: str
    line: int


@dataclass(frozen=True, order=True)
class Problem:
    """One thing to correct.

    Shape: `path` is dotted from the document's root (`taskQueues.sales.maxReservedWorkers`,
    `workflows.voice.filters[0].expression`), empty where the whole file is meant.
    """

    place: Place
    path: str
    message: str

    def __str__(self) -> str:
        """Print as editors and CI logs link it: `file:line: path: message`."""
        where = f"{self.place.file}:{self.place.line}: "
        return where + (f"{self.path}: " if self.path else "") + self.message


class DefinitionError(Exception):
    """A definition that cannot be used; `problems` holds all of them, sorted.

    Not retryable: the files have to change.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


def shown(file: Path) -> str:
    """Name a file the way the user would: relative where it lies below the working directory."""
    try:
        return file.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return str(file)


def near(name: str, known: Iterable[str]) -> str:
    """Suggest the known name that `name` was probably meant to be, or nothing."""
    close = get_close_matches(name, sorted(known), n=1, cutoff=0.6)
    return f"; did you mean '{close[0]}'?" if close else ""
