"""Keep named snapshots: in the data directory where there is one, in memory otherwise."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from twilio_emulator.store import Snapshot, StateError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_SUFFIX = ".snapshot"


class WrongName(ValueError):
    """A name that is no file name, or that no snapshot has."""


class Snapshots:
    """Snapshots by name, as the bytes `Snapshot.dump` wrote.

    Files are readable by their owner only: they hold the values of Serverless variables.
    """

    def __init__(self, data: Path | None) -> None:
        self._folder = data / "snapshots" if data is not None else None
        self._in_memory: dict[str, bytes] = {}

    def names(self) -> list[str]:
        """List the names in alphabetical order."""
        if self._folder is None:
            return sorted(self._in_memory)
        return sorted(file.name.removesuffix(_SUFFIX) for file in self._folder.glob(f"*{_SUFFIX}"))

    def shown(self) -> Iterator[dict[str, Any]]:
        """Describe each of them: its name, size in bytes, moment, version and records."""
        for name in self.names():
            yield self.describe(name)

    def describe(self, name: str) -> dict[str, Any]:
        """Describe one.

        Raises: WrongName; StateError for a file that is no snapshot.
        """
        content = self.read(name)
        try:
            return {"name": name, "bytes": len(content), **Snapshot.load(content).about}
        except StateError as error:
            raise StateError(f"{name}: {error}; delete it") from error

    def keep(self, name: str, content: bytes) -> None:
        """Keep a snapshot, instead of one of the same name.

        Raises: WrongName, OSError.
        """
        if _NAME.fullmatch(name) is None:
            raise WrongName(
                f"'{name}' cannot name a snapshot: use up to 64 letters, digits, '.', '_' and '-'"
            )
        if self._folder is None:
            self._in_memory[name] = content
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        write_private(self._folder / f"{name}{_SUFFIX}", content)

    def read(self, name: str) -> bytes:
        """Return a snapshot's bytes.

        Raises: WrongName.
        """
        if name not in self.names():
            known = ", ".join(self.names()) or "none"
            raise WrongName(f"there is no snapshot '{name}' (there are: {known})")
        if self._folder is None:
            return self._in_memory[name]
        return (self._folder / f"{name}{_SUFFIX}").read_bytes()

    def forget(self, name: str) -> None:
        """Delete a snapshot.

        Raises: WrongName.
        """
        self.read(name)
        if self._folder is None:
            del self._in_memory[name]
        else:
            (self._folder / f"{name}{_SUFFIX}").unlink()


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read; it appears whole or not at all.

    Raises: OSError.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
