"""Requests made up from Twilio's OpenAPI documents, fitting and not, never make a failure."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings

from twilio_emulator.testing import RunningEmulator, start_emulator

from .hostile import BOUNDED, is_a_failure

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its own dependencies' deprecations
    import schemathesis
    from schemathesis.generation import GenerationMode

FOLDER = os.environ.get("TWILIO_OPENAPI")
DOCUMENTS = sorted(Path(FOLDER).glob("*.json")) if FOLDER else []


@pytest.fixture(scope="module")
def emulator() -> Iterator[RunningEmulator]:
    """Run an emulator without limits."""
    with start_emulator(workers=5, limits=False) as running:
        yield running


@pytest.mark.skipif(not DOCUMENTS, reason="TWILIO_OPENAPI names no OpenAPI documents")
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.name.lower())
@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_no_generated_request_makes_the_emulator_fail(
    emulator: RunningEmulator, document: Path, mode: GenerationMode
) -> None:
    """Every operation of every document, some requests each."""
    schema = schemathesis.openapi.from_path(document)
    host = schema.raw_schema["servers"][0]["url"].removeprefix("https://")
    for result in schema.get_all_operations():
        _fuzz(emulator, host, result.ok(), mode)


def _fuzz(emulator: RunningEmulator, host: str, operation: Any, mode: GenerationMode) -> None:
    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(BOUNDED, max_examples=3, phases=(Phase.generate,))
    def send(case: Any) -> None:
        answer = case.call(base_url=f"{emulator.base_url}/{host}", auth=emulator.credentials)
        assert not is_a_failure(answer.status_code), f"{case.as_curl_command()}\n{answer.text}"

    send()
