"""Find the files of a Twilio Functions project and say how each one is served."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Visibility = Literal["public", "protected", "private"]

_VISIBILITIES: dict[str, Visibility] = {".protected": "protected", ".private": "private"}


@dataclass(frozen=True)
class ServedFile:
    """A file and its place on the functions' domain.

    Shape: `path` begins with a slash; `visibility` is `protected` for callers with Twilio's
    signature and `private` for other functions only.
    """

    file: Path
    path: str
    visibility: Visibility


def functions_in(project: Path) -> list[ServedFile]:
    """List `functions/**/*.js`; `batch/process.protected.js` is served at `/batch/process`.

    Raises: ValueError when two files would be served at one path.
    """
    return _distinct(_served(project / "functions", "*.js", keep_ending=False))


def assets_in(project: Path) -> list[ServedFile]:
    """List `assets/**`; `page.protected.html` is served at `/page.html`.

    Raises: ValueError when two files would be served at one path.
    """
    return _distinct(_served(project / "assets", "*", keep_ending=True))


def dependencies_of(project: Path) -> dict[str, str]:
    """Read the npm packages, with their versions, that the project's functions need."""
    package = json.loads((project / "package.json").read_text("utf-8"))
    return dict(package.get("dependencies", {}))


def _served(root: Path, pattern: str, *, keep_ending: bool) -> Iterator[ServedFile]:
    for file in sorted(root.rglob(pattern)):
        if file.is_file() and not file.name.startswith("."):
            stem, ending = file.name.removesuffix(file.suffix), file.suffix
            marker = Path(stem).suffix
            visibility = _VISIBILITIES.get(marker, "public")
            stem = stem.removesuffix(marker) if marker in _VISIBILITIES else stem
            name = stem + (ending if keep_ending else "")
            path = (file.relative_to(root).parent / name).as_posix()
            yield ServedFile(file, f"/{path}", visibility)


def _distinct(served: Iterator[ServedFile]) -> list[ServedFile]:
    by_path: dict[str, ServedFile] = {}
    for each in served:
        if each.path in by_path:
            other = by_path[each.path].file
            raise ValueError(f"{other} and {each.file} would both be served at {each.path}")
        by_path[each.path] = each
    return list(by_path.values())
