"""When a step may be skipped, and how what it makes takes its place.

A step's result carries a stamp, a digest of everything the result was made from. The stamp lies
inside the result and both are renamed into place together, so a result without a current stamp
does not count and a half-made one is never seen.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STAMP = ".setup-stamp"


def digest(*inputs: str | bytes | Path) -> str:
    """Return one digest over texts and the contents of files, in their order."""
    total = hashlib.sha256()
    for item in inputs:
        content = item.read_bytes() if isinstance(item, Path) else item
        if isinstance(content, str):
            content = content.encode()
        total.update(hashlib.sha256(content).digest())
    return total.hexdigest()


def is_current(result: Path, inputs: str) -> bool:
    """Tell whether `result` was made from `inputs`."""
    try:
        return (result / STAMP).read_text() == inputs
    except (FileNotFoundError, NotADirectoryError):
        return False


@contextmanager
def replacing(target: Path, inputs: str, building: Path) -> Iterator[Path]:
    """Give a folder to build in; it takes the place of `target` when the block ends well.

    When the block fails or is interrupted the folder is removed and `target` stays as it was.
    `building` must be on the same file system as `target`.
    """
    work = building / target.name.lstrip(".")
    remove(work)
    work.mkdir(parents=True)
    try:
        yield work
        (work / STAMP).write_text(inputs)
        put_in_place(work, target)
    finally:
        remove(work)


def put_in_place(work: Path, target: Path) -> None:
    """Rename `work` to `target` and remove what was there."""
    former = work.with_name(work.name + ".former")
    remove(former)
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_symlink() or target.exists():
        target.rename(former)
    work.rename(target)
    remove(former)


def remove(path: Path) -> None:
    """Remove a file, a link or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
