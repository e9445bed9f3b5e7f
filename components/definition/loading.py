"""Load a stack's definition: read, merge, check everything, build."""

from pathlib import Path
from typing import Any, cast

from components.definition.building import build
from components.definition.cross_checks import cross_problems
from components.definition.merging import resolve
from components.definition.model import Definition
from components.definition.problems import DefinitionError, Problem
from components.definition.schema_check import schema_problems
from components.definition.source import plain


def load(file: Path) -> Definition:
    """Load the definition in `file` and whatever it extends.

    No network: everything here is known before Twilio is asked.
    Raises: DefinitionError with all problems at once, sorted by file and line. Only a file that
    cannot be read as YAML hides what else would be wrong.
    """
    merged, unformed = resolve(file)
    checked = [*schema_problems(merged), *cross_problems(merged)]
    problems = [*unformed, *_elsewhere(checked, unformed)]
    if problems:
        raise DefinitionError(problems)
    return build(cast(dict[str, Any], plain(merged)))


def _elsewhere(problems: list[Problem], unformed: list[Problem]) -> list[Problem]:
    """Leave out what later checks say of values already found to be of bad form."""
    known = {(problem.place, problem.path) for problem in unformed}
    return [problem for problem in problems if (problem.place, problem.path) not in known]
