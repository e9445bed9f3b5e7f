"""Write a build's files the way Twilio lays them out, so that Node can load them."""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Literal

from .dependencies import NODE_MODULES

Visibility = Literal["public", "protected", "private"]


@dataclasses.dataclass(frozen=True)
class BundleFile:
    """One function or asset of a build; `path` starts with a slash, as in its URL."""

    type: Literal["function", "asset"]
    path: str
    visibility: Visibility
    content: bytes


@dataclasses.dataclass(frozen=True)
class Route:
    """Where a URL path's file lies on disk."""

    type: Literal["function", "asset"]
    path: str
    visibility: Visibility
    file: Path

    def row(self) -> Mapping[str, str]:
        """Describe the route as Twilio's runtime handler wants it."""
        return {
            "name": self.path.removeprefix("/"),
            "path": self.path,
            "access": self.visibility,
            "filePath": str(self.file),
        }


def file_name(file: BundleFile) -> PurePosixPath:
    """Name a file below the build's folder.

    `/event-handler` (protected) becomes `functions/event-handler.protected.js`,
    `/data/names.json` (private) becomes `assets/data/names.private.json`.

    Raises: ValueError for a path that would leave the folder.
    """
    path = PurePosixPath(file.path.removeprefix("/"))
    if not path.name or path.is_absolute() or ".." in path.parts:
        raise ValueError(f"{file.path} is not a path below the build's folder")
    marker = "" if file.visibility == "public" else f".{file.visibility}"
    if file.type == "asset":
        return "assets" / path.with_name(f"{path.stem}{marker}{path.suffix}")
    return "functions" / path.with_name(f"{path.name}{marker}.js")


def routes(files: Iterable[BundleFile], directory: Path) -> Sequence[Route]:
    """Say where each file of a build lies below its folder."""
    return [
        Route(file.type, file.path, file.visibility, directory / file_name(file)) for file in files
    ]


def lay_out(
    files: Sequence[BundleFile], packages: Iterable[str], directory: Path
) -> Sequence[Route]:
    """Write a build's folder unless it is there, and return its routes.

    Only `packages` can be required by the functions, as on Twilio, although more are installed.
    The folder appears whole or not at all.
    """
    if not directory.exists():
        directory.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=directory.parent, prefix=".draft-"))
        _write(files, packages, draft)
        try:
            draft.rename(directory)
        except OSError:
            shutil.rmtree(draft, ignore_errors=True)
            if not directory.exists():
                raise
    return routes(files, directory)


def _write(files: Sequence[BundleFile], packages: Iterable[str], directory: Path) -> None:
    for file in files:
        target = directory / file_name(file)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.content)
    for name in packages:
        link = directory / "node_modules" / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(NODE_MODULES / name, target_is_directory=True)
