"""Put on TaskRouter's answers the headers that its OpenAPI document declares for them.

Source: the document declares the rate headers for every operation and ETag for the lists of
workers, tasks and reservations, and says of neither what is in them; the keys of the three
limited filters stand in the changelog "taskrouter-endpoint-rate-limit-correction".  Everything
else here is assumed.
"""

from __future__ import annotations

import dataclasses
import inspect
from typing import TYPE_CHECKING, Any

from twilio_emulator import assumptions
from twilio_emulator.store import Record
from twilio_emulator.wire import Call, Reply, Route

from .rates import FILTERS, REQUESTS_PER_SECOND, FilterRates, RouteRates
from .records import Reservation, Task, Worker

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator

_ROUTE_RATE = str(assumptions.ROUTE_REQUESTS_PER_SECOND)
_FILTER_RATE = str(REQUESTS_PER_SECOND)
_ACTIONS = {"GET": "Fetch", "POST": "Update", "DELETE": "Delete"}
_VERSIONED_LISTS: dict[str, type[Record]] = {
    "Workers": Worker,
    "Tasks": Task,
    "Reservations": Reservation,
}


class ListVersions:
    """Count the changes to workers, to tasks and to reservations."""

    def __init__(self, emulator: Emulator) -> None:
        self._counts: dict[type[Record], int] = {}
        for kind in _VERSIONED_LISTS.values():
            records = list(emulator.store[kind])
            self._counts[kind] = len(records) + sum(record.version for record in records)
            emulator.store.observe(kind, self._count)

    def of(self, kind: type[Record]) -> int:
        """Return how often records of a class have changed."""
        return self._counts[kind]

    def _count(self, old: Record | None, new: Record | None) -> None:
        changed = new or old
        if changed is not None:
            self._counts[type(changed)] += 1


def with_headers(route: Route) -> Route:
    """Return the route with the declared headers on its answers."""
    handler, key = route.handler, resource_key(route)
    listed = _VERSIONED_LISTS.get(route.path.rpartition("/")[2]) if route.page_size else None

    def completed(call: Call, answer: Any) -> Reply:
        reply = answer if isinstance(answer, Reply) else Reply(answer)
        etag = reply.etag if listed is None else call.emulator.state(ListVersions).of(listed)
        headers = rate_headers(call, key)
        if reply.headers:
            headers |= reply.headers
        status = route.status if reply.status is None else reply.status
        return Reply(reply.body, etag, status, headers)

    def answer(call: Call) -> Reply:
        return completed(call, handler(call))

    async def answer_later(call: Call) -> Reply:
        waiting: Any = handler(call)
        return completed(call, await waiting)

    is_async = inspect.iscoroutinefunction(handler)
    return dataclasses.replace(route, handler=answer_later if is_async else answer)


def rate_headers(call: Call, key: str) -> dict[str, str]:
    """Count a request and tell what its rate still allows in the present second."""
    params = call.params
    used = next((name for name in FILTERS if name in params), None) if params else None
    if used is None:
        allowed = _ROUTE_RATE
        left = call.emulator.state(RouteRates).left(call.account_sid, key)
    else:
        key, allowed = f"{key}-{used}", _FILTER_RATE
        left = call.emulator.state(FilterRates).left(call.account_sid, used)
    return {
        "X-Rate-Limit-Limit": allowed,
        "X-Rate-Limit-Remaining": str(left),
        "X-Rate-Limit-Config": key,
    }


def resource_key(route: Route) -> str:
    """Name what a route's rate is counted under, such as "Worker-List"."""
    literal = [part for part in route.path.split("/") if part and "{" not in part]
    resource = literal[-1]
    if resource.endswith("Statistics"):
        resource = f"{_singular(literal[-2])}-{resource}"
    if route.page_size is not None:
        return f"{_singular(resource)}-List"
    if route.method == "POST" and not route.path.endswith("}"):
        return f"{_singular(resource)}-Create"
    return f"{_singular(resource)}-{_ACTIONS[route.method]}"


def _singular(name: str) -> str:
    if name.endswith("Statistics"):
        return name
    return name[:-3] + "y" if name.endswith("ies") else name.removesuffix("s")
