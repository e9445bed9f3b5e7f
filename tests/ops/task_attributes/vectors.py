"""The cases of vectors.json, which the tests of the functions run as well."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

VECTORS: dict[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).parent / "vectors.json").read_text()
)


def named(kind: str) -> pytest.MarkDecorator:
    """Give each vector of a kind to a test, under its name."""
    cases = [pytest.param(vector, id=vector["name"]) for vector in VECTORS[kind]]
    return pytest.mark.parametrize("vector", cases)
