"""Sync lists and maps, which differ in their name alone; their items are in `items`."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from twilio_emulator.wire import Call, Parameter, Reply, Route, page

from . import rules
from .documents import TTL
from .rates import count_creation, count_read, count_write
from .records import SyncList, SyncMap
from .services import HOST, PAGE_SIZE

C = TypeVar("C", SyncList, SyncMap)
COLLECTION_TTL = Parameter("CollectionTtl", "integer", minimum=0, maximum=31536000)


class Containers(Generic[C]):
    """The handlers of one of the two kinds."""

    def __init__(self, kind: type[C], name: str, prefix: str) -> None:
        self.kind: type[C] = kind
        self.name = name
        self.prefix = prefix

    def render(self, container: SyncList | SyncMap) -> dict[str, Any]:
        """Write a list or map as Sync answers it."""
        url = f"https://{HOST}/v1/Services/{container.service_sid}/{self.name}/{container.sid}"
        return {
            "sid": container.sid,
            "unique_name": container.unique_name,
            "account_sid": container.account_sid,
            "service_sid": container.service_sid,
            "revision": str(container.version),
            "date_expires": rules.render_date(container.date_expires),
            "date_created": rules.render_date(container.date_created),
            "date_updated": rules.render_date(container.date_updated),
            "created_by": container.created_by,
            "url": url,
            "links": {"items": f"{url}/Items", "permissions": f"{url}/Permissions"},
        }

    def create(self, call: Call) -> Reply:
        """Create an empty list or map."""
        service = rules.find_service(call)
        name = rules.unique_name(call, self.kind, service)
        count_creation(call, service.sid)
        now = call.store.clock.now()
        container = self.kind(
            sid=call.store.new_sid(self.prefix),
            account_sid=call.account_sid,
            date_created=now,
            date_updated=now,
            service_sid=service.sid,
            unique_name=name,
            date_expires=rules.expiry(call, "CollectionTtl", "Ttl"),
        )
        return Reply(self.render(call.store.put(container)))

    def list(self, call: Call) -> dict[str, Any]:
        """List a service's lists or maps."""
        containers = rules.in_service(call, self.kind, rules.find_service(call))
        return page(call, self.name.lower(), containers, self.render)

    def fetch(self, call: Call) -> dict[str, Any]:
        """Read one by SID or unique name."""
        container = rules.find(call, self.kind)
        count_read(call, container.sid)
        return self.render(container)

    def update(self, call: Call) -> dict[str, Any]:
        """Change when it expires."""
        container = rules.find(call, self.kind)
        count_write(call, container.sid)
        if {"CollectionTtl", "Ttl"} & call.params.keys():
            expires = rules.expiry(call, "CollectionTtl", "Ttl")
            container = call.store.change(container, date_expires=expires)
        return self.render(container)

    def delete(self, call: Call) -> None:
        """Delete one with its items."""
        container = rules.find(call, self.kind)
        count_write(call, container.sid)
        rules.remove(call, container)

    def routes(self) -> tuple[Route, ...]:
        """Declare the addresses."""
        every = f"/v1/Services/{{ServiceSid}}/{self.name}"
        one = every + "/{Sid}"
        ttl: tuple[Parameter, ...] = (TTL, COLLECTION_TTL)
        new: tuple[Parameter, ...] = (Parameter("UniqueName"), *ttl)
        return (
            Route("POST", HOST, every, self.create, parameters=new, status=201),
            Route("GET", HOST, every, self.list, page_size=PAGE_SIZE),
            Route("GET", HOST, one, self.fetch),
            Route("POST", HOST, one, self.update, parameters=ttl),
            Route("DELETE", HOST, one, self.delete, status=204),
        )


LISTS = Containers(SyncList, "Lists", "ES")
MAPS = Containers(SyncMap, "Maps", "MP")
ROUTES = (*LISTS.routes(), *MAPS.routes())
