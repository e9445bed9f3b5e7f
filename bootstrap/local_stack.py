"""The contact centre of the stack `local`: preview, update, outputs, and taking it down."""

from __future__ import annotations

import itertools
import json
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bootstrap import project_stacks, stack_lock, stamps
from bootstrap.checkout import Checkout
from bootstrap.console import elapsed, say, table
from bootstrap.emulator_process import Settings
from bootstrap.problems import Problem
from bootstrap.pulumi_cli.installing import PulumiCli

STEP = "stack local"
STACK = "local"
DEFAULT_PORT = Settings().port


@dataclass(frozen=True)
class LocalStack:
    """Run the Pulumi CLI on the stack `local`, against the emulator on `port`."""

    checkout: Checkout
    cli: PulumiCli
    port: int = DEFAULT_PORT

    def deploy(self) -> None:
        """Show what would change and, if anything would, change it.

        Raises: Problem when the CLI fails, after it has said why; safe to repeat.
        """
        began = time.monotonic()
        self.select()
        # An update that was cut short may have made everything but kept no outputs.
        if self.preview() == {"same"} and self.outputs():
            say(STEP, f"nothing to change ({elapsed(time.monotonic() - began)})")
            return
        self.must("up", "--yes", "--skip-preview", *self.config_file())
        say(STEP, f"deployed ({elapsed(time.monotonic() - began)})")

    def destroy(self) -> None:
        """Destroy what the stack made.

        Raises: Problem when the CLI fails; safe to repeat.
        """
        self.select()
        self.must("destroy", "--yes", "--skip-preview", *self.config_file(), "--stack", STACK)

    def resources(self) -> list[dict[str, Any]]:
        """Return the stack's resources as its state has them."""
        deployment = json.loads(self.ask("stack", "export", "--stack", STACK))["deployment"]
        return list(deployment.get("resources") or ())

    def remove(self) -> None:
        """Remove the empty stack."""
        self.ask("stack", "rm", STACK, "--yes", "--preserve-config")
        stamps.remove(self.generated_config())

    def resource_count(self) -> int | None:
        """Return how many resources the stack has, None when there is no such stack."""
        return project_stacks.present(self.checkout, self.cli).get(STACK)

    def select(self) -> None:
        """Select the stack, making it if need be, and write its settings for another port."""
        stack_lock.release_dead(self.checkout, STACK)
        self.must("stack", "select", "--create", STACK)
        if self.port != DEFAULT_PORT:
            self.write_config()

    def preview(self) -> set[str]:
        """Show the preview, property by property unless everything is new.

        Returns: the kinds of changes it found, as `{"same", "create"}`.
        """
        events = self.checkout.local / "preview-events.jsonl"
        diff = ["--diff"] if self.resource_count() else []
        try:
            # The event log is the CLI's own and hidden among its options for debugging.
            self.must(
                *("preview", *diff, "--event-log", str(events), *self.config_file()),
                extra={"PULUMI_DEBUG_COMMANDS": "true"},
            )
            return kinds_of_change(events)
        finally:
            stamps.remove(events)

    def outputs(self) -> dict[str, object]:
        """Return the stack's outputs, secrets blinded."""
        told = self.ask("stack", "output", "--json", "--stack", STACK)
        outputs: dict[str, object] = json.loads(told)
        return outputs

    def generated_config(self) -> Path:
        """Return where the settings for another port are written; no tracked file."""
        return self.checkout.local / f"Pulumi.{STACK}.yaml"

    def config_file(self) -> list[str]:
        """Return the option that names the settings to use, none for the stack's own."""
        if self.port == DEFAULT_PORT:
            return []
        return ["--config-file", str(self.generated_config())]

    def write_config(self) -> None:
        """Copy the stack's settings and have them name this port."""
        shutil.copyfile(project_stacks.settings_file(self.checkout, STACK), self.generated_config())
        address = f"http://127.0.0.1:{self.port}"
        self.must("config", "set", "twilio:baseUrl", address, *self.config_file())

    def must(self, *arguments: str, extra: Mapping[str, str] | None = None) -> None:
        """Run the CLI on this terminal; Ctrl-C is its own to handle.

        Raises: Problem when it fails; what it printed says why.
        """
        environment = {**self.cli.environment(self.checkout), **(extra or {})}
        argv = [str(self.cli.command), *arguments]
        with interrupts_left_to_the_child():
            code = subprocess.run(
                argv, cwd=self.checkout.root, env=environment, check=False
            ).returncode
        if code != 0:
            command = " ".join(itertools.takewhile(lambda word: word[0] != "-", arguments))
            raise Problem(
                f"`pulumi {command}` failed (exit code {code}), for the reason "
                "it printed above; when that is mended, run this again."
            )

    def ask(self, *arguments: str) -> str:
        """Return what the CLI answers."""
        return project_stacks.ask(self.checkout, self.cli, *arguments)


def kinds_of_change(events: Path) -> set[str]:
    """Return the kinds of changes a preview's event log sums up; empty when it does not say."""
    if not events.exists():
        return set()
    for line in events.read_text().splitlines():
        summary = json.loads(line).get("summaryEvent")
        if summary is not None:
            return {kind for kind, count in summary["resourceChanges"].items() if count}
    return set()


@contextmanager
def interrupts_left_to_the_child() -> Iterator[None]:
    """Let Ctrl-C reach only the child, which needs time to end its work in good order.

    A handler rather than SIG_IGN: that would be inherited, and the child would not hear it either.
    """
    former = signal.signal(signal.SIGINT, lambda _number, _frame: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, former)


def shown(outputs: Mapping[str, object]) -> str:
    """Return the outputs as a table, nested ones by their path."""
    return table(list(flattened(outputs)))


def flattened(value: Mapping[str, object], path: str = "") -> Iterator[tuple[str, str]]:
    """Yield each value with its path, in the outputs' order."""
    for key, item in value.items():
        if isinstance(item, dict):
            yield from flattened(item, f"{path}{key}.")
        else:
            yield f"{path}{key}", item if isinstance(item, str) else json.dumps(item)
