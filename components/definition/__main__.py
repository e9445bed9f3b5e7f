"""Validate definitions from the shell: `python -m components.definition stacks/dev.yaml`."""

import argparse
import sys
from pathlib import Path

from components.definition.loading import load
from components.definition.problems import DefinitionError


def main() -> int:
    """Validate each file named; print what is wrong to stderr and return 1 if anything is."""
    parser = argparse.ArgumentParser(
        prog="python -m components.definition", description="Validate contact centre definitions."
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    failures = [_report(file) for file in parser.parse_args().files]
    return int(any(failures))


def _report(file: Path) -> bool:
    """Print a file's problems; whether there were any."""
    try:
        definition = load(file)
    except DefinitionError as error:
        sys.stderr.write(f"{error}\n")
        return True
    queues, workflows = len(definition.task_queues), len(definition.workflows)
    sys.stdout.write(f"{file}: {queues} task queues, {workflows} workflows, no problems\n")
    return False


if __name__ == "__main__":
    sys.exit(main())
