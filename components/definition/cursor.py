"""Walk a merged definition that may still be malformed: what is not there is simply not visited."""

from collections.abc import Iterator
from dataclasses import dataclass

from components.definition.problems import Problem
from components.definition.source import Entries, Items, Leaf, Located, Step, dotted


@dataclass(frozen=True)
class Cursor:
    """A value of the definition and the path that leads to it."""

    value: Located
    path: tuple[Step, ...] = ()

    @property
    def key(self) -> str:
        """The last step of the path."""
        return str(self.path[-1])

    @property
    def text(self) -> str | None:
        """The value, where it is a string."""
        leaf = self.value
        return leaf.value if isinstance(leaf, Leaf) and isinstance(leaf.value, str) else None

    def get(self, *keys: str) -> "Cursor | None":
        """Go down by keys; None as soon as one is missing."""
        here = self
        for key in keys:
            if not (isinstance(here.value, Entries) and key in here.value.entries):
                return None
            here = Cursor(here.value.entries[key], (*here.path, key))
        return here

    def below(self, *keys: str) -> Iterator["Cursor"]:
        """Visit the entries or items of the value that `keys` lead to, if any."""
        here = self.get(*keys)
        match here.value if here else None:
            case Entries(entries):
                steps: list[tuple[Step, Located]] = list(entries.items())
            case Items(items):
                steps = list(enumerate(items))
            case _:
                steps = []
        for step, value in steps:
            yield Cursor(value, (*(here.path if here else ()), step))

    def texts(self, *keys: str) -> Iterator[tuple["Cursor", str]]:
        """Visit those of this mapping's `keys` that hold strings."""
        for key in keys:
            found = self.get(key)
            if found is not None and found.text is not None:
                yield found, found.text

    def problem(self, message: str) -> Problem:
        """Blame this value."""
        return Problem(self.value.place, dotted(self.path), message)
