"""Check what a definition says of the stack's own functions against their files."""

import re
from collections.abc import Iterator
from pathlib import Path

from components.definition.problems import near
from components.function_files import FunctionFilesError, read_project

PROJECT = Path(__file__).parents[2] / "functions"
_ADDRESS = re.compile(r"(/[^\s/?#][^\s?#]*)([?#]\S*)?")


def function_problems(address: str) -> Iterator[str]:
    """Say why Twilio could not call the function at an address such as `/assignment-callback`.

    Shape: a query and connection overrides (`#rc=2`) may follow the path.
    """
    match = _ADDRESS.fullmatch(address)
    if match is None:
        return  # the schema has said so
    path = match[1]
    try:
        files = read_project(PROJECT)
    except FunctionFilesError as error:
        yield f"cannot be checked: {error}"
        return
    visibilities = {served.path: served.visibility for served in files.functions}
    visibility = visibilities.pop(path, None)
    if visibility == "private":
        yield f"the function '{path}' is private: only other functions can call it"
    elif visibility is None:
        callable_ = [known for known, kind in visibilities.items() if kind != "private"]
        yield f"there is no function '{path}' in functions/functions{near(path, callable_)}"
