"""Find the files of a Twilio Functions project and say how each one is served."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from components.naming import child

Visibility = Literal["public", "protected", "private"]

_VISIBILITIES: dict[str, Visibility] = {".protected": "protected", ".private": "private"}


class FunctionFilesError(Exception):
    """A project whose files cannot be served; not retryable, the files have to change."""


@dataclass(frozen=True)
class ServedFile:
    """A file and its place on the functions' domain.

    Shape: `path` begins with a slash; `visibility` is `protected` for callers with Twilio's
    signature and `private` for other functions only.
    """

    file: Path
    path: str
    visibility: Visibility


@dataclass(frozen=True)
class FunctionFiles:
    """A project: its functions, its assets, and the npm packages they need with versions."""

    functions: tuple[ServedFile, ...]
    assets: tuple[ServedFile, ...]
    dependencies: Mapping[str, str]


def read_project(project: Path) -> FunctionFiles:
    """Read a project's folder.

    `functions/batch/process.protected.js` is the function `/batch/process`, and
    `assets/page.protected.html` the asset `/page.html`. Dependencies are those of
    `package.json`.

    Raises: FunctionFilesError when there are no functions, when two files would be served at
    one path, or when `package.json` cannot be read.
    """
    functions = tuple(_served(project / "functions", "*.js", keep_ending=False))
    assets = tuple(_served(project / "assets", "*", keep_ending=True))
    if not functions:
        raise FunctionFilesError(f"there is no function in {project / 'functions'}")
    _refuse_namesakes([*functions, *assets])
    _refuse_same_names(functions)
    _refuse_same_names(assets)
    return FunctionFiles(functions, assets, _dependencies(project / "package.json"))


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


def _refuse_namesakes(served: Iterable[ServedFile]) -> None:
    by_path: dict[str, ServedFile] = {}
    for each in served:
        other = by_path.setdefault(each.path, each)
        if other is not each:
            raise FunctionFilesError(
                f"{other.file} and {each.file} would both be served at {each.path}"
            )


def _refuse_same_names(served: Iterable[ServedFile]) -> None:
    """Refuse paths whose resources would have one name in the stack's state."""
    by_name: dict[str, ServedFile] = {}
    for each in served:
        other = by_name.setdefault(child("", each.path), each)
        if other is not each:
            raise FunctionFilesError(
                f"{other.file} and {each.file} differ in case or punctuation only:"
                " their resources would have the same name"
            )


def _dependencies(package: Path) -> dict[str, str]:
    try:
        return dict(json.loads(package.read_text("utf-8")).get("dependencies", {}))
    except (OSError, ValueError, AttributeError) as error:
        raise FunctionFilesError(f"{package} cannot be read: {error}") from None
