"""Answer the routes below `/_emulator/`, from this machine only."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import parse_qsl, unquote

from twilio_emulator.version import version
from twilio_emulator.wire.functions import FunctionResponse

from . import snapshot_routes, state, traffic
from .access import refusal
from .certificate import certificate
from .flex_token_route import issue_flex_token
from .request import MARK, PREFIX, OwnRequest, Refusal
from .seed_route import seed, seed_schema

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator
    from twilio_emulator.wire.request import WireRequest

    Action: TypeAlias = Callable[
        [Emulator, OwnRequest], Awaitable[dict[str, Any] | FunctionResponse]
    ]

_log = logging.getLogger(__name__)


async def administer(emulator: Emulator, request: WireRequest) -> FunctionResponse:
    """Carry out one own route and answer with JSON."""
    try:
        action, name = _action(request)
        query = dict(parse_qsl(request.query, keep_blank_values=True))
        answer = await action(emulator, OwnRequest(query, request.body, name))
    except Refusal as refused:
        return _json(refused.status, {"error": str(refused)})
    except sqlite3.Error as error:
        reason = f"{request.method} {request.path} cannot be kept: {error}; nothing has changed"
        _log.error(reason)
        return _json(507, {"error": reason})
    except Exception:  # noqa: BLE001 - answered as an emulator, not as just any server
        _log.exception("%s %s failed", request.method, request.path)
        return _json(500, {"error": "the emulator failed; its log has the reason"})
    return answer if isinstance(answer, FunctionResponse) else _json(200, answer)


def _action(request: WireRequest) -> tuple[Action, str]:
    if reason := refusal(request.headers, request.client):
        raise Refusal(403, reason)
    path = request.path.removeprefix(PREFIX)
    for pattern, name in _readings(path):
        if action := ACTIONS.get((request.method, pattern)):
            return action, name
    known = ", ".join(f"{method} {PREFIX}{path}" for method, path in ACTIONS)
    raise Refusal(404, f"no route {request.method} {request.path} (known: {known})")


def _readings(path: str) -> list[tuple[str, str]]:
    """Read a path as it is, and with its second part as a name."""
    first, _, rest = path.partition("/")
    name, slash, action = rest.partition("/")
    return [(path, ""), (f"{first}/{{name}}{slash}{action}", unquote(name))]


def _json(status: int, body: Any) -> FunctionResponse:
    text = json.dumps(body, ensure_ascii=False).encode()
    headers = (("Content-Type", "application/json"), (MARK, version()))
    return FunctionResponse(status, headers, text)


ACTIONS: dict[tuple[str, str], Action] = {
    ("GET", "status"): state.status,
    ("GET", "ca.pem"): certificate,
    ("POST", "reset"): state.reset,
    ("GET", "seed"): seed_schema,
    ("POST", "seed"): seed,
    ("GET", "clock"): state.read_clock,
    ("POST", "clock/advance"): state.advance,
    ("POST", "flex-tokens"): issue_flex_token,
    ("GET", "limits"): state.read_limits,
    ("POST", "limits"): state.switch_limits,
    ("GET", "journal"): traffic.read_journal,
    ("DELETE", "journal"): traffic.clear_journal,
    ("GET", "faults"): traffic.read_faults,
    ("POST", "faults"): traffic.add_fault,
    ("DELETE", "faults"): traffic.remove_faults,
    ("GET", "snapshots"): snapshot_routes.list_all,
    ("POST", "snapshots"): snapshot_routes.take,
    ("GET", "snapshots/{name}"): snapshot_routes.download,
    ("PUT", "snapshots/{name}"): snapshot_routes.upload,
    ("POST", "snapshots/{name}/restore"): snapshot_routes.restore,
    ("DELETE", "snapshots/{name}"): snapshot_routes.delete,
}
