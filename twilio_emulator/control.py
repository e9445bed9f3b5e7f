"""Talk to a running emulator's own routes."""

from __future__ import annotations

from typing import Any

import httpx


class ControlError(Exception):
    """The emulator cannot be reached, or refused."""


class Control:
    """The routes below `/_emulator/` of the emulator at `base_url`.

    Raises: ControlError from every method, with the emulator's own words.
    """

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self._own_routes = httpx.Client(
            base_url=f"{base_url}/_emulator/", timeout=60, trust_env=False
        )

    def status(self) -> dict[str, Any]:
        """Read version, pid, port, accounts and counts."""
        return self._ask("GET", "status")

    def reset(self, *, seed: int | None = None, workers: int | None = None) -> dict[str, Any]:
        """Go back to the sample account; return the status afterwards."""
        options = {"seed": seed, "workers": workers}
        body = {name: value for name, value in options.items() if value is not None}
        return self._ask("POST", "reset", json=body)

    def journal(self, **filters: str | int | None) -> list[dict[str, Any]]:
        """List requests; filters: kind (api, function, callback), host, method, path, since."""
        given = {name: value for name, value in filters.items() if value is not None}
        entries: list[dict[str, Any]] = self._ask("GET", "journal", params=given)["entries"]
        return entries

    def clear_journal(self) -> None:
        """Forget the requests so far."""
        self._ask("DELETE", "journal")

    def add_fault(self, **rule: Any) -> str:
        """Put a failure in force (fields of `twilio_emulator.admin.faults.Fault`)."""
        return str(self._ask("POST", "faults", json=rule)["id"])

    def faults(self) -> list[dict[str, Any]]:
        """List the failures in force and used up, with their hits."""
        rules: list[dict[str, Any]] = self._ask("GET", "faults")["faults"]
        return rules

    def remove_fault(self, fault_id: str) -> None:
        """Lift one failure."""
        self._ask("DELETE", "faults", params={"id": fault_id})

    def clear_faults(self) -> None:
        """Lift all failures."""
        self._ask("DELETE", "faults")

    def advance(self, seconds: float) -> None:
        """Move the emulator's clock forward."""
        self._ask("POST", "clock/advance", json={"seconds": seconds})

    def close(self) -> None:
        """Close the connections."""
        self._own_routes.close()

    def _ask(self, method: str, route: str, **options: Any) -> dict[str, Any]:
        try:
            response = self._own_routes.request(method, route, **options)
            answer: dict[str, Any] = response.json()
        except (httpx.TransportError, ValueError) as error:
            raise ControlError(
                f"No emulator answers at {self.base_url} ({error}):"
                " start one with `twilio-emulator serve`"
            ) from error
        if response.status_code != 200:
            reason = answer.get("error", answer)
            raise ControlError(f"{method} {self.base_url}/_emulator/{route}: {reason}")
        return answer
