"""Talk to a running emulator's own routes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import httpx

from .admin.request import MARK


class ControlError(Exception):
    """The emulator refused."""


class NoEmulator(ControlError):
    """Nothing answers at the address, or something that is no emulator."""


class Control:
    """The routes below `/_emulator/` of the emulator at `base_url`.

    Raises: ControlError from every method, with the emulator's own words; NoEmulator where none
    answers, after which a retry is safe.
    """

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self._own_routes = httpx.Client(
            base_url=f"{base_url}/_emulator/", timeout=60, trust_env=False
        )

    def status(self) -> dict[str, Any]:
        """Read version, pid, port, accounts and counts."""
        return self._ask("GET", "status")

    def reset(
        self, *, seed: int | None = None, workers: int | None = None, clock: str | None = None
    ) -> dict[str, Any]:
        """Go back to the sample account; return the status afterwards.

        Shape: `clock` is the moment (ISO 8601) the clock is to stand at, or "running".
        """
        options = {"seed": seed, "workers": workers, "clock": clock}
        body = {name: value for name, value in options.items() if value is not None}
        return self._ask("POST", "reset", json=body)

    def seed(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Make workers, tasks, calls and conferences in bulk; return how many of each."""
        return self._ask("POST", "seed", json=document)

    def flex_token(
        self,
        *,
        worker_sid: str | None = None,
        identity: str | None = None,
        roles: Sequence[str] | None = None,
        expires_in: float | None = None,
        account_sid: str | None = None,
    ) -> str:
        """Sign somebody in to Flex and return the token; an hour's token of the sample account.

        A worker's token has the worker's name and roles unless told otherwise.  Units:
        `expires_in` is in seconds of the emulator's clock.
        """
        issued = self.issue_flex_token(
            worker_sid=worker_sid,
            identity=identity,
            roles=None if roles is None else list(roles),
            expires_in=expires_in,
            account_sid=account_sid,
        )
        return str(issued["token"])

    def issue_flex_token(self, **wanted: Any) -> dict[str, Any]:
        """Sign somebody in to Flex; return token, account, worker, identity, roles, expiration."""
        body = {name: value for name, value in wanted.items() if value is not None}
        return self._ask("POST", "flex-tokens", json=body)

    def journal(self, **filters: str | int | None) -> list[dict[str, Any]]:
        """List requests; filters are those of `admin.journal.Filter`, `since` and `limit`."""
        given = {name: value for name, value in filters.items() if value is not None}
        entries: list[dict[str, Any]] = self._ask("GET", "journal", params=given)["entries"]
        return entries

    def clear_journal(self) -> None:
        """Forget the requests so far."""
        self._ask("DELETE", "journal")

    def add_fault(self, **rule: Any) -> str:
        """Put a failure in force (fields of `twilio_emulator.admin.faults.Fault`, or `preset`)."""
        return str(self._ask("POST", "faults", json=rule)["id"])

    def faults(self) -> list[dict[str, Any]]:
        """List the failures in force and used up, with their hits."""
        rules: list[dict[str, Any]] = self._ask("GET", "faults")["faults"]
        return rules

    def fault_presets(self) -> dict[str, dict[str, Any]]:
        """Return the rules that have a name, with a summary of each."""
        presets: dict[str, dict[str, Any]] = self._ask("GET", "faults")["presets"]
        return presets

    def remove_fault(self, fault_id: str) -> None:
        """Lift one failure."""
        self._ask("DELETE", "faults", params={"id": fault_id})

    def clear_faults(self) -> None:
        """Lift all failures."""
        self._ask("DELETE", "faults")

    def limits(self) -> dict[str, bool]:
        """Return which of Twilio's limits hold."""
        limits: dict[str, bool] = self._ask("GET", "limits")["limits"]
        return limits

    def switch_limits(self, **switches: bool) -> dict[str, bool]:
        """Lift limits or put them in force by name; `all` stands for every one."""
        limits: dict[str, bool] = self._ask("POST", "limits", json=switches)["limits"]
        return limits

    def clock(self) -> dict[str, Any]:
        """Read the emulator's time, and whether it only moves when told."""
        return self._ask("GET", "clock")

    def advance(self, seconds: float) -> dict[str, Any]:
        """Move the emulator's clock forward."""
        return self._ask("POST", "clock/advance", json={"seconds": seconds})

    def advance_to(self, moment: str) -> dict[str, Any]:
        """Move the emulator's clock forward to a moment (ISO 8601 with an offset)."""
        return self._ask("POST", "clock/advance", json={"to": moment})

    def snapshots(self) -> list[dict[str, Any]]:
        """List the snapshots."""
        found: list[dict[str, Any]] = self._ask("GET", "snapshots")["snapshots"]
        return found

    def take_snapshot(self, name: str) -> dict[str, Any]:
        """Keep all state under a name, instead of what had that name."""
        return self._ask("POST", "snapshots", json={"name": name})

    def restore(self, name: str) -> dict[str, Any]:
        """Go back to a snapshot."""
        return self._ask("POST", f"snapshots/{quote(name, safe='')}/restore")

    def delete_snapshot(self, name: str) -> None:
        """Delete a snapshot."""
        self._ask("DELETE", f"snapshots/{quote(name, safe='')}")

    def download_snapshot(self, name: str) -> bytes:
        """Return a snapshot as a file's content."""
        return self._send("GET", f"snapshots/{quote(name, safe='')}").content

    def upload_snapshot(self, name: str, content: bytes) -> dict[str, Any]:
        """Keep a snapshot that another emulator made."""
        return self._ask("PUT", f"snapshots/{quote(name, safe='')}", content=content)

    def certificate(self) -> str:
        """Return the certificate (PEM) that clients of the proxy have to trust."""
        return self._send("GET", "ca.pem").text

    def close(self) -> None:
        """Close the connections."""
        self._own_routes.close()

    def _ask(self, method: str, route: str, **options: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self._send(method, route, **options).json()
        return answer

    def _send(self, method: str, route: str, **options: Any) -> httpx.Response:
        try:
            response = self._own_routes.request(method, route, **options)
        except httpx.TransportError as error:
            raise NoEmulator(
                f"No emulator answers at {self.base_url} ({error}):"
                " start one with `twilio-emulator serve`, or name its port"
                " (--port, TWILIO_EMULATOR_PORT)"
            ) from error
        if MARK not in response.headers:
            raise NoEmulator(
                f"What answers at {self.base_url} is no emulator"
                f" (status {response.status_code} for /_emulator/{route}): choose another port"
            )
        if response.status_code != 200:
            reason = response.json()["error"]
            raise ControlError(str(reason))
        return response
