"""Find the route for a host, method and path."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import TypeAlias
from urllib.parse import unquote

from .errors import METHOD_NOT_ALLOWED, NOT_EMULATED, NOT_FOUND, ApiError
from .request import is_twilio_host
from .route import Refused, Route, compile_path

_PLACEHOLDER = re.compile(r"\{(\w+)\}")

Found: TypeAlias = tuple[Route, dict[str, str]]
Literals: TypeAlias = tuple[int, ...]  # which segments of an address have no placeholder


class _Address:
    """One template with its routes by method."""

    def __init__(self, template: str) -> None:
        self.methods: dict[str, Route] = {}
        segments = template.split("/")
        self.length = len(segments)
        self._whole: list[tuple[str, int]] = []
        self._mixed: list[tuple[re.Pattern[str], int]] = []
        for number, segment in enumerate(segments):
            if (found := _PLACEHOLDER.fullmatch(segment)) is not None:
                self._whole.append((found[1], number))
            elif _PLACEHOLDER.search(segment):
                self._mixed.append((compile_path(segment), number))
        open_segments = {number for _, number in (*self._whole, *self._mixed)}
        self.literals = tuple(n for n in range(self.length) if n not in open_segments)

    def parts(self, segments: Sequence[str]) -> dict[str, str] | None:
        """Return what stands for the placeholders; None where it does not fit."""
        found = {}
        for name, number in self._whole:
            segment = segments[number]
            if not segment:
                return None
            found[name] = unquote(segment) if "%" in segment else segment
        for pattern, number in self._mixed:
            match = pattern.fullmatch(segments[number])
            if match is None:
                return None
            found |= {name: unquote(part) for name, part in match.groupdict().items()}
        return found


_Table: TypeAlias = dict[object, list[_Address]]


class _Group:
    """The addresses of one host and length, by which of their segments are literal.

    An address is found by looking its literal segments up, once per set of literal places.
    """

    def __init__(self) -> None:
        self._tables: dict[Literals, _Table] = {}
        self._order: list[tuple[Callable[[Sequence[str]], object], _Table]] = []

    def add(self, address: _Address, template: str) -> None:
        """Take an address in; sets with more literal segments are looked at first."""
        if address.literals not in self._tables:
            self._tables[address.literals] = {}
            ordered = sorted(self._tables, key=len, reverse=True)
            self._order = [(itemgetter(*places), self._tables[places]) for places in ordered]
        key = itemgetter(*address.literals)(template.split("/"))
        self._tables[address.literals].setdefault(key, []).append(address)

    def find(self, method: str, segments: Sequence[str]) -> Found | list[str]:
        """Return the route and the path's parts, or which methods the address has besides."""
        allowed: list[str] = []
        for key_of, table in self._order:
            for address in table.get(key_of(segments), ()):
                parts = address.parts(segments)
                if parts is None:
                    continue
                route = address.methods.get(method)
                if route is not None:
                    return route, parts
                allowed.extend(address.methods)
        return allowed


class Router:
    """All routes of all products, grouped by host and number of path segments."""

    def __init__(self, routes: Iterable[Route], refused: Iterable[Refused]) -> None:
        self._groups: dict[tuple[str, int], _Group] = {}
        addresses: dict[tuple[str, str], _Address] = {}
        for route in routes:
            address = addresses.get((route.host, route.path))
            if address is None:
                address = addresses[route.host, route.path] = _Address(route.path)
                group = self._groups.setdefault((route.host, address.length), _Group())
                group.add(address, route.path)
            address.methods[route.method] = route
        self._refused = [(item, compile_path(item.path)) for item in refused]
        self._refused_words = {item.path.rpartition("/")[2] for item, _ in self._refused}
        self.hosts = frozenset(host for host, _ in self._groups)

    def find(self, method: str, host: str, path: str) -> Found:
        """Return the route and the path's parts.

        An address with more literal segments wins, then the one declared first.
        Raises: ApiError 405 for a known address with another method, 501 for one Twilio has and
        the emulator has not, 404 for anything else.
        """
        segments = path.split("/")
        if not self._refused_words.isdisjoint(segments):
            self._refuse(method, host, path)
        group = self._groups.get((host, len(segments)))
        found = [] if group is None else group.find(method, segments)
        if isinstance(found, tuple):
            return found
        if found:
            known = ", ".join(sorted(set(found)))
            raise ApiError(
                405, METHOD_NOT_ALLOWED, f"{method} {host}{path}: Method not allowed (has {known})"
            )
        raise ApiError(404, NOT_FOUND, _no_route(method, host, path))

    def _refuse(self, method: str, host: str, path: str) -> None:
        """Say what Twilio has and the emulator has not, even where a placeholder would fit."""
        for item, pattern in self._refused:
            found = pattern.match(path) if item.host == host else None
            if found is not None and path[found.end() :][:1] in ("", "/", "."):
                raise ApiError(
                    501, NOT_EMULATED, f"{method} {host}{path} is not emulated: {item.reason}"
                )


def _no_route(method: str, host: str, path: str) -> str:
    if is_twilio_host(host):
        return f"The emulator has no route {method} {host}{path}"
    return (
        f"The emulator cannot tell whose {method} {path} is, no Twilio host in Host '{host}': send"
        " the original Host header, use the proxy, or write the host as the first path segment"
        " (/taskrouter.twilio.com/v1/Workspaces)"
    )
