"""Find the route for a host, method and path."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote

from .errors import METHOD_NOT_ALLOWED, NOT_EMULATED, NOT_FOUND, ApiError
from .route import Refused, Route, compile_path


class Router:
    """All routes of all products, grouped by host and number of path segments."""

    def __init__(self, routes: Iterable[Route], refused: Iterable[Refused]) -> None:
        self._groups: dict[tuple[str, int], dict[str, tuple[re.Pattern[str], dict[str, Route]]]]
        self._groups = {}
        for route in routes:
            group = self._groups.setdefault((route.host, route.path.count("/")), {})
            entry = group.setdefault(route.path, (compile_path(route.path), {}))
            entry[1][route.method] = route
        self._refused = [(item, compile_path(item.path)) for item in refused]
        self._refused_words = {item.path.rpartition("/")[2] for item, _ in self._refused}
        self.hosts = frozenset(host for host, _ in self._groups)

    def find(self, method: str, host: str, path: str) -> tuple[Route, dict[str, str]]:
        """Return the route and the path's parts.

        A literal segment wins over a placeholder: patterns are tried in order of declaration
        and a product declares its literal addresses first.
        Raises: ApiError 405 for a known address with another method, 501 for one Twilio has and
        the emulator has not, 404 for anything else.
        """
        self._refuse(method, host, path)
        allowed: list[str] = []
        for pattern, methods in self._groups.get((host, path.count("/")), {}).values():
            match = pattern.fullmatch(path)
            if match is None:
                continue
            if method in methods:
                parts = {name: unquote(value) for name, value in match.groupdict().items()}
                return methods[method], parts
            allowed.extend(methods)
        if allowed:
            known = ", ".join(sorted(set(allowed)))
            raise ApiError(
                405, METHOD_NOT_ALLOWED, f"{method} {host}{path}: Method not allowed (has {known})"
            )
        raise ApiError(404, NOT_FOUND, f"The emulator has no route {method} {host}{path}")

    def _refuse(self, method: str, host: str, path: str) -> None:
        """Say what Twilio has and the emulator has not, even where a placeholder would fit."""
        if self._refused_words.isdisjoint(path.split("/")):
            return
        for item, pattern in self._refused:
            found = pattern.match(path) if item.host == host else None
            if found is not None and path[found.end() :][:1] in ("", "/", "."):
                raise ApiError(
                    501, NOT_EMULATED, f"{method} {host}{path} is not emulated: {item.reason}"
                )
