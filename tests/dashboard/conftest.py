"""A browser, an emulator and a workspace to look at."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.emulator.task_centre import TaskCentre, task_centre
from twilio_emulator.testing import RunningEmulator, start_emulator

Open: TypeAlias = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start Chromium; only outside of continuous integration may it be missing."""
    chromium = shutil.which("chromium")
    if chromium is None and not os.environ.get("CI"):
        pytest.skip("chromium is not installed: apt-get install chromium fonts-dejavu-core")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="module")
def emulator() -> Iterator[RunningEmulator]:
    """Run an emulator without the sample contact centre for a test file."""
    with start_emulator(sample=False) as running:
        yield running


@pytest.fixture
def centre(emulator: RunningEmulator) -> Iterator[TaskCentre]:
    """Begin anew with a workspace whose queue offers a task to three workers at once."""
    emulator.reset()
    with task_centre(emulator, max_reserved_workers=3) as made:
        yield made


@pytest.fixture
def opened(browser: Browser, centre: TaskCentre) -> Iterator[Open]:
    """Open the page on the workspace; an error on the page fails the test at its end."""
    errors: list[str] = []
    contexts = []

    def open_page(width: int = 1400, height: int = 900, **chosen: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, **chosen)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{centre.emulator.base_url}/_emulator/?workspace={centre.sid}")
        page.wait_for_selector("#connection[data-state=live]")
        page.wait_for_selector(f"#workspace option[value={centre.sid}]", state="attached")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []
