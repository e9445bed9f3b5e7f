"""Generate all files, or check that they are up to date."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from pulumi_twilio.declarations import declarations, lookups
from pulumi_twilio.declarations.model import Declaration, Lookup, snake_case
from pulumi_twilio.generate.python_files import (
    exported,
    module_source,
    package_source,
    part_source,
    thing_of,
)
from pulumi_twilio.generate.reference import index_page, page_name, resource_page
from pulumi_twilio.generate.schema import schema_text

PACKAGE = Path(__file__).parents[1]
ROOT = PACKAGE.parent


def generated() -> dict[Path, str]:
    """Return every generated file's path and content."""
    resources, functions = declarations().values(), lookups().values()
    modules = dict.fromkeys(
        [*(one.module for one in resources), *(one.module for one in functions)]
    )
    files = {PACKAGE / "schema.json": schema_text()}
    for module in modules:
        files |= _module_files(
            PACKAGE / "resources" / module,
            [each for each in resources if each.module == module],
            [each for each in functions if each.module == module],
        )
    files[PACKAGE / "resources" / "__init__.py"] = formatted(package_source(list(modules)))
    pages = ROOT / "docs" / "resources"
    files |= {pages / page_name(each): resource_page(each) for each in resources}
    files[pages / "README.md"] = index_page(list(resources), list(functions))
    return files


def _module_files(
    folder: Path, resources: Sequence[Declaration], functions: Sequence[Lookup]
) -> dict[Path, str]:
    """Return a product's files: one for each thing, and what they define together."""
    things = [each.title for each in resources] + [thing_of(each) for each in functions]
    files, parts = {}, {}
    for thing in dict.fromkeys(things):
        own = [each for each in resources if each.title == thing]
        look_up = [each for each in functions if thing_of(each) == thing]
        part = snake_case(thing)
        files[folder / f"{part}.py"] = formatted(part_source(folder.name, own, look_up))
        parts[part] = exported(own, look_up)
    files[folder / "__init__.py"] = formatted(module_source(folder.name, parts))
    return files


def formatted(source: str) -> str:
    """Lay Python source out as the rest of the project is."""
    command = [sys.executable, "-m", "ruff", "format", "--line-length", "100", "-"]
    done = subprocess.run(command, input=source, capture_output=True, text=True, check=True)  # noqa: S603 our own source
    return done.stdout


def stale(files: dict[Path, str]) -> list[Path]:
    """List generated files that differ from what is on disk, and those of nothing declared."""
    differing = [path for path, text in files.items() if _on_disk(path) != text]
    there = [*(ROOT / "docs" / "resources").glob("*.md"), *(PACKAGE / "resources").glob("*/*.py")]
    return differing + [path for path in there if path not in files]


def _on_disk(path: Path) -> str | None:
    return path.read_text() if path.exists() else None


def main(arguments: list[str]) -> int:
    """Write the files, or with `--check` tell which are out of date."""
    files = generated()
    outdated = stale(files)
    if "--check" in arguments:
        for path in outdated:
            sys.stderr.write(f"{path.relative_to(ROOT)} is out of date\n")
        return 1 if outdated else 0
    for path in outdated:
        if path in files:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(files[path])
        else:
            path.unlink()
        sys.stdout.write(f"wrote {path.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
