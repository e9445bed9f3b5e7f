"""A stack of a Pulumi project, read with the `pulumi` command of the folder one is in."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from taskrouter_ops.errors import SetupError

LIMIT_SECONDS = 120.0
ERROR_LIMIT = 400
NAMESPACE = "twilio:"


@dataclass(frozen=True)
class PulumiStack:
    """One stack; each of its parts is read once, when it is needed.

    Raises (every property): SetupError with what `pulumi` says. Repeating is safe.
    """

    name: str

    @cached_property
    def configuration(self) -> dict[str, str | None]:
        """The keys of `twilio:…` in the shape `credentials_from` takes, secrets in clear."""
        found = self._read("config", "--show-secrets")
        return {
            key.removeprefix(NAMESPACE): entry.get("value")
            for key, entry in found.items()
            if key.startswith(NAMESPACE)
        }

    @cached_property
    def outputs(self) -> dict[str, Any]:
        """What the stack exports; secrets stay hidden."""
        return self._read("stack", "output")

    def _read(self, *command: str) -> dict[str, Any]:
        shown = f"pulumi {' '.join(command)} --stack {self.name}"
        answer = self._run(shown, *command)
        if answer.returncode:
            raise SetupError(f"`{shown}` failed: {_reason(answer.stderr)}")
        try:
            found = json.loads(answer.stdout)
        except ValueError:
            # Without the text: what is no JSON may still hold a secret.
            raise SetupError(f"`{shown}` did not print JSON; is this Pulumi 3?") from None
        return found if isinstance(found, dict) else {}

    def _run(self, shown: str, *command: str) -> subprocess.CompletedProcess[str]:
        argv = ["pulumi", *command, "--json", f"--stack={self.name}", "--non-interactive"]
        try:
            return subprocess.run(  # noqa: S603 # no shell; the name is one argument
                argv,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=LIMIT_SECONDS,
                check=False,
            )
        except FileNotFoundError:
            raise SetupError(
                "--stack needs the command `pulumi` on PATH (`make setup` prints the export); "
                "or give --stack-outputs FILE and credentials"
            ) from None
        except subprocess.TimeoutExpired:
            raise SetupError(f"`{shown}` took more than {LIMIT_SECONDS:.0f} s") from None
        except OSError as error:
            raise SetupError(f"`{shown}` cannot be run: {error.strerror}") from error


def _reason(text: str) -> str:
    """Return what `pulumi` says went wrong, without its hints."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    told = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    return "; ".join(told or lines or ["no reason given"])[:ERROR_LIMIT]
